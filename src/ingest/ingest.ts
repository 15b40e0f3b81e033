/** The one way in: OTLP-shaped spans and logs → normalise → redact → write. */
import type { LogsData, TracesData } from "../model/otlp.js";
import type { Redact } from "../redaction/redact.js";
import { priceVersion } from "../semantics/prices.js";
import type { EngineName } from "../store/engines/engine.js";
import { writeLogs } from "../store/log-writer.js";
import { type MaintainOptions, maintain } from "../store/maintain.js";
import { getMeta, getNumber, setMeta } from "../store/meta.js";
import { openForWriting } from "../store/open-store.js";
import { setRetention } from "../store/retention.js";
import { abandon } from "../store/settle.js";
import { noteStore } from "../store/stores-file.js";
import { openSpanWriter } from "../store/writer.js";
import { openPreparer, type PrepareOptions, type RejectedItem } from "./prepare.js";

export type IngestResult = {
  /** spans or log records that are on disk now, new or already known */
  accepted: number;
  /** of these, how many were there already and changed nothing */
  unchanged: number;
  /** log records that carry no message content and are not kept */
  ignored: number;
  rejected: RejectedItem[];
};

export type IngestOptions = PrepareOptions & {
  /** the store's file; created with its folder where missing */
  path: string;
  /** forces an engine; default: the best one there is */
  engine?: EngineName;
  /** the folder whose `stores.json` gets a note of the path; none where absent */
  home?: string;
  /** kept in the file: applies to the spans of `service` */
  retention?: { service: string; max_age_s?: number; max_bytes?: number };
  /** applied to every string that would be stored; nothing is changed where absent */
  redact?: Redact;
};

export interface Ingest {
  /** Writes a request in one transaction; when it returns the spans are on disk. Throws AgensightError when the store cannot be written. */
  traces(data: TracesData): IngestResult;
  /** Keeps the log records that carry message content; they join their spans by id, before or after these arrive. */
  logs(data: LogsData): IngestResult;
  /** Marks running spans as abandoned: their program is gone. What has ended, or is not there, stays as it is. Ids in hex. */
  abandon(spans: { trace_id: string; span_id: string }[]): void;
  /** Notes spans that a recorder had to drop. */
  dropped(count: number): void;
  /**
   * Settles quiet traces, fills the search index, enforces retention: one short step.
   * Returns true when more is waiting. `all`: settle also what is not quiet yet (end of an import).
   */
  maintain(options?: MaintainOptions): boolean;
  close(): void;
}

/** Opens (and creates, migrates) a store for writing. Asynchronous because an engine may be WASM. */
export async function openIngest(options: IngestOptions): Promise<Ingest> {
  const preparer = await openPreparer(options);
  const engine = await openForWriting(options.path, options.engine ? { engine: options.engine } : {});
  if (options.home) noteStore(options.home, options.path);
  const writer = openSpanWriter(engine, options.redact ? { redact: options.redact } : {});
  if (options.retention) {
    const { service, max_age_s = null, max_bytes = null } = options.retention;
    setRetention(writer, service, max_age_s, max_bytes);
  }
  // costs that are there already keep the version they were made with until `reprice`
  if (getMeta(engine, "price_version") === null)
    engine.transaction(() => setMeta(engine, "price_version", priceVersion));
  engine.sync();

  return {
    traces(data) {
      const { spans, rejected } = preparer.traces(data);
      const changed = writer.write(spans);
      engine.sync();
      return { accepted: spans.length, unchanged: spans.length - changed, ignored: 0, rejected };
    },
    logs(data) {
      const { logs, ignored } = preparer.logs(data);
      const added = logs.length > 0 ? writeLogs(writer, logs) : 0;
      engine.sync();
      return { accepted: logs.length, unchanged: logs.length - added, ignored, rejected: [] };
    },
    abandon(spans) {
      abandon(writer, spans);
      engine.sync();
    },
    dropped(count) {
      if (count <= 0) return;
      engine.transaction(() => setMeta(engine, "dropped_spans", getNumber(engine, "dropped_spans") + count));
      engine.sync();
    },
    maintain: (maintainOptions) => maintain(writer, maintainOptions),
    close: () => engine.close(),
  };
}
