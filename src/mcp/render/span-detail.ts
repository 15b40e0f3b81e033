/** One span in full: the facts as lines of ours, what was recorded as sections. */

import { ago, count, dotted, duration, money, plural, tokenFigures } from "../../model/format.js";
import type { SpanDetail } from "../../store/reader.js";
import { attributeText } from "../span-fields.js";
import { idText, inline, nameText } from "./fence.js";
import { indented, messagesText } from "./messages.js";
import type { Section } from "./sections.js";
import { runningFor, trouble } from "./span-line.js";

/** Attribute values up to this length are shown in the list of attributes, longer ones are only named. */
const shortValue = 160;

export function spanFacts(span: SpanDetail, now: number): string {
  const named = (label: string, value: string | null) => value !== null && `${label} ${nameText(value, 100)}`;
  const number = (label: string, value: number | null) => value !== null && value > 0 && `${label} ${count(value)}`;
  const asked = span.request_model !== null && span.request_model !== span.model;
  const lines = [
    dotted([
      `${span.kind === "other" ? "span" : span.kind} ${nameText(span.name)}`,
      ...(span.status === "running"
        ? [runningFor(span.start, now)]
        : [
            span.status === "error" ? "ERROR" : span.status,
            span.duration_ms === null ? "never ended" : duration(span.duration_ms),
          ]),
      tokenFigures(span),
      number("cache write", span.cache_write_tokens),
      number("reasoning", span.reasoning_tokens),
      span.cost_usd !== null ? money(span.cost_usd) : span.kind === "llm" && span.input_tokens !== null && "unpriced",
      !span.counted && span.input_tokens !== null && "repeats what its children report, not counted again",
    ]),
    dotted([
      `span ${idText(span.span_id)}`,
      `trace ${idText(span.trace_id)} ${nameText(span.trace_name)}`,
      span.parent_span_id === null ? "root" : `parent ${idText(span.parent_span_id)}`,
      span.child_count > 0 && (span.child_count === 1 ? "1 child" : `${count(span.child_count)} children`),
      `started ${span.start} (${ago(Date.parse(span.start), now)})`,
      named("service", span.service),
      span.session_id !== null && `session ${idText(span.session_id)}`,
      named("user", span.user_id),
    ]),
    dotted([
      named("agent", span.agent),
      named("tool", span.tool),
      named("call id", span.tool_call_id),
      named("provider", span.provider),
      named("model", span.model),
      asked && named("asked", span.request_model),
      named("finish", span.finish_reason),
      span.first_token_ms !== null && `first token ${duration(span.first_token_ms)}`,
      named("response id", span.response_id),
      span.cost_usd !== null && named("prices", span.price_version),
    ]),
    span.status === "error" && trouble(span, now, 400),
    Object.keys(span.redacted).length > 0 &&
      `redacted: ${Object.entries(span.redacted)
        .slice(0, 10)
        .map(([pattern, n]) => `${nameText(pattern, 40)} ×${count(n)}`)
        .join(", ")}`,
  ];
  return lines.filter(Boolean).join("\n");
}

/** `rest(field, offset)` is the call that shows a field from a character on. Best first: what failed, what came out, what went in. */
export function spanSections(span: SpanDetail, rest: (field: string, offset: number) => string): Section[] {
  const sections: Section[] = [];
  const add = (title: string, text: string, weight: number, cut: Section["cut"], field: string | null) => {
    const raw = field !== null && !field.endsWith("_messages");
    sections.push({ title, text, raw, weight, cut, rest: field === null ? null : (offset) => rest(field, offset) });
  };
  const value = (
    field: "error_stack" | "input_value" | "output_value" | "system" | "tool_definitions",
    weight: number,
  ) => {
    const text = span[field];
    if (text === null || text === "") return;
    add(`## ${field} (${count(text.length)} chars)`, text, weight, "tail", field);
  };
  value("error_stack", 2);
  if (span.error_message !== null && span.error_message.length > 400) {
    add(`## error_message (${count(span.error_message.length)} chars)`, span.error_message, 1, "tail", "error_message");
  }
  value("output_value", 4);
  if (span.output_messages.length > 0) {
    add(
      `## output_messages (${span.output_messages.length})`,
      messagesText(span.output_messages).text,
      4,
      "tail",
      "output_messages",
    );
  }
  value("input_value", 4);
  if (span.input_messages.length > 0) {
    add(
      `## input_messages (${span.input_messages.length})`,
      messagesText(span.input_messages).text,
      4,
      "ends",
      "input_messages",
    );
  }
  value("system", 2);
  value("tool_definitions", 1);
  if (span.events.length > 0)
    add(`## events (${span.events.length})`, span.events.map((event) => eventLine(event)).join("\n"), 1, "tail", null);
  if (span.links.length > 0) {
    const lines = span.links.map((link) => `  trace ${idText(link.trace_id)} span ${idText(link.span_id)}`);
    add(`## links (${span.links.length})`, lines.join("\n"), 1, "tail", null);
  }
  const attributes = attributeLines(span);
  if (attributes.length > 0)
    add(
      `## attributes (${plural(Object.keys(span.attributes).length, "key")})`,
      attributes.join("\n"),
      2,
      "tail",
      null,
    );
  return sections;
}

function eventLine(event: SpanDetail["events"][number]): string {
  const attributes = Object.entries(event.attributes).map(
    ([key, value]) => `${inline(key, 80)}=${inline(attributeText(value), 200)}`,
  );
  return indented(`${event.time} ${inline(event.name, 80)} ${attributes.join(" ")}`);
}

/** Flattened lists (`llm.input_messages.0.message.role` …) take one line; so do long values, which `field` shows. */
function attributeLines(span: SpanDetail): string[] {
  const shown = new Set([
    span.system,
    span.input_value,
    span.output_value,
    span.tool_definitions,
    span.error_stack,
    span.error_message,
  ]);
  const listOf = (key: string) => /^(.+?)[.[]\d+[\].]/.exec(key)?.[1];
  const lists = new Map<string, { keys: number; chars: number; first: string }>();
  for (const [key, value] of Object.entries(span.attributes)) {
    const name = listOf(key);
    if (name === undefined) continue;
    const list = lists.get(name) ?? { keys: 0, chars: 0, first: key };
    lists.set(name, { ...list, keys: list.keys + 1, chars: list.chars + attributeText(value).length });
  }
  return Object.entries(span.attributes).flatMap(([key, value]) => {
    const list = lists.get(listOf(key) ?? "");
    if (list && list.keys > 2) {
      if (list.first !== key) return [];
      return `  ${inline(listOf(key) ?? "", 120)}.*: ${count(list.keys)} keys, ${count(list.chars)} chars (first: field=${inline(key, 120)})`;
    }
    const text = attributeText(value);
    if (text.length > 20 && shown.has(text)) return [];
    const short = text.length <= shortValue;
    return `  ${inline(key, 120)}${short ? ` = ${inline(text, shortValue)}` : `: ${count(text.length)} chars (field=${inline(key, 120)})`}`;
  });
}
