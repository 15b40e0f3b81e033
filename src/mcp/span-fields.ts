/** The large values of a span by name: what get_span shows cut and pages through whole. */
import { AgensightError } from "../model/error.js";
import type { SpanDetail } from "../store/reader.js";
import { quoted } from "./render/fence.js";
import { messagesText } from "./render/messages.js";
import { didYouMean } from "./suggest.js";

const texts = ["error_message", "error_stack", "system", "tool_definitions", "input_value", "output_value"] as const;
const conversations = ["input_messages", "output_messages"] as const;

/** An attribute's value as text: a string as it stands, anything else as JSON. */
export function attributeText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
}

/** The names of the fields that this span has, without its attributes. */
export function fieldNames(span: SpanDetail): string[] {
  return [...texts.filter((name) => span[name] !== null), ...conversations.filter((name) => span[name].length > 0)];
}

/** Errors: bad_argument with the fields that there are. */
export function fieldText(span: SpanDetail, field: string): string {
  for (const name of texts) if (name === field && span[name] !== null) return span[name];
  for (const name of conversations) if (name === field && span[name].length > 0) return messagesText(span[name]).text;
  if (Object.hasOwn(span.attributes, field)) return attributeText(span.attributes[field]);
  const known = [...fieldNames(span), ...Object.keys(span.attributes)];
  throw new AgensightError("bad_argument", `This span has no field ${quoted(field, 80)}${didYouMean(field, known)}.`, {
    hint: `Its fields: ${known
      .slice(0, 40)
      .map((name) => quoted(name, 80))
      .join(", ")}${known.length > 40 ? ` and ${known.length - 40} more attributes` : ""}.`,
  });
}
