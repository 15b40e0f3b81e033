/** LangChain's messages in the form of `gen_ai.input.messages`. */
import { type Fields, fieldsOf } from "./fields.js";
import { mediaPart } from "./media-part.js";

export type Message = { role: string; parts: Fields[]; finish_reason?: string };

/** A `BaseMessage` of any copy of LangChain. */
export function isMessage(value: unknown): boolean {
  const message = fieldsOf(value);
  return (
    "content" in message && (typeof message.getType === "function" || typeof message._getType === "function") === true
  );
}

/** Messages of every form that LangChain takes: its own, `{role, content}`, `[role, text]`, a text. */
export function readMessages(values: readonly unknown[]): Message[] {
  return values.map(readMessage);
}

const roles: Record<string, string> = { human: "user", ai: "assistant", function: "tool" };

function readMessage(value: unknown): Message {
  if (typeof value === "string") return { role: "user", parts: [text(value)] };
  if (Array.isArray(value)) return { role: roles[value[0]] ?? String(value[0]), parts: readContent(value[1]) };
  const message = fieldsOf(value);
  const type = typeOf(message);
  const role = type === "generic" ? String(message.role) : (roles[type] ?? type);
  if (role === "tool")
    return {
      role,
      parts: [{ type: "tool_call_response", id: message.tool_call_id, response: plainContent(message.content) }],
    };
  return {
    role,
    parts: [...reasoning(message), ...readContent(message.content), ...refusal(message), ...calls(message)],
  };
}

function typeOf(message: Fields): string {
  if (typeof message.getType === "function") return message.getType();
  if (typeof message._getType === "function") return message._getType();
  return String(message.role ?? message.type ?? "user");
}

function text(content: string): Fields {
  return { type: "text", content };
}

function readContent(content: unknown): Fields[] {
  if (typeof content === "string") return content === "" ? [] : [text(content)];
  if (!Array.isArray(content)) return content === undefined || content === null ? [] : [text(JSON.stringify(content))];
  return content.flatMap(readBlock);
}

function readBlock(block: unknown): Fields[] {
  if (typeof block === "string") return [text(block)];
  const { type, ...rest } = fieldsOf(block);
  switch (type) {
    case "text":
    case "input_text":
    case "output_text":
      return [text(String(rest.text ?? ""))];
    case "refusal":
      return [{ type, content: rest.refusal }];
    case "reasoning":
    case "thinking":
      return [{ type: "reasoning", content: rest.reasoning ?? rest.thinking ?? rest.text ?? "" }];
    // the message names its calls apart
    case "tool_use":
    case "tool_call":
    case "tool_call_chunk":
    case "input_json_delta":
    case "function_call":
      return [];
  }
  return [mediaPart(block) ?? { type: String(type ?? "unknown"), ...rest }];
}

/** The content of a tool's message: its text, or parts where it is more than text. */
export function plainContent(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  const parts = readContent(content);
  return parts.every((part) => part.type === "text") ? parts.map((part) => part.content).join("\n") : parts;
}

/** What DeepSeek and OpenAI put beside the content. */
function reasoning(message: Fields): Fields[] {
  const { reasoning_content, reasoning } = fieldsOf(message.additional_kwargs);
  if (typeof reasoning_content === "string" && reasoning_content) {
    return [{ type: "reasoning", content: reasoning_content }];
  }
  const summary = fieldsOf(reasoning).summary;
  if (!Array.isArray(summary) || summary.length === 0) return [];
  return [{ type: "reasoning", content: summary.map((item) => fieldsOf(item).text ?? "").join("\n") }];
}

function refusal(message: Fields): Fields[] {
  const { refusal } = fieldsOf(message.additional_kwargs);
  return typeof refusal === "string" && refusal ? [{ type: "refusal", content: refusal }] : [];
}

function calls(message: Fields): Fields[] {
  const valid = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  const invalid = Array.isArray(message.invalid_tool_calls) ? message.invalid_tool_calls : [];
  return [...valid, ...invalid].map((call) => ({
    type: "tool_call",
    id: call.id,
    name: call.name ?? fieldsOf(call.function).name,
    arguments: call.args ?? fieldsOf(call.function).arguments,
  }));
}
