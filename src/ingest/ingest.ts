/** The one way in: OTLP-shaped spans and logs → normalise → redact → write. */
import { AgensightError } from "../model/error.js";
import type { SpanKind } from "../model/kind.js";
import type { LogsData, OtlpLogRecord, OtlpSpan, ResourceSpans, TracesData } from "../model/otlp.js";
import { plainAttributes } from "../model/otlp.js";
import type { Redact } from "../redaction/redact.js";
import { normaliseLog } from "../semantics/log-events.js";
import { normaliseSpan } from "../semantics/normalise.js";
import { loadPrices } from "../semantics/prices.js";
import type { EngineName } from "../store/engines/engine.js";
import { maintain, type MaintainOptions } from "../store/maintain.js";
import { getMeta, getNumber, setMeta } from "../store/meta.js";
import { openForWriting } from "../store/open-store.js";
import { setRetention } from "../store/retention.js";
import { noteStore } from "../store/stores-file.js";
import { readNano } from "../store/time.js";
import { type LogWrite, openSpanWriter, type SpanWrite } from "../store/writer.js";
import { leaveOutContent } from "./leave-out-content.js";

export type RejectedItem = { trace_id: string | null; span_id: string | null; reason: string };

export type IngestResult = {
  /** spans or log records that are on disk now, new or already known */
  accepted: number;
  /** of these, how many were there already and changed nothing */
  unchanged: number;
  /** log records that carry no message content and are not kept */
  ignored: number;
  rejected: RejectedItem[];
};

export type IngestOptions = {
  /** the store's file; created with its folder where missing */
  path: string;
  /** forces an engine; default: the best one there is */
  engine?: EngineName;
  /** the folder whose `stores.json` gets a note of the path; none where absent */
  home?: string;
  /** kept in the file: applies to the spans of `service` */
  retention?: { service: string; max_age_s?: number; max_bytes?: number };
  /** false: message texts, tool arguments and results are left out */
  captureContent?: boolean;
  /** applied to every string that would be stored; nothing is changed where absent */
  redact?: Redact;
};

/** Agents and workflows too: some report the usage of calls that they do not record. */
export const pricedKinds = new Set<SpanKind>(["llm", "embedding", "agent", "workflow"]);

export interface Ingest {
  /** Writes a request in one transaction; when it returns the spans are on disk. Throws AgensightError when the store cannot be written. */
  traces(data: TracesData): IngestResult;
  /** Keeps the log records that carry message content; they join their spans by id, before or after these arrive. */
  logs(data: LogsData): IngestResult;
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
  const prices = await loadPrices();
  const engine = await openForWriting(options.path, options.engine ? { engine: options.engine } : {});
  if (options.home) noteStore(options.home, options.path);
  const writer = openSpanWriter(engine, options.redact ? { redact: options.redact } : {});
  if (options.retention) setRetention(writer, options.retention.service, options.retention.max_age_s ?? null, options.retention.max_bytes ?? null);
  // costs that are there already keep the version they were made with until `reprice`
  if (getMeta(engine, "price_version") === null) engine.transaction(() => setMeta(engine, "price_version", prices.version));
  engine.sync();

  function readSpans(resourceSpans: ResourceSpans, rejected: RejectedItem[], into: SpanWrite[]): void {
    const attributes = plainAttributes(asArray(resourceSpans?.resource?.attributes));
    const service = attributes["service.name"];
    const body: SpanWrite["resource"]["body"] = {};
    if (resourceSpans.resource) body.resource = resourceSpans.resource;
    if (resourceSpans.schemaUrl !== undefined) body.schemaUrl = resourceSpans.schemaUrl;
    const resource = { body, service: typeof service === "string" && service !== "" ? service : null };
    for (const scopeSpans of asArray(resourceSpans.scopeSpans)) {
      const scope: SpanWrite["scope"] = {};
      if (scopeSpans?.scope) scope.scope = scopeSpans.scope;
      if (scopeSpans?.schemaUrl !== undefined) scope.schemaUrl = scopeSpans.schemaUrl;
      for (const span of asArray(scopeSpans?.spans)) {
        const reason = whyBad(span);
        if (reason) {
          rejected.push({ trace_id: textOrNull(span?.traceId), span_id: textOrNull(span?.spanId), reason });
          continue;
        }
        const facts = normaliseSpan(span, attributes, scopeSpans.scope);
        const startMs = (readNano(span.startTimeUnixNano)?.us ?? 0) / 1000;
        const cost_usd = pricedKinds.has(facts.kind) ? prices.priceCall(facts, startMs) : null;
        const kept = options.captureContent === false ? leaveOutContent(span, facts) : { span, facts };
        into.push({ ...kept, resource, scope, cost_usd });
      }
    }
  }

  return {
    traces(data) {
      if (typeof data !== "object" || data === null || !Array.isArray(data.resourceSpans)) {
        throw new AgensightError("bad_input", "This is no OTLP trace request: it has no array `resourceSpans`.");
      }
      const rejected: RejectedItem[] = [];
      const writes: SpanWrite[] = [];
      for (const resourceSpans of data.resourceSpans) if (resourceSpans) readSpans(resourceSpans, rejected, writes);
      const changed = writer.write(writes);
      engine.sync();
      return { accepted: writes.length, unchanged: writes.length - changed, ignored: 0, rejected };
    },

    logs(data) {
      if (typeof data !== "object" || data === null || !Array.isArray(data.resourceLogs)) {
        throw new AgensightError("bad_input", "This is no OTLP logs request: it has no array `resourceLogs`.");
      }
      const result: IngestResult = { accepted: 0, unchanged: 0, ignored: 0, rejected: [] };
      const logs: LogWrite[] = [];
      for (const resourceLogs of data.resourceLogs) {
        const service = plainAttributes(asArray(resourceLogs?.resource?.attributes))["service.name"];
        const body: SpanWrite["resource"]["body"] = resourceLogs?.resource ? { resource: resourceLogs.resource } : {};
        const resource = { body, service: typeof service === "string" ? service : null };
        for (const scopeLogs of asArray(resourceLogs?.scopeLogs)) {
          const scope: SpanWrite["scope"] = scopeLogs?.scope ? { scope: scopeLogs.scope } : {};
          for (const record of asArray(scopeLogs?.logRecords)) {
            const log = options.captureContent === false ? null : readLog(record);
            if (log) logs.push({ ...log, resource, scope });
            else result.ignored++;
          }
        }
      }
      const added = logs.length > 0 ? writer.writeLogs(logs) : 0;
      engine.sync();
      result.accepted = logs.length;
      result.unchanged = logs.length - added;
      return result;
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

/** Only records with message content that name their span are kept. */
function readLog(record: OtlpLogRecord): Pick<LogWrite, "trace_id" | "span_id" | "time_us" | "messages" | "body"> | null {
  if (!isId(record?.traceId, 32) || !isId(record?.spanId, 16)) return null;
  const messages = normaliseLog(record);
  if (!messages) return null;
  return {
    trace_id: (record.traceId as string).toLowerCase(),
    span_id: (record.spanId as string).toLowerCase(),
    time_us: readNano(record.timeUnixNano)?.us ?? readNano(record.observedTimeUnixNano)?.us ?? 0,
    messages: JSON.stringify(messages),
    body: JSON.stringify(record),
  };
}

function isId(value: unknown, digits: number): boolean {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]+$/i.test(value) && !/^0+$/.test(value);
}

/** Why a span cannot be kept; null when it can. Ids: https://www.w3.org/TR/trace-context/ */
function whyBad(span: OtlpSpan | null | undefined): string | null {
  if (typeof span !== "object" || span === null) return "a span is no object";
  if (!isId(span.traceId, 32)) return "traceId is not 32 hex digits (or all zero)";
  if (!isId(span.spanId, 16)) return "spanId is not 16 hex digits (or all zero)";
  if (span.attributes !== undefined && !isAttributeList(span.attributes)) return "attributes is no array of {key, value}";
  if (span.events !== undefined && !Array.isArray(span.events)) return "events is no array";
  return null;
}

function isAttributeList(attributes: unknown): boolean {
  return Array.isArray(attributes) && attributes.every((item) => typeof item === "object" && item !== null);
}

function asArray<T>(value: T[] | undefined): T[] {
  return Array.isArray(value) ? value : [];
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
