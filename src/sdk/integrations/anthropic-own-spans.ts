/**
 * Anthropic's SDK ≥ 0.134 makes spans of its own. It makes them here too: they get content, and what they lack is
 * added while the SDK holds them open. There is no second span for a call.
 */
import { type Span, SpanStatusCode, type TimeInput } from "@opentelemetry/api";
import { beforeExit } from "../process-exit.js";
import { describeFailure } from "../span.js";
import { type CallSpan, recordable, unreachable } from "./call-span.js";
import { quietly } from "./guard.js";

type Settings = {
  tracerProvider?: unknown;
  propagation: boolean;
  traces: { enabled: boolean; contentMode: string; maxContentBytes: number };
};

/** The value of a client that says nothing of it. */
const defaultMaxContentBytes = 750_000;

/** The SDK makes spans of its own, whether or not this client wants them. */
export function makesOwnSpans(client: object): boolean {
  return "openTelemetry" in client;
}

/**
 * Turns the content of messages and tools on, for a class or a client. A client that was given `openTelemetry: false`, a
 * tracer provider, a size limit or `propagation: false` keeps what it was given. The SDK's default,
 * `contentMode: "metadata_only"`, cannot be told from the same words in a program; `captureContent: false` of `setupTracing`
 * keeps content out of the store.
 */
export function recordContent(owner: object): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, "openTelemetry");
  let holder: object | null = owner;
  while (holder && !Object.hasOwn(holder, "openTelemetry")) holder = Object.getPrototypeOf(holder);
  const original = holder && Object.getOwnPropertyDescriptor(holder, "openTelemetry")?.get;
  if (!original) return () => {};
  const known = undos.get(original);
  if (known) return holder === owner ? known : () => {};
  let active = true;
  const get = function (this: object): Settings {
    const settings = original.call(this) as Settings;
    return active && isDefault(settings) ? contentOf(settings) : settings;
  };
  Object.defineProperty(owner, "openTelemetry", { get, configurable: true, enumerable: own?.enumerable ?? false });
  function undo(): void {
    active = false;
    if (Object.getOwnPropertyDescriptor(owner, "openTelemetry")?.get !== get) return;
    if (own) Object.defineProperty(owner, "openTelemetry", own);
    else Reflect.deleteProperty(owner, "openTelemetry");
  }
  undos.set(get, undo);
  return undo;
}

/** By the getter that is to be undone. */
const undos = new WeakMap<() => unknown, () => void>();
const contents = new WeakMap<Settings, Settings>();

/** The same object for the same settings, as a program would see it. */
function contentOf(settings: Settings): Settings {
  const known = contents.get(settings);
  if (known) return known;
  const traces = { ...settings.traces, contentMode: "content", maxContentBytes: Number.MAX_SAFE_INTEGER };
  const content = Object.freeze({ ...settings, traces: Object.freeze(traces) });
  contents.set(settings, content);
  return content;
}

function isDefault({ tracerProvider, propagation, traces }: Settings): boolean {
  return (
    tracerProvider === undefined &&
    propagation &&
    traces.enabled &&
    traces.contentMode === "metadata_only" &&
    traces.maxContentBytes === defaultMaxContentBytes
  );
}

/** Whether the spans of this client may carry content, by its own settings or by ours. */
export function recordsContent(client: object): boolean {
  const settings = (client as { openTelemetry: Settings }).openTelemetry;
  return settings.tracerProvider === undefined && settings.traces.contentMode === "content";
}

type JoinedSpan = CallSpan & {
  /** Watches the answer of a request, and returns it. */
  watch<T>(answer: T): T;
};

/**
 * The SDK's span as a `CallSpan` to which an observer adds: the SDK alone ends it, except where nobody ever reads the
 * answer, which it does not notice. What is left to add is added right before it ends.
 */
export function joinSpan(span: Span): JoinedSpan {
  const endSpan = span.end;
  const isRecording = span.isRecording();
  let chunks = 0;
  let isRead = false;
  let isEnded = false;
  let failure: { error: unknown } | null = null;
  let left = () => call.end();
  /** set while a failed span waits for its error */
  let endWaiting: (() => void) | null = null;
  const forget = isRecording ? beforeExit(leave) : () => {};

  function set(read: () => Record<string, unknown>): void {
    if (!isEnded && isRecording) quietly("a call was not read", () => span.setAttributes(recordable(read())));
  }
  function close(read: (() => Record<string, unknown>) | undefined): void {
    if (isRead) return;
    if (read) set(read);
    if (chunks > 0) set(() => ({ "agensight.stream.chunks": chunks }));
    isRead = true;
    endWaiting?.();
  }
  function finish(time: TimeInput | undefined): void {
    if (isEnded) return;
    if (!isRead) quietly("a call was not read", left);
    const { error } = failure ?? {};
    // an abort is no failure to the SDK
    if (failure && hasFailed(span)) quietly("an error could not be recorded", () => describeFailure(span, error));
    isEnded = true;
    forget();
    unreachable.unregister(call);
    quietly("a span could not be ended", () => endSpan.call(span, time));
  }
  function leave(): void {
    if (!endWaiting) finish(undefined);
    else endWaiting();
  }

  span.end = (time) => {
    if (isEnded || isRead || !hasFailed(span)) return finish(time);
    // the SDK ends a span before the program, and so the observer, gets to see the error
    const at = time ?? performance.now();
    endWaiting = () => {
      endWaiting = null;
      finish(at);
    };
    setImmediate(() => endWaiting?.());
  };

  const call: JoinedSpan = {
    span,
    isRecording,
    within: (fn) => fn(),
    set,
    chunk: () => void chunks++,
    end: close,
    fail(error, read) {
      failure ??= { error };
      close(read);
    },
    whenLeft(_held, end) {
      left = end;
    },
    watch(answer) {
      const { responsePromise } = (answer ?? {}) as { responsePromise?: Promise<{ response: object }> };
      // message threads of the SDK take the response out of the promise: what counts is that it can be read
      responsePromise?.then(
        ({ response }) => {
          if (!isEnded) unreachable.register(response, leave, call);
        },
        () => {},
      );
      return answer;
    },
    get ended() {
      return isRead;
    },
  };
  return call;
}

function hasFailed(span: Span): boolean {
  return (span as { status?: { code?: unknown } }).status?.code === SpanStatusCode.ERROR;
}
