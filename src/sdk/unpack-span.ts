/** From packed spans to an OTLP request; runs on the recorder's thread. */
import type { Attributes } from "@opentelemetry/api";
import type {
  AnyValue,
  KeyValue,
  OtlpEvent,
  OtlpLink,
  OtlpSpan,
  ResourceSpans,
  ScopeSpans,
  TracesData,
} from "../model/otlp.js";
import type { PackedEvent, PackedLink, PackedResource, PackedScope, PackedSpan } from "./packed-span.js";

/** Groups spans by resource and scope. `resources` and `scopes` hold what the spans' indexes point to. */
export function unpackSpans(spans: PackedSpan[], resources: PackedResource[], scopes: PackedScope[]): TracesData {
  const resourceSpans = new Map<number, { request: ResourceSpans; scopes: Map<number, ScopeSpans> }>();
  for (const span of spans) {
    let group = resourceSpans.get(span[0]);
    if (!group) {
      group = { request: { ...unpackResource(resources[span[0]]), scopeSpans: [] }, scopes: new Map() };
      resourceSpans.set(span[0], group);
    }
    let scope = group.scopes.get(span[1]);
    if (!scope) {
      scope = { ...unpackScope(scopes[span[1]]), spans: [] };
      group.scopes.set(span[1], scope);
      group.request.scopeSpans?.push(scope);
    }
    scope.spans?.push(unpackSpan(span));
  }
  return { resourceSpans: Array.from(resourceSpans.values(), ({ request }) => request) };
}

function unpackResource(resource: PackedResource | undefined): ResourceSpans {
  const { attributes, schemaUrl } = resource ?? { attributes: {} };
  return { resource: { attributes: keyValues(attributes) }, ...(schemaUrl ? { schemaUrl } : {}) };
}

function unpackScope(scope: PackedScope | undefined): ScopeSpans {
  const { name, version, schemaUrl } = scope ?? { name: "" };
  return { scope: { name, ...(version ? { version } : {}) }, ...(schemaUrl ? { schemaUrl } : {}) };
}

function unpackSpan([
  ,
  ,
  traceId,
  spanId,
  parentSpanId,
  traceState,
  flags,
  name,
  kind,
  startSeconds,
  startNanos,
  endSeconds,
  endNanos,
  attributes,
  droppedAttributesCount,
  code,
  message,
  events,
  droppedEventsCount,
  links,
  droppedLinksCount,
]: PackedSpan): OtlpSpan {
  const span: OtlpSpan = {
    traceId,
    spanId,
    flags,
    name,
    kind: kind + 1,
    startTimeUnixNano: nanos(startSeconds, startNanos),
    attributes: keyValues(attributes),
    status: message === undefined ? { code } : { code, message },
  };
  if (endSeconds !== undefined) span.endTimeUnixNano = nanos(endSeconds, endNanos);
  if (parentSpanId) span.parentSpanId = parentSpanId;
  if (traceState) span.traceState = traceState;
  if (events) span.events = events.map(unpackEvent);
  if (links) span.links = links.map(unpackLink);
  if (droppedAttributesCount) span.droppedAttributesCount = droppedAttributesCount;
  if (droppedEventsCount) span.droppedEventsCount = droppedEventsCount;
  if (droppedLinksCount) span.droppedLinksCount = droppedLinksCount;
  return span;
}

function unpackEvent([name, seconds, nanoseconds, attributes, dropped]: PackedEvent): OtlpEvent {
  const event: OtlpEvent = { timeUnixNano: nanos(seconds, nanoseconds), name };
  if (attributes) event.attributes = keyValues(attributes);
  if (dropped) event.droppedAttributesCount = dropped;
  return event;
}

function unpackLink([traceId, spanId, traceState, flags, attributes, dropped]: PackedLink): OtlpLink {
  const link: OtlpLink = { traceId, spanId, flags };
  if (traceState) link.traceState = traceState;
  if (attributes) link.attributes = keyValues(attributes);
  if (dropped) link.droppedAttributesCount = dropped;
  return link;
}

/** Decimal ns since the epoch: a double would round them. */
function nanos(seconds: number, nanoseconds: number): string {
  return (BigInt(Math.trunc(seconds)) * 1_000_000_000n + BigInt(Math.round(nanoseconds))).toString();
}

function keyValues(attributes: Attributes | Record<string, unknown>): KeyValue[] {
  const out: KeyValue[] = [];
  for (const key in attributes) out.push({ key, value: anyValue(attributes[key]) });
  return out;
}

function anyValue(value: unknown): AnyValue {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? { intValue: value }
        : { doubleValue: finite(value) };
    case "bigint":
      return { intValue: String(value) };
    case "object":
      if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
      if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
      return value ? { kvlistValue: { values: keyValues(value as Record<string, unknown>) } } : {};
    default:
      return {};
  }
}

/** The JSON mapping writes what JSON has no number for as a string. */
function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
