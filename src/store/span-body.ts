/**
 * The part of a span that has no column: an item of JSON that names its forms (interned shapes) and holds the rest.
 * `decodeSpan` gives back the OTLP/JSON span that `encodeSpan` was given, field for field and in the same order.
 */
import type { MessageSource, SpanFacts, TextSource } from "../model/facts.js";
import type { AnyValue, KeyValue, OtlpSpan } from "../model/otlp.js";
import { formatNano } from "./time.js";

/** What the encoder and the decoder need from the store. */
export type BodyWriter = {
  /** id of an interned form */
  shape(text: string): number;
  /** content id of a long text */
  put(text: string): number;
};

/** Strings up to this length stand in the body itself. */
const inlineLength = 96;

/** How the value at a key is kept: s text, i integer as string, n integer as number, d double, b boolean, j any other. */
type ValueType = "s" | "i" | "n" | "d" | "b" | "j";

/** In the place of the attribute whose text is the span's conversation. */
const conversationMark = 0;

function typeOf(value: AnyValue | undefined): ValueType {
  if (value) {
    const keys = Object.keys(value);
    if (keys.length === 1) {
      if (typeof value.stringValue === "string") return "s";
      if (typeof value.intValue === "string") return "i";
      if (typeof value.intValue === "number") return "n";
      if (typeof value.doubleValue === "number") return "d";
      if (typeof value.boolValue === "boolean") return "b";
    }
  }
  return "j";
}

type Sources = Pick<
  SpanFacts,
  | "output"
  | "system"
  | "tool_definitions"
  | "input_value"
  | "output_value"
  | "error_stack"
  | "tool_call_id"
  | "finish_reason"
  | "response_id"
> & {
  input: MessageSource | null;
};

function encodeSource(writer: BodyWriter, source: TextSource | MessageSource | null): unknown {
  if (!source || "key" in source) return source;
  if ("text" in source) return { text: writer.put(source.text) };
  return { messages: source.messages.map((message) => writer.put(JSON.stringify(message))) };
}

/** Which fields the columns give back exactly. */
export type ColumnFit = { name: string; start: boolean; end: boolean };

/**
 * `conversation`: key of the attribute that was stored as the span's conversation, or null; `redacted`: how many values
 * were, by the name of their mark. Returns the body's text.
 */
export function encodeSpan(
  writer: BodyWriter,
  span: OtlpSpan,
  facts: SpanFacts,
  columns: ColumnFit,
  conversation: string | null,
  redacted: Record<string, number>,
): string {
  const fields: string[] = [];
  const rest: unknown[] = [];
  for (const key of Object.keys(span) as (keyof OtlpSpan)[]) {
    const value = span[key];
    // no field, as JSON has it
    if (value === undefined) continue;
    if (key === "attributes" && Array.isArray(value)) fields.push(key);
    else if (inColumn(key, value, columns)) fields.push(key);
    else {
      fields.push(`${key}*`);
      rest.push(value);
    }
  }
  let attributeShape = "";
  const values: unknown[] = [];
  for (const attribute of Array.isArray(span.attributes) ? span.attributes : []) {
    const { key, value } = attribute;
    const type =
      typeof key === "string" && !key.includes("\n") && Object.keys(attribute).length === 2 ? typeOf(value) : "j";
    if (type === "j") {
      attributeShape += "j\n";
      values.push(attribute);
      continue;
    }
    attributeShape += `${type}${key}\n`;
    if (type === "s") {
      if (key === conversation) values.push(conversationMark);
      else {
        const text = (value as AnyValue).stringValue as string;
        values.push(text.length <= inlineLength ? text : writer.put(text));
      }
    } else
      values.push(
        type === "i"
          ? value?.intValue
          : type === "n"
            ? value?.intValue
            : type === "d"
              ? value?.doubleValue
              : value?.boolValue,
      );
  }
  const sources: Sources = {
    input: facts.input && "key" in facts.input ? facts.input : null,
    output: facts.output,
    system: facts.system,
    tool_definitions: facts.tool_definitions,
    input_value: facts.input_value,
    output_value: facts.output_value,
    error_stack: null,
    tool_call_id: null,
    finish_reason: null,
    response_id: null,
  };
  const keyed: Record<string, unknown> = {};
  const own: Record<string, unknown> = {};
  for (const [name, source] of Object.entries(sources) as [keyof Sources, TextSource | MessageSource | null][]) {
    if (!source) continue;
    if ("key" in source) keyed[name] = source.key;
    else own[name] = encodeSource(writer, source);
  }
  if (facts.tool_call_id !== null) own.tool_call_id = facts.tool_call_id;
  if (facts.response_id !== null) own.response_id = facts.response_id;
  if (facts.finish_reason !== null) own.finish_reason = facts.finish_reason;
  if (facts.error_stack !== null && !stackInEvents(span, facts.error_stack))
    own.error_stack = writer.put(facts.error_stack);
  for (const _ in redacted) {
    own.redacted = redacted;
    break;
  }
  const body: unknown[] = [
    writer.shape(JSON.stringify(fields)),
    writer.shape(attributeShape),
    writer.shape(JSON.stringify(keyed)),
    values,
    rest,
  ];
  for (const _ in own) {
    body.push(own);
    break;
  }
  return JSON.stringify(body);
}

function stackInEvents(span: OtlpSpan, stack: string): boolean {
  return stackOfEvents(span) === stack;
}

function stackOfEvents(span: OtlpSpan): string | null {
  for (const event of Array.isArray(span.events) ? span.events : []) {
    for (const attribute of Array.isArray(event?.attributes) ? event.attributes : []) {
      if (attribute?.key === "exception.stacktrace" && typeof attribute.value?.stringValue === "string")
        return attribute.value.stringValue;
    }
  }
  return null;
}

/** Whether the columns alone give the field back exactly. */
function inColumn(key: keyof OtlpSpan, value: unknown, columns: ColumnFit): boolean {
  switch (key) {
    case "traceId":
    case "spanId":
      return typeof value === "string" && !/[A-F]/.test(value);
    case "parentSpanId":
      return typeof value === "string" && /^[0-9a-f]{16}$/.test(value) && value !== "0000000000000000";
    case "name":
      return value === columns.name && !columns.name.includes("\0");
    case "startTimeUnixNano":
      return columns.start;
    case "endTimeUnixNano":
      return columns.end;
    default:
      return false;
  }
}

export type SpanColumns = {
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  name: string;
  start_us: number;
  start_ns: number;
  /** null while running */
  end_us: number | null;
  end_ns: number;
};

/** An interned form, read once for all spans that have it: its lines, and what it is as JSON. */
export type Shape = { lines: readonly string[]; json: unknown };

export function readShape(text: string): Shape {
  let json: { value: unknown } | undefined;
  return {
    lines: text.split("\n"),
    get json() {
      json ??= { value: JSON.parse(text) };
      return json.value;
    },
  };
}

export type BodyReader = {
  shape(id: number): Shape;
  text(contentId: number): string;
  /** the text of the attribute that holds the span's input messages */
  conversation(): string;
};

export type DecodedSpan = {
  span: OtlpSpan;
  /** as the normaliser said; null = nothing */
  sources: { [name in keyof Sources]?: { key: string } | { text: string } | { messages: string[] } };
  tool_call_id: string | null;
  finish_reason: string | null;
  response_id: string | null;
  error_stack: string | null;
  /** how many values were, by the name of their mark */
  redacted: Record<string, number>;
};

export function decodeSpan(reader: BodyReader, columns: SpanColumns, bodyText: string): DecodedSpan {
  const [fieldShape, attributeShape, sourceShape, values, rest, own] = JSON.parse(bodyText) as [
    number,
    number,
    number,
    unknown[],
    unknown[],
    Record<string, unknown> | undefined,
  ];
  const { lines } = reader.shape(attributeShape);
  const attributes = values.map((value, index) => decodeAttribute(reader, lines[index] as string, value));
  const column: Record<string, unknown> = {
    traceId: columns.trace_id,
    spanId: columns.span_id,
    parentSpanId: columns.parent_span_id,
    name: columns.name,
    startTimeUnixNano: formatNano(columns.start_us, columns.start_ns),
    endTimeUnixNano: columns.end_us === null ? undefined : formatNano(columns.end_us, columns.end_ns),
    attributes,
  };
  const span: Record<string, unknown> = {};
  let at = 0;
  for (const field of reader.shape(fieldShape).json as string[]) {
    if (field.endsWith("*")) span[field.slice(0, -1)] = rest[at++];
    else span[field] = column[field];
  }
  const sources: DecodedSpan["sources"] = {};
  for (const [name, key] of Object.entries(reader.shape(sourceShape).json as Record<string, string>))
    sources[name as keyof Sources] = { key };
  const { redacted = {}, ...texts } = own ?? {};
  for (const [name, source] of Object.entries(texts) as [keyof Sources, { text?: number; messages?: number[] }][]) {
    if (typeof source !== "object" || source === null) continue;
    if (source.text !== undefined) sources[name] = { text: reader.text(source.text) };
    else if (source.messages) sources[name] = { messages: source.messages.map((id) => reader.text(id)) };
  }
  const otlp = span as OtlpSpan;
  const stack = typeof own?.error_stack === "number" ? reader.text(own.error_stack) : stackOfEvents(otlp);
  return {
    span: otlp,
    sources,
    tool_call_id: (own?.tool_call_id as string | undefined) ?? null,
    response_id: (own?.response_id as string | undefined) ?? null,
    finish_reason: (own?.finish_reason as string | undefined) ?? null,
    error_stack: stack,
    redacted: redacted as DecodedSpan["redacted"],
  };
}

function decodeAttribute(reader: BodyReader, line: string, value: unknown): KeyValue {
  const key = line.slice(1);
  switch (line[0] as ValueType) {
    case "s": {
      if (typeof value === "string") return { key, value: { stringValue: value } };
      const text = value === conversationMark ? reader.conversation() : reader.text(value as number);
      return { key, value: { stringValue: text } };
    }
    case "i":
    case "n":
      return { key, value: { intValue: value as string | number } };
    case "d":
      return { key, value: { doubleValue: value as number } };
    case "b":
      return { key, value: { boolValue: value as boolean } };
    default:
      return value as KeyValue;
  }
}

/** What the normaliser pointed at; the rest of the span is not decoded. */
export type DecodedSources = Pick<DecodedSpan, "tool_call_id" | "finish_reason"> & {
  source(name: keyof Sources): { text: string } | { messages: string[] } | null;
};

/** As `decodeSpan`, in a fraction of its time. */
export function decodeSources(reader: BodyReader, bodyText: string): DecodedSources {
  const [, attributeShape, sourceShape, values, , own = {}] = JSON.parse(bodyText) as [
    number,
    number,
    number,
    unknown[],
    unknown[],
    Record<string, unknown> | undefined,
  ];
  const keys = reader.shape(sourceShape).json as Record<string, string>;
  return {
    tool_call_id: (own.tool_call_id as string | undefined) ?? null,
    finish_reason: (own.finish_reason as string | undefined) ?? null,
    source(name) {
      const held = own[name] as { text?: number; messages?: number[] } | undefined;
      if (held?.text !== undefined) return { text: reader.text(held.text) };
      if (held?.messages) return { messages: held.messages.map((id) => reader.text(id)) };
      const key = keys[name];
      if (key === undefined) return null;
      const { lines } = reader.shape(attributeShape);
      const at = values.findIndex((value, index) => isUnder(key, lines[index] as string, value));
      const text = at < 0 ? null : valueText(decodeAttribute(reader, lines[at] as string, values[at]).value);
      return text === null ? null : { text };
    },
  };
}

function isUnder(key: string, line: string, value: unknown): boolean {
  if (line[0] === ("j" satisfies ValueType)) return (value as KeyValue).key === key;
  return line.length === key.length + 1 && line.endsWith(key);
}

/** An attribute's text, or its value as JSON; null = it has none. */
export function valueText(value: AnyValue | undefined): string | null {
  if (typeof value?.stringValue === "string") return value.stringValue;
  return value === undefined ? null : JSON.stringify(value);
}

/** The forms that a body names. */
export function shapesOf(bodyText: string): number[] {
  return (JSON.parse(bodyText) as number[]).slice(0, 3);
}
