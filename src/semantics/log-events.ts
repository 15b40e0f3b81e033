/**
 * Message content that travels as log records beside the spans: `gen_ai.*.message`, `gen_ai.choice` and
 * `gen_ai.client.inference.operation.details`. Source: OpenTelemetry semantic conventions, generative AI events.
 */
import type { Message } from "../model/message.js";
import { type OtlpLogRecord, plainValue } from "../model/otlp.js";
import { messagesFromValue, readMessage } from "../model/read-message.js";
import { asFields, parseLoose } from "../model/read-part.js";
import { type AttributeMap, indexAttributes, textAt, valueAt } from "./span-view.js";

export type LogMessage = { direction: "input" | "output" | "system"; message: Message };

const roles: Record<string, string> = {
  "gen_ai.system.message": "system",
  "gen_ai.user.message": "user",
  "gen_ai.assistant.message": "assistant",
  "gen_ai.tool.message": "tool",
};

/** The messages of a record, in order; null = the record is no message content. Never throws. */
export function normaliseLog(record: OtlpLogRecord): LogMessage[] | null {
  const attributes = indexAttributes(record.attributes);
  const name = (typeof record.eventName === "string" && record.eventName) || textAt(attributes, "event.name") || "";
  if (name === "gen_ai.client.inference.operation.details") return details(attributes);
  const role = Object.hasOwn(roles, name) ? (roles[name] as string) : null;
  if (role === null && name !== "gen_ai.choice") return null;
  const body = bodyOf(record);
  if (role !== null) return [{ direction: "input", message: readMessage({ role, ...asObject(body) }, role) }];
  const choice = asObject(body);
  const message = readMessage({ role: "assistant", ...asObject(choice.message ?? choice) }, "assistant");
  if (typeof choice.finish_reason === "string") message.finish_reason = choice.finish_reason;
  return [{ direction: "output", message }];
}

function bodyOf(record: OtlpLogRecord): unknown {
  try {
    return parseLoose(plainValue(record.body));
  } catch {
    return null;
  }
}

/** Bodies are objects; a bare text is the message's content. */
function asObject(value: unknown): Record<string, unknown> {
  return asFields(value) ?? (value === null || value === undefined ? {} : { content: value });
}

function details(attributes: AttributeMap): LogMessage[] | null {
  const found: LogMessage[] = [];
  const add = (direction: LogMessage["direction"], key: string, role: string) => {
    const value = parseLoose(valueAt(attributes, key));
    if (direction === "system" && Array.isArray(value)) {
      found.push({ direction, message: readMessage({ role, content: value }, role) });
    } else {
      for (const message of messagesFromValue(value, role)) found.push({ direction, message });
    }
  };
  add("system", "gen_ai.system_instructions", "system");
  add("input", "gen_ai.input.messages", "user");
  add("output", "gen_ai.output.messages", "assistant");
  return found.length > 0 ? found : null;
}
