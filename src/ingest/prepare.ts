/** The part of the way in that needs no store: OTLP-shaped spans and logs are checked, normalised, redacted and priced. */
import { AgensightError } from "../model/error.js";
import type { SpanKind } from "../model/kind.js";
import type { LogsData, OtlpLogRecord, OtlpSpan, ResourceSpans, TracesData } from "../model/otlp.js";
import { plainAttributes, serviceVersion } from "../model/otlp.js";
import { normaliseLog } from "../semantics/log-events.js";
import { loadPrices, type Pricer } from "../semantics/prices.js";
import type { LogWrite } from "../store/log-writer.js";
import type { SpanWrite } from "../store/span-rows.js";
import { readNano } from "../store/time.js";
import { leaveOutContent } from "./leave-out-content.js";
import { readSpan } from "./read-span.js";
import type { Redaction } from "./redaction.js";

export type RejectedItem = { trace_id: string | null; span_id: string | null; reason: string };

/** What can be written. Plain data that may cross to another thread: spans share resource and scope by reference. */
export type PreparedTraces = { spans: SpanWrite[]; rejected: RejectedItem[] };

export type PreparedLogs = {
  logs: LogWrite[];
  /** log records that carry no message content and are not kept */
  ignored: number;
};

export type Preparer = {
  /** Errors: bad_input where `data` is no request; a TypeError where something in it is malformed. */
  traces(data: TracesData): PreparedTraces;
  logs(data: LogsData): PreparedLogs;
};

export type PrepareOptions = {
  /** false: message texts, tool arguments and results are left out */
  captureContent?: boolean;
};

/** Agents and workflows too: some report the usage of calls that they do not record. */
export const pricedKinds = new Set<SpanKind>(["llm", "embedding", "agent", "workflow"]);

/** Asynchronous because the price table is loaded. `redaction` is asked for each request; null: nothing is redacted. */
export async function openPreparer(
  options: PrepareOptions = {},
  redaction: () => Redaction | null = () => null,
): Promise<Preparer> {
  const prices = await loadPrices();
  const keepsContent = options.captureContent !== false;
  return {
    traces(data) {
      if (typeof data !== "object" || data === null || !Array.isArray(data.resourceSpans)) {
        throw new AgensightError("bad_input", "This is no OTLP trace request: it has no array `resourceSpans`.");
      }
      const prepared: PreparedTraces = { spans: [], rejected: [] };
      const preparing = { prices, keepsContent, redaction: redaction() };
      for (const resourceSpans of data.resourceSpans)
        if (resourceSpans) prepareSpans(resourceSpans, preparing, prepared);
      return prepared;
    },

    logs(data) {
      if (typeof data !== "object" || data === null || !Array.isArray(data.resourceLogs)) {
        throw new AgensightError("bad_input", "This is no OTLP logs request: it has no array `resourceLogs`.");
      }
      const prepared: PreparedLogs = { logs: [], ignored: 0 };
      const current = redaction();
      const redacted = <T>(part: T): T => (current ? current.otlp.any(part) : part);
      for (const resourceLogs of data.resourceLogs) {
        const recorded = redacted(resourceLogs?.resource);
        const attributes = plainAttributes(asArray(recorded?.attributes));
        const service = attributes["service.name"];
        const body: SpanWrite["resource"]["body"] = recorded ? { resource: recorded } : {};
        const resource = {
          body,
          service: typeof service === "string" ? service : null,
          version: serviceVersion(attributes),
        };
        for (const scopeLogs of asArray(resourceLogs?.scopeLogs)) {
          const scope: SpanWrite["scope"] = scopeLogs?.scope ? { scope: redacted(scopeLogs.scope) } : {};
          for (const record of asArray(scopeLogs?.logRecords)) {
            const log = keepsContent ? readLog(record, redacted) : null;
            if (log) prepared.logs.push({ ...log, resource, scope });
            else prepared.ignored++;
          }
        }
      }
      // log records have no counts
      current?.redactor.take();
      return prepared;
    },
  };
}

type Preparing = { prices: Pricer; keepsContent: boolean; redaction: Redaction | null };

function prepareSpans(
  resourceSpans: ResourceSpans,
  { prices, keepsContent, redaction }: Preparing,
  { spans, rejected }: PreparedTraces,
): void {
  const redacted = <T>(part: T): T => (redaction ? redaction.otlp.any(part) : part);
  const body: SpanWrite["resource"]["body"] = {};
  if (resourceSpans.resource) body.resource = redacted(resourceSpans.resource);
  if (resourceSpans.schemaUrl !== undefined) body.schemaUrl = redacted(resourceSpans.schemaUrl);
  const attributes = plainAttributes(asArray(body.resource?.attributes));
  const service = attributes["service.name"];
  const resource = {
    body,
    service: typeof service === "string" && service !== "" ? service : null,
    version: serviceVersion(attributes),
  };
  for (const scopeSpans of asArray(resourceSpans.scopeSpans)) {
    const scope: SpanWrite["scope"] = {};
    if (scopeSpans?.scope) scope.scope = redacted(scopeSpans.scope);
    if (scopeSpans?.schemaUrl !== undefined) scope.schemaUrl = redacted(scopeSpans.schemaUrl);
    // the counts of a span are its own
    redaction?.redactor.take();
    for (const span of asArray(scopeSpans?.spans)) {
      const reason = whyBad(span);
      if (reason) {
        rejected.push({ trace_id: textOrNull(span?.traceId), span_id: textOrNull(span?.spanId), reason });
        continue;
      }
      const read = readSpan(span, attributes, scope.scope, redaction);
      const startMs = (readNano(span.startTimeUnixNano)?.us ?? 0) / 1000;
      const cost_usd = pricedKinds.has(read.facts.kind) ? prices.priceCall(read.facts, startMs) : null;
      spans.push({ ...(keepsContent ? read : leaveOutContent(read)), resource, scope, cost_usd });
    }
  }
}

/** Only records with message content that name their span are kept. */
function readLog(
  recorded: OtlpLogRecord,
  redacted: (record: OtlpLogRecord) => OtlpLogRecord,
): Pick<LogWrite, "trace_id" | "span_id" | "time_us" | "messages" | "body"> | null {
  if (!isId(recorded?.traceId, 32) || !isId(recorded?.spanId, 16)) return null;
  const said = normaliseLog(recorded);
  if (!said) return null;
  const record = redacted(recorded);
  // no message may hold what the record no longer has
  const messages = record === recorded ? said : normaliseLog(record);
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
  if (span.attributes !== undefined && span.attributes !== null && !isAttributeList(span.attributes))
    return "attributes is no array of {key, value}";
  if (span.events !== undefined && span.events !== null && !Array.isArray(span.events)) return "events is no array";
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
