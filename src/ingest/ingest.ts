/** The one way in: OTLP-shaped spans and logs → normalise → redact → write. */
import type { AgensightError } from "../model/error.js";
import type { LogsData, TracesData } from "../model/otlp.js";

import { defaultRedaction, type RedactionSettings } from "../redaction/settings.js";
import { priceVersion } from "../semantics/prices.js";
import type { EngineFamily, EngineName } from "../store/engines/engine.js";
import { writeLogs } from "../store/log-writer.js";
import { type MaintainOptions, maintain } from "../store/maintain.js";
import { getMeta, getNumber, setMeta } from "../store/meta.js";
import { openForWriting } from "../store/open-store.js";
import { abandon } from "../store/settle.js";
import { noteStore } from "../store/stores-file.js";
import { openSpanWriter } from "../store/writer.js";
import { type Keeping, openKeeping } from "./keeping.js";
import {
  openPreparer,
  type PreparedLogs,
  type PreparedTraces,
  type PrepareOptions,
  type RejectedItem,
} from "./prepare.js";
import { openRedaction, type Redaction } from "./redaction.js";
import { writeTogether } from "./write-together.js";

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
  /** ms to wait for another process's lock before `busy` is thrown; default 5,000 */
  timeout?: number;
  /** the folder whose `stores.json` gets a note of the path; none where absent */
  home?: string;
  /** kept in the file: applies to the spans of `service`; null = of each service that sends spans */
  retention?: Keeping;
  /** what is redacted of all that is stored; null = nothing. Default: secrets. */
  redaction?: RedactionSettings | null;
};

export interface Ingest {
  /** of the engine behind it */
  readonly family: EngineFamily;
  /** Writes a request in one transaction; when it returns the spans are on disk. Throws AgensightError when the store cannot be written. */
  traces(data: TracesData): IngestResult;
  /** Keeps the log records that carry message content; they join their spans by id, before or after these arrive. */
  logs(data: LogsData): IngestResult;
  /**
   * The same for several requests at once, in one transaction for all spans and one for all log records. What a request
   * itself is to blame for (bad_input) is its own result and fails no other.
   */
  requests(requests: (TracesData | LogsData)[]): (IngestResult | AgensightError)[];
  /** Marks running spans as abandoned: their program is gone. What has ended, or is not there, stays as it is. Ids in hex. */
  abandon(spans: { trace_id: string; span_id: string }[]): void;
  /** What is redacted from now on. */
  redact(settings: RedactionSettings): void;
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
  const { path, home, redaction: asked = defaultRedaction } = options;
  let redaction = asked && openRedaction(asked, path, home);
  const preparer = await openPreparer(options, () => redaction);
  const engine = await openForWriting(path, {
    ...(options.engine ? { engine: options.engine } : {}),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
  });
  if (home) noteStore(home, path);
  const writer = openSpanWriter(engine, {
    redacting: {
      text: (text, key) => redaction?.redactor.text(text, key) ?? text,
      take: () => redaction?.redactor.take() ?? {},
    },
  });
  const keep = openKeeping(writer, options.retention && redactedKeeping(options.retention, redaction));
  // costs that are there already keep the version they were made with until `reprice`
  if (getMeta(engine, "price_version") === null)
    engine.transaction(() => setMeta(engine, "price_version", priceVersion));
  engine.sync();

  function writeTraces({ spans, rejected }: PreparedTraces): IngestResult {
    keep(spans);
    const changed = writer.write(spans);
    return { accepted: spans.length, unchanged: spans.length - changed, ignored: 0, rejected };
  }
  function writePreparedLogs({ logs, ignored }: PreparedLogs): IngestResult {
    const added = logs.length > 0 ? writeLogs(writer, logs) : 0;
    return { accepted: logs.length, unchanged: logs.length - added, ignored, rejected: [] };
  }

  return {
    family: engine.family,
    traces(data) {
      const result = writeTraces(preparer.traces(data));
      engine.sync();
      return result;
    },
    logs(data) {
      const result = writePreparedLogs(preparer.logs(data));
      engine.sync();
      return result;
    },
    requests(requests) {
      const results = writeTogether(requests, preparer, (prepared) =>
        "spans" in prepared ? writeTraces(prepared) : writePreparedLogs(prepared),
      );
      engine.sync();
      return results;
    },
    abandon(spans) {
      abandon(writer, spans);
      engine.sync();
    },
    redact(settings) {
      redaction = openRedaction(settings, path, home);
      writer.forgetConversations();
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

/** The service goes by the name that its spans will have. */
function redactedKeeping(keeping: Keeping, redaction: Redaction | null): Keeping {
  const { service } = keeping;
  return service === null || !redaction
    ? keeping
    : { ...keeping, service: redaction.redactor.text(service, "service.name") };
}
