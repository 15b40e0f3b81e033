/** A span as JSON within a budget: every key, values whole or left out and named. */
import * as z from "zod";
import { Coverage, SpanSummary } from "../model/summary.js";
import { estimateTokens } from "../model/tokens.js";
import type { SpanDetail } from "../store/reader.js";
import { jsonText } from "./json-answer.js";
import { attributeText, fieldNames, fieldText } from "./span-fields.js";

const Part = z.union([
  z.object({ type: z.literal("text"), content: z.string() }),
  z.object({ type: z.literal("reasoning"), content: z.string() }),
  z.object({ type: z.literal("tool_call"), id: z.string().nullable(), name: z.string(), arguments: z.unknown() }),
  z.object({ type: z.literal("tool_call_response"), id: z.string().nullable(), response: z.unknown() }),
  z.object({ type: z.literal("media"), summary: z.string() }),
]);
export const MessageJson = z.object({ role: z.string(), parts: z.array(Part), finish_reason: z.string().optional() });

const Attributes = z.record(z.string(), z.unknown());

const SpanJson = SpanSummary.extend({
  trace_name: z.string(),
  end: z.string().nullable(),
  otel_kind: z.enum(["unspecified", "internal", "server", "client", "producer", "consumer"]),
  request_model: z.string().nullable(),
  response_model: z.string().nullable(),
  response_id: z.string().nullable(),
  finish_reason: z.string().nullable(),
  first_token_ms: z.number().nullable(),
  cache_write_tokens: z.number().nullable(),
  reasoning_tokens: z.number().nullable(),
  user_id: z.string().nullable(),
  tool_call_id: z.string().nullable(),
  error_stack: z.string().nullable(),
  price_version: z.string().nullable(),
  system: z.string().nullable(),
  input_messages: z.array(MessageJson),
  output_messages: z.array(MessageJson),
  tool_definitions: z.string().nullable(),
  input_value: z.string().nullable(),
  output_value: z.string().nullable(),
  attributes: Attributes,
  events: z.array(z.object({ name: z.string(), time: z.string(), attributes: Attributes })),
  links: z.array(z.object({ trace_id: z.string(), span_id: z.string(), attributes: Attributes })),
  resource: Attributes,
  scope: z.object({ name: z.string(), version: z.string().nullable() }),
  child_count: z.number(),
  redacted: z.record(z.string(), z.number()),
});

/** The JSON answer of get_span: the span, or with `field` a page of one value. */
export const SpanAnswer = z.union([
  z.object({
    span: SpanJson,
    /** values that did not fit: null or absent in `span`; get_span with this `field` pages through them */
    left_out: z.array(z.object({ field: z.string(), chars: z.number() })),
    coverage: Coverage,
  }),
  z.object({
    trace_id: z.string(),
    span_id: z.string(),
    field: z.string(),
    offset: z.number(),
    total_chars: z.number(),
    text: z.string(),
    next_offset: z.number().nullable(),
    coverage: Coverage,
  }),
]);

/** What is kept first when not everything fits. */
const priority = [
  "error_message",
  "error_stack",
  "output_value",
  "output_messages",
  "input_value",
  "input_messages",
  "system",
  "tool_definitions",
];

const named = 40;

export function spanJson(detail: SpanDetail, budget: number): string {
  const { as_of_seq, ...span } = detail;
  const whole = span as Record<string, unknown>;
  const kept: Record<string, unknown> = { ...span, attributes: {}, events: [], links: [], resource: {} };
  const present = fieldNames(detail).sort((a, b) => priority.indexOf(a) - priority.indexOf(b));
  for (const name of present) kept[name] = name.endsWith("_messages") ? [] : null;

  let used = estimateTokens(jsonText(kept)) + 150;
  const leftOut: { field: string; chars: number }[] = [];
  const fits = (value: unknown, chars: number) => {
    if (chars > budget * 12) return false;
    const tokens = estimateTokens(jsonText(value)) + 4;
    if (used + tokens > budget - 20 * Math.min(leftOut.length + 1, named)) return false;
    used += tokens;
    return true;
  };
  for (const name of present) {
    const chars = fieldText(detail, name).length;
    if (fits(whole[name], chars)) kept[name] = whole[name];
    else leftOut.push({ field: name, chars });
  }
  const attributes: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(span.attributes)) {
    const chars = attributeText(value).length;
    if (fits({ [key]: value }, chars)) attributes[key] = value;
    else leftOut.push({ field: key, chars });
  }
  kept.attributes = attributes;
  const notes: string[] = [];
  for (const name of ["events", "links", "resource"] as const) {
    if (fits(span[name], jsonText(span[name]).length)) kept[name] = span[name];
    else notes.push(`${name} left out: raise max_tokens`);
  }
  if (leftOut.length > named) notes.push(`${leftOut.length - named} more attributes left out`);
  return jsonText({
    span: kept,
    left_out: leftOut.slice(0, named).map(({ field, chars }) => ({ field: field.slice(0, 200), chars })),
    coverage: { matched: 1, matched_is_minimum: false, returned: 1, next_cursor: null, as_of_seq, notes },
  });
}
