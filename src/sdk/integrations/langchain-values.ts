/** What goes into and comes out of chains and graphs: messages as messages, the rest as JSON. */
import type { CallAttributes } from "./call-span.js";
import { fieldsOf } from "./fields.js";
import { isMessage, plainContent, readMessages } from "./langchain-messages.js";
import { withoutBytes } from "./media-part.js";

export function inputAttributes(value: unknown): CallAttributes {
  const { messages, rest } = split(unwrap(value, "input"));
  return { "gen_ai.input.messages": messages && readMessages(messages), "input.value": json(rest) };
}

/** A graph's state repeats the whole conversation: what it adds is its last message. */
export function outputAttributes(value: unknown): CallAttributes {
  const { messages, rest } = split(unwrap(value, "output"));
  return { "gen_ai.output.messages": messages && readMessages(messages.slice(-1)), "output.value": json(rest) };
}

export function toolResult(output: unknown): unknown {
  const result = isMessage(output) ? plainContent(fieldsOf(output).content) : output;
  return typeof result === "string" ? result : json(result);
}

export function documentAttributes(documents: unknown): CallAttributes {
  if (!Array.isArray(documents)) return {};
  const found = documents
    .map(fieldsOf)
    .map(({ id, pageContent, metadata }) => ({ id, content: pageContent, metadata }));
  return { "gen_ai.retrieval.documents": json(found) };
}

/** LangChain puts what is no object into one. */
function unwrap(value: unknown, key: string): unknown {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return keys.length === 1 && keys[0] === key ? fieldsOf(value)[key] : value;
}

function split(value: unknown): { messages: unknown[] | undefined; rest: unknown } {
  if (isMessage(value)) return { messages: [value], rest: undefined };
  if (Array.isArray(value) && value.length > 0 && value.every(isMessage)) return { messages: value, rest: undefined };
  const { messages, ...rest } = fieldsOf(value);
  if (!Array.isArray(messages) || messages.length === 0 || Array.isArray(value))
    return { messages: undefined, rest: value };
  return { messages, rest: Object.keys(rest).length > 0 ? rest : undefined };
}

/** undefined for nothing, and for what JSON cannot say. */
function json(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return undefined;
  try {
    return JSON.stringify(value, function (this: Record<string, unknown>, key, serialized) {
      return isMessage(this[key]) ? readMessages([this[key]])[0] : withoutBytes(serialized);
    });
  } catch {
    return undefined;
  }
}
