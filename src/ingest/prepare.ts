/** The part of the way in that needs no store: OTLP-shaped spans and logs are checked, normalised and priced. */
import { AgensightError } from "../model/error.js";
import type { SpanKind } from "../model/kind.js";
import type { LogsData, OtlpLogRecord, OtlpSpan, ResourceSpans, TracesData } from "../model/otlp.js";
import { plainAttributes } from "../model/otlp.js";
import { normaliseLog } from "../semantics/log-events.js";
import { normaliseSpan } from "../semantics/normalise.js";
import { loadPrices, type Pricer } from "../semantics/prices.js";
import type { LogWrite } from "../store/log-writer.js";
import type { SpanWrite } from "../store/span-rows.js";
import { readNano } from "../store/time.js";
import { leaveOutContent } from "./leave-out-content.js";

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

/** Asynchronous because the price table is loaded. */
export async function openPreparer(options: PrepareOptions = {}): Promise<Preparer> {
  const prices = await loadPrices();
  const keepsContent = options.captureContent !== false;
  return {
    traces(data) {
      if (typeof data !== "object" || data === null || !Array.isArray(data.resourceSpans)) {
        throw new AgensightError("bad_input", "This is no OTLP trace request: it has no array `resourceSpans`.");
      }
      const prepared: PreparedTraces = { spans: [], rejected: [] };
      for (const resourceSpans of data.resourceSpans)
        if (resourceSpans) prepareSpans(resourceSpans, prices, keepsContent, prepared);
      return prepared;
    },

    logs(data) {
      if (typeof data !== "object" || data === null || !Array.isArray(data.resourceLogs)) {
        throw new AgensightError("bad_input", "This is no OTLP logs request: it has no array `resourceLogs`.");
      }
      const prepared: PreparedLogs = { logs: [], ignored: 0 };
      for (const resourceLogs of data.resourceLogs) {
        const service = plainAttributes(asArray(resourceLogs?.resource?.attributes))["service.name"];
        const body: SpanWrite["resource"]["body"] = resourceLogs?.resource ? { resource: resourceLogs.resource } : {};
        const resource = { body, service: typeof service === "string" ? service : null };
        for (const scopeLogs of asArray(resourceLogs?.scopeLogs)) {
          const scope: SpanWrite["scope"] = scopeLogs?.scope ? { scope: scopeLogs.scope } : {};
          for (const record of asArray(scopeLogs?.logRecords)) {
            const log = keepsContent ? readLog(record) : null;
            if (log) prepared.logs.push({ ...log, resource, scope });
            else prepared.ignored++;
          }
        }
      }
      return prepared;
    },
  };
}

function prepareSpans(
  resourceSpans: ResourceSpans,
  prices: Pricer,
  keepsContent: boolean,
  { spans, rejected }: PreparedTraces,
): void {
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
      const kept = keepsContent ? { span, facts } : leaveOutContent(span, facts);
      spans.push({ span: kept.span, facts: kept.facts, resource, scope, cost_usd });
    }
  }
}

/** Only records with message content that name their span are kept. */
function readLog(
  record: OtlpLogRecord,
): Pick<LogWrite, "trace_id" | "span_id" | "time_us" | "messages" | "body"> | null {
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
