/** Builds OTLP requests as programs would send them. */
import type { AnyValue, KeyValue, OtlpSpan, TracesData } from "../../src/model/otlp.js";

/** 10 Nov 2026, 08:00 UTC, in ms: a full hour. */
export const morning = Date.UTC(2026, 10, 10, 8);

export const traceId = (n: number): string => `${"a".repeat(16)}${n.toString(16).padStart(16, "0")}`;
export const spanId = (n: number): string => `bbbb${n.toString(16).padStart(12, "0")}`;

export type Attributes = Record<string, string | number | boolean | string[]>;

export function attributesOf(attributes: Attributes): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: Attributes[string]): AnyValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(anyValue) } };
}

export type SpanShape = {
  trace: number;
  id: number;
  parent?: number;
  name?: string;
  /** ms since the epoch */
  start?: number;
  /** ms; null = still running */
  ms?: number | null;
  attributes?: Attributes;
  /** an error's message */
  error?: string;
};

export function span(shape: SpanShape): OtlpSpan {
  const start = shape.start ?? morning;
  const made: OtlpSpan = {
    traceId: traceId(shape.trace),
    spanId: spanId(shape.id),
    name: shape.name ?? `span ${shape.id}`,
    kind: 1,
    startTimeUnixNano: nano(start),
    attributes: attributesOf(shape.attributes ?? {}),
  };
  if (shape.parent !== undefined) made.parentSpanId = spanId(shape.parent);
  if (shape.ms !== null) made.endTimeUnixNano = nano(start + (shape.ms ?? 10));
  made.status = shape.error === undefined ? {} : { code: 2, message: shape.error };
  return made;
}

export function nano(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}

/** One request with the spans of one service. */
export function requestOf(spans: OtlpSpan[], service: string | null = "shop"): TracesData {
  const resource = service === null ? {} : { attributes: attributesOf({ "service.name": service }) };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "app", version: "1.0.0" }, spans }] }] };
}

export type TextMessage = { role: string; parts: { type: string; content: string }[] };

export function message(role: string, content: string): TextMessage {
  return { role, parts: [{ type: "text", content }] };
}

/** Attributes of a call to a model as OpenTelemetry's conventions name them. */
export function chat(options: {
  model?: string;
  input?: number;
  output?: number;
  messages?: TextMessage[];
  reply?: string;
  session?: string;
  more?: Attributes;
}): Attributes {
  const attributes: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": options.model ?? "gpt-4o",
  };
  if (options.input !== undefined) attributes["gen_ai.usage.input_tokens"] = options.input;
  if (options.output !== undefined) attributes["gen_ai.usage.output_tokens"] = options.output;
  if (options.messages) attributes["gen_ai.input.messages"] = JSON.stringify(options.messages);
  if (options.reply !== undefined)
    attributes["gen_ai.output.messages"] = JSON.stringify([message("assistant", options.reply)]);
  if (options.session !== undefined) attributes["session.id"] = options.session;
  return { ...attributes, ...options.more };
}
