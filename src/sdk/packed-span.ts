/** Spans as they cross to the recorder's thread: flat arrays, cheap to build and to clone. */
import type { Attributes, Link } from "@opentelemetry/api";
import type { ReadableSpan, TimedEvent } from "@opentelemetry/sdk-trace-base";

/** Attribute values are handed over as they are; the thread turns them into OTLP's. */
export type PackedSpan = [
  /** index into the resources sent so far */
  resource: number,
  /** index into the scopes sent so far */
  scope: number,
  traceId: string,
  spanId: string,
  parentSpanId: string | undefined,
  traceState: string | undefined,
  flags: number,
  name: string,
  kind: number,
  startSeconds: number,
  startNanos: number,
  /** undefined while the span runs */
  endSeconds: number | undefined,
  endNanos: number,
  attributes: Attributes,
  droppedAttributes: number,
  statusCode: number,
  statusMessage: string | undefined,
  events: PackedEvent[] | undefined,
  droppedEvents: number,
  links: PackedLink[] | undefined,
  droppedLinks: number,
];

export type PackedEvent = [
  name: string,
  seconds: number,
  nanos: number,
  attributes: Attributes | undefined,
  dropped: number,
];
export type PackedLink = [
  traceId: string,
  spanId: string,
  traceState: string | undefined,
  flags: number,
  attributes: Attributes | undefined,
  dropped: number,
];

export type PackedResource = { attributes: Attributes; schemaUrl?: string };
export type PackedScope = { name: string; version?: string; schemaUrl?: string };

export function packSpan(span: ReadableSpan, resource: number, scope: number): PackedSpan {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const parent = span.parentSpanContext;
  return [
    resource,
    scope,
    traceId,
    spanId,
    parent?.spanId,
    traceState?.serialize(),
    otlpFlags(traceFlags, parent?.isRemote),
    span.name,
    span.kind,
    span.startTime[0],
    span.startTime[1],
    span.endTime[0],
    span.endTime[1],
    span.attributes,
    span.droppedAttributesCount,
    span.status.code,
    span.status.message,
    span.events.length > 0 ? span.events.map(packEvent) : undefined,
    span.droppedEventsCount,
    span.links.length > 0 ? span.links.map(packLink) : undefined,
    span.droppedLinksCount,
  ];
}

/** A span that has only started, with what is known of it so far. */
export function packStart(span: ReadableSpan, resource: number, scope: number): PackedSpan {
  const packed = packSpan(span, resource, scope);
  packed[11] = undefined;
  return packed;
}

export function isStarted(span: PackedSpan): boolean {
  return span[11] === undefined;
}

/** Roughly the bytes that a packed span occupies: its texts and a little for the rest. */
export function packedSize(span: PackedSpan): number {
  let size = 256 + attributesSize(span[13]);
  for (const event of span[17] ?? []) size += 64 + attributesSize(event[3]);
  return size + 128 * (span[19]?.length ?? 0);
}

function attributesSize(attributes: Attributes | undefined): number {
  let size = 0;
  for (const key in attributes) {
    const value = attributes[key];
    if (typeof value === "string") size += value.length;
    else if (Array.isArray(value))
      for (const element of value) size += typeof element === "string" ? element.length : 8;
    size += 16;
  }
  return size;
}

function packEvent({ name, time, attributes, droppedAttributesCount }: TimedEvent): PackedEvent {
  return [name, time[0], time[1], attributes, droppedAttributesCount ?? 0];
}

function packLink({ context, attributes, droppedAttributesCount }: Link): PackedLink {
  return [
    context.traceId,
    context.spanId,
    context.traceState?.serialize(),
    otlpFlags(context.traceFlags, context.isRemote),
    attributes,
    droppedAttributesCount ?? 0,
  ];
}

/** Source: `SpanFlags` in opentelemetry-proto's trace.proto; bit 8 says that bit 9 (remote) is known. */
function otlpFlags(traceFlags: number, isRemote: boolean | undefined): number {
  return (traceFlags & 0xff) | 0x100 | (isRemote ? 0x200 : 0);
}
