/** Package entry `agensight/exporter`: for programs that have OpenTelemetry set up by themselves. */
import { diag } from "@opentelemetry/api";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import { type Recorder, startRecorder } from "./recorder.js";
import { type StoreOptions, storeConfig } from "./store-config.js";

export type { StoreOptions };

/**
 * Writes spans to an Agensight store. An export succeeds when its spans are on disk.
 *
 * @example
 * const provider = new NodeTracerProvider({
 *   spanProcessors: [new BatchSpanProcessor(new SqliteSpanExporter({ dbPath: "./traces.db" }))],
 * });
 */
export class SqliteSpanExporter implements SpanExporter {
  readonly #recorder: Recorder | null;

  constructor(options: StoreOptions = {}) {
    this.#recorder = start(options);
  }

  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    const settle = (error: string | null): void =>
      resultCallback(
        error === null
          ? { code: ExportResultCode.SUCCESS }
          : { code: ExportResultCode.FAILED, error: new Error(error) },
      );
    if (this.#recorder) this.#recorder.save(spans, settle);
    else settle("the recorder did not start");
  }

  /** Resolves when all exported spans are on disk or given up; never rejects. */
  async forceFlush(): Promise<void> {
    // what was given up has been reported through the callback of `export`
    await this.#recorder?.flush().catch(() => {});
  }

  /** Flushes and closes the store; later exports fail. Never rejects. */
  async shutdown(): Promise<void> {
    await this.#recorder?.shutdown();
  }
}

function start(options: StoreOptions): Recorder | null {
  try {
    return startRecorder({ ...storeConfig(options), service: null, otlp: null });
  } catch (error) {
    diag.error("agensight: the exporter could not be set up", error);
    return null;
  }
}
