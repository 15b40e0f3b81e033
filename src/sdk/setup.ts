/** One call that makes a program record itself. */
import { context, createContextKey, diag, type ProxyTracerProvider, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { spanLimits } from "./environment.js";
import { hasEndpoint } from "./ingest-endpoint.js";
import { endAll } from "./process-exit.js";
import { type Recorder, startRecorder } from "./recorder.js";
import type { RecorderConfig } from "./recorder-message.js";
import { createSpanProcessor } from "./span-processor.js";
import { type StoreOptions, storeConfig } from "./store-config.js";

export type TracingOptions = Omit<StoreOptions, "dbPath"> & {
  /** As in `StoreOptions`; `false`: no file, only the OTLP endpoint and what `connectMcp` names. */
  dbPath?: StoreOptions["dbPath"] | false;
  /** An OTLP/HTTP endpoint that also gets every span; `/v1/traces` is added where the url has no path. */
  otlp?: { url: string; headers?: Record<string, string> };
};

export type Tracing = {
  /**
   * Resolves when every span that has ended is on disk: it survives the death of any process from then on.
   * Rejects, after 10 s at most, when spans had to be given up since the last flush; `diag` has been told too.
   */
  flush(): Promise<void>;
  /** Flushes and stops recording; `setupTracing` may be called again afterwards. Never rejects. */
  shutdown(): Promise<void>;
};

let current: Tracing | null = null;

/**
 * Records every span of this program as `service`, those of OpenTelemetry instrumentations too. A second call
 * returns the first one's handle. Where the program has a tracer provider of its own, that one is left alone and
 * nothing is recorded here: give it the `SqliteSpanExporter` of `agensight/exporter`.
 *
 * Never throws; what goes wrong is told to OpenTelemetry's `diag`.
 */
export function setupTracing(service: string, options: TracingOptions = {}): Tracing {
  if (current) return current;
  try {
    current = hasProvider() ? foreignTracing() : ownTracing(service, options);
    return current;
  } catch (error) {
    diag.error("agensight: tracing could not be set up", error);
    return { flush: async () => {}, shutdown: async () => {} };
  }
}

/** `flush()` of the handle that `setupTracing` returned; resolves at once where it has not been called. */
export async function flush(): Promise<void> {
  await current?.flush();
}

type Proxy = Partial<ProxyTracerProvider>;

/** The global provider is a proxy from the start; it delegates only once one is registered. */
function hasProvider(): boolean {
  return (trace.getTracerProvider() as Proxy).getDelegateTracer?.("agensight") !== undefined;
}

function hasContextManager(): boolean {
  const key = createContextKey("agensight");
  return context.with(ROOT_CONTEXT.setValue(key, true), () => context.active().getValue(key) === true);
}

function foreignTracing(): Tracing {
  diag.warn(
    "agensight: this program has a tracer provider already; give it the SqliteSpanExporter of agensight/exporter to record its spans",
  );
  const delegate = (trace.getTracerProvider() as Proxy).getDelegate?.() as { forceFlush?(): Promise<void> } | undefined;
  return {
    flush: async () => {
      await Promise.resolve(delegate?.forceFlush?.()).catch((error) => diag.error("agensight: flush failed", error));
    },
    shutdown: async () => {
      current = null;
    },
  };
}

function ownTracing(service: string, options: TracingOptions): Tracing {
  const recorder = startRecorder(recorderConfig(service, options));
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(resourceFromAttributes({ "service.name": service })),
    spanProcessors: [createSpanProcessor(recorder)],
    spanLimits: spanLimits(),
  });
  if (!hasContextManager()) context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(provider);
  return {
    flush: recorder.flush,
    shutdown: () => stop(recorder, provider),
  };
}

async function stop(recorder: Recorder, provider: BasicTracerProvider): Promise<void> {
  if ((trace.getTracerProvider() as Proxy).getDelegate?.() === provider) {
    trace.disable();
    current = null;
  }
  endAll();
  await recorder.shutdown();
}

function recorderConfig(service: string, { dbPath, otlp, ...options }: TracingOptions): RecorderConfig {
  if (dbPath === false && !otlp) setImmediate(warnOfNothing).unref();
  const store = storeConfig(dbPath ? { ...options, dbPath } : options);
  return {
    ...store,
    path: dbPath === false ? null : store.path,
    service,
    otlp: otlp ? { url: otlp.url, headers: { ...otlp.headers } } : null,
  };
}

/** `connectMcp` may come after `setupTracing`. */
function warnOfNothing(): void {
  if (!hasEndpoint())
    diag.warn("agensight: there is neither a file, an OTLP endpoint nor a connectMcp: nothing is recorded");
}
