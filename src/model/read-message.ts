/** Reads messages of a conversation from the JSON that instrumentations record, whichever form it has. Browser-safe, never throws. */
import type { Message, MessagePart } from "./message.js";
import { asFields, type Fields, firstString, jsonText, readPart, readToolCall, readToolResponse } from "./read-part.js";

/** The roles of LangChain and Gemini under the names that everyone else uses. */
const roleNames: Record<string, string> = {
  human: "user",
  HumanMessage: "user",
  HumanMessageChunk: "user",
  ai: "assistant",
  AIMessage: "assistant",
  AIMessageChunk: "assistant",
  model: "assistant",
  SystemMessage: "system",
  SystemMessageChunk: "system",
  ToolMessage: "tool",
  ToolMessageChunk: "tool",
  FunctionMessage: "tool",
};

function roleName(role: string): string {
  return Object.hasOwn(roleNames, role) ? (roleNames[role] as string) : role;
}

/**
 * Reads a JSON array of messages, a single message, a request or response that holds messages, or plain text.
 * `role` is that of texts which name none.
 */
export function readMessages(json: string, role = "user"): Message[] {
  if (/^\s*[[{"]/.test(json)) {
    try {
      return messagesFromValue(JSON.parse(json), role);
    } catch {
      // no JSON after all: a text that begins with a bracket, or was cut off
    }
  }
  return json.trim() === "" ? [] : [textMessage(role, json)];
}

/** The same for a value that is parsed already. */
export function messagesFromValue(value: unknown, role = "user"): Message[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value))
    return value.flatMap((item) =>
      Array.isArray(item) ? item.map((inner) => readMessage(inner, role)) : [readMessage(item, role)],
    );
  const fields = asFields(value);
  return (fields && unwrap(fields, role)) ?? [readMessage(value, role)];
}

/** Requests and responses that hold messages: OpenAI, Responses, Anthropic, Gemini, LangChain, Vercel's `ai.prompt`. */
function unwrap(fields: Fields, role: string): Message[] | null {
  if (fields.role !== undefined || fields.lc !== undefined) return null;
  const held = [fields.messages, fields.choices, fields.generations, fields.candidates, fields.input, fields.output];
  const list = held.find(Array.isArray);
  const prompt = typeof fields.prompt === "string" || Array.isArray(fields.prompt) ? fields.prompt : null;
  const text =
    list === undefined && fields.model !== undefined && typeof fields.input === "string" ? fields.input : null;
  if (list === undefined && prompt === null && text === null) return null;
  const system = fields.system ?? fields.instructions;
  return [
    ...(system ? [readMessage({ role: "system", content: system })] : []),
    ...messagesFromValue(list, role),
    ...messagesFromValue(prompt, "user"),
    ...messagesFromValue(text, "user"),
  ];
}

function textMessage(role: string, content: string): Message {
  return { role, parts: [{ type: "text", content }] };
}

/** Reads one message of any form; `role` is taken where it names none. What is no message becomes the text of its JSON. */
export function readMessage(element: unknown, role = "user"): Message {
  const fields = asFields(element);
  if (!fields) return textMessage(role, element === null || element === undefined ? "" : jsonText(element));
  if (fields.lc !== undefined && asFields(fields.kwargs)) return readLangChain(fields, role);
  const inner = asFields(fields.message);
  // a choice of a response, a LangChain generation, an OpenInference element
  if (inner && fields.role === undefined)
    return withFinishReason(readMessage(inner, role === "user" ? "assistant" : role), fields);
  // LangChain's messagesToDict
  const data = asFields(fields.data);
  if (data && typeof fields.type === "string" && fields.role === undefined)
    return readMessage({ ...data, role: fields.type }, role);
  // a candidate of Gemini
  const content = asFields(fields.content);
  if (content && fields.role === undefined && Array.isArray(content.parts))
    return withFinishReason(readMessage(content, "assistant"), fields);

  const own =
    firstString(fields.role) ??
    (typeof fields.type === "string" && Object.hasOwn(roleNames, fields.type) ? fields.type : null);
  if (own === null && fields.parts === undefined && (fields.content === undefined || typeof fields.type === "string"))
    return readItem(fields, role);
  const message: Message = { role: roleName(own ?? role), parts: [] };
  message.parts = Array.isArray(fields.parts) ? fields.parts.map(readPart) : contentParts(fields, message.role);
  return withFinishReason(message, fields);
}

function withFinishReason(message: Message, fields: Fields): Message {
  const reason = firstString(fields.finish_reason, fields.finishReason);
  if (reason !== null) message.finish_reason = reason;
  return message;
}

/** An item that is one part and no message: calls and results of OpenAI Responses, a lone content block. */
function readItem(fields: Fields, role: string): Message {
  const part = readPart(fields);
  const ofPart = {
    text: role,
    media: role,
    reasoning: "assistant",
    tool_call: "assistant",
    tool_call_response: "tool",
  };
  return { role: ofPart[part.type], parts: [part] };
}

function readLangChain(fields: Fields, role: string): Message {
  const kwargs = asFields(fields.kwargs) ?? {};
  const className = Array.isArray(fields.id) ? fields.id.at(-1) : undefined;
  return readMessage({
    ...kwargs,
    role:
      typeof className === "string" && Object.hasOwn(roleNames, className)
        ? roleNames[className]
        : (kwargs.role ?? role),
  });
}

function contentParts(fields: Fields, role: string): MessagePart[] {
  const { content } = fields;
  const answers = firstString(fields.tool_call_id, fields.toolCallId);
  const isResult =
    (role === "tool" || role === "function") &&
    !(Array.isArray(content) && content.some((part) => /^tool/.test(String(asFields(part)?.type))));
  if (isResult && content !== undefined) {
    return [{ type: "tool_call_response", id: answers ?? firstString(fields.id), response: readToolResponse(content) }];
  }
  const parts: MessagePart[] = [];
  const reasoning = firstString(fields.reasoning_content, fields.reasoning);
  if (reasoning !== null) parts.push({ type: "reasoning", content: reasoning });
  if (Array.isArray(content)) parts.push(...content.map(readPart));
  else if (typeof content === "string" ? content !== "" : content !== null && content !== undefined)
    parts.push(readPart(content));
  if (typeof fields.refusal === "string" && fields.refusal !== "")
    parts.push({ type: "text", content: fields.refusal });
  const calls = fields.tool_calls ?? fields.toolCalls;
  if (Array.isArray(calls)) for (const call of calls) addCall(parts, readToolCall(call));
  const call = asFields(fields.function_call);
  if (call) addCall(parts, readToolCall(call));
  return parts;
}

/** LangChain and OpenInference tell of Anthropic's calls twice, in the content and in `tool_calls`. */
function addCall(parts: MessagePart[], call: MessagePart): void {
  const known =
    call.type === "tool_call" &&
    call.id !== null &&
    parts.some((part) => part.type === "tool_call" && part.id === call.id);
  if (!known) parts.push(call);
}

/** All that a message says, for previews and search: texts, reasoning, calls with their arguments, results; one line each. */
export function messageText(message: Message): string {
  return message.parts
    .map(partText)
    .filter((text) => text !== "")
    .join("\n");
}

function partText(part: MessagePart): string {
  switch (part.type) {
    case "text":
    case "reasoning":
      return part.content;
    case "tool_call":
      return `${part.name}(${part.arguments === null ? "" : jsonText(part.arguments)})`;
    case "tool_call_response":
      return part.response === null ? "" : jsonText(part.response);
    case "media":
      return `[${part.summary}]`;
  }
}

/** The text of recorded system instructions, which are plain text or a JSON array of parts. */
export function systemText(recorded: string): string {
  if (!/^\s*[[{]/.test(recorded)) return recorded;
  try {
    const value: unknown = JSON.parse(recorded);
    const parts = (Array.isArray(value) ? value : [value]).map(readPart);
    return messageText({ role: "system", parts });
  } catch {
    return recorded;
  }
}
