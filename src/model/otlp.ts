/**
 * The OTLP/JSON encoding of traces and logs, as far as Agensight reads it.
 * Source: opentelemetry-proto, `trace/v1/trace.proto`, `logs/v1/logs.proto`, `common/v1/common.proto`, JSON mapping.
 */

/** One attribute value. 64-bit integers travel as decimal strings or as numbers. */
export type AnyValue = {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string | number;
  doubleValue?: number | string;
  arrayValue?: { values?: AnyValue[] };
  kvlistValue?: { values?: KeyValue[] };
  /** base64 */
  bytesValue?: string;
};

export type KeyValue = { key: string; value?: AnyValue };

export type OtlpEvent = {
  /** ns since the Unix epoch, decimal string or number */
  timeUnixNano?: string | number;
  name?: string;
  attributes?: KeyValue[];
  droppedAttributesCount?: number;
};

export type OtlpLink = {
  traceId?: string;
  spanId?: string;
  traceState?: string;
  attributes?: KeyValue[];
  droppedAttributesCount?: number;
  flags?: number;
};

/** Codes: 0 unset, 1 ok, 2 error. */
export type OtlpStatus = { code?: number; message?: string };

export type OtlpSpan = {
  /** 32 hex digits */
  traceId: string;
  /** 16 hex digits */
  spanId: string;
  traceState?: string;
  /** 16 hex digits; absent or empty on a root */
  parentSpanId?: string;
  flags?: number;
  name?: string;
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer */
  kind?: number;
  /** ns since the Unix epoch, decimal string or number */
  startTimeUnixNano?: string | number;
  /** ns since the Unix epoch; absent while the span runs */
  endTimeUnixNano?: string | number;
  attributes?: KeyValue[];
  droppedAttributesCount?: number;
  events?: OtlpEvent[];
  droppedEventsCount?: number;
  links?: OtlpLink[];
  droppedLinksCount?: number;
  status?: OtlpStatus;
};

export type OtlpResource = { attributes?: KeyValue[]; droppedAttributesCount?: number };
export type OtlpScope = { name?: string; version?: string; attributes?: KeyValue[] };
export type ScopeSpans = { scope?: OtlpScope; spans?: OtlpSpan[]; schemaUrl?: string };
export type ResourceSpans = { resource?: OtlpResource; scopeSpans?: ScopeSpans[]; schemaUrl?: string };
export type TracesData = { resourceSpans?: ResourceSpans[] };

export type OtlpLogRecord = {
  timeUnixNano?: string | number;
  observedTimeUnixNano?: string | number;
  severityNumber?: number;
  severityText?: string;
  eventName?: string;
  body?: AnyValue;
  attributes?: KeyValue[];
  traceId?: string;
  spanId?: string;
  flags?: number;
};
export type ScopeLogs = { scope?: OtlpScope; logRecords?: OtlpLogRecord[]; schemaUrl?: string };
export type ResourceLogs = { resource?: OtlpResource; scopeLogs?: ScopeLogs[]; schemaUrl?: string };
export type LogsData = { resourceLogs?: ResourceLogs[] };

/** A plain JavaScript value for an attribute value: integers become numbers (strings past 2^53), bytes stay base64. */
export function plainValue(value: AnyValue | undefined): unknown {
  if (!value || typeof value !== "object") return null;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) {
    const n = Number(value.intValue);
    return Number.isSafeInteger(n) ? n : String(value.intValue);
  }
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.arrayValue) return Array.isArray(value.arrayValue.values) ? value.arrayValue.values.map(plainValue) : [];
  if (value.kvlistValue) return plainAttributes(value.kvlistValue.values);
  return value.bytesValue ?? null;
}

/** Attributes as an object; of a repeated key the last one counts, and what is no attribute is left out. */
export function plainAttributes(attributes: KeyValue[] | undefined): Record<string, unknown> {
  const out: Record<string, unknown> = Object.create(null);
  if (!Array.isArray(attributes)) return out;
  for (const attribute of attributes)
    if (typeof attribute?.key === "string") out[attribute.key] = plainValue(attribute.value);
  return out;
}

/** Of a resource's plain attributes; null = it names none. */
export function serviceVersion(attributes: Record<string, unknown>): string | null {
  const version = attributes["service.version"];
  return typeof version === "number" ? String(version) : typeof version === "string" && version !== "" ? version : null;
}
