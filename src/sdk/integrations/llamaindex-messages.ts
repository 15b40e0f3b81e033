/** Messages, tools and documents of LlamaIndex in the form of `gen_ai.*`. */
import { asFields, type Fields } from "../../model/read-part.js";
import { mediaPart, withoutBytes } from "./media-part.js";

export type Message = { role: string; parts: Fields[]; finish_reason?: string };

/** Source: `ChatMessage` of @llamaindex/core/llms; calls and results of tools are in `options`. */
export function readMessages(messages: unknown): Message[] {
  return Array.isArray(messages) ? messages.map((message) => readMessage(message)) : [];
}

export function readMessage(message: unknown): Message {
  const { role, content, options } = asFields(message) ?? {};
  const { toolCall, toolResult, thinking } = asFields(options) ?? {};
  const result = asFields(toolResult);
  if (result) {
    const response = result.result ?? plainText(content);
    return { role: "tool", parts: [{ type: "tool_call_response", id: result.id, response }] };
  }
  return {
    role: String(role ?? "user"),
    parts: [...reasoning(thinking), ...readContent(content), ...readToolCalls(toolCall)],
  };
}

export function userMessage(content: unknown): Message {
  return { role: "user", parts: readContent(content) };
}

/** `content` of a message: text, or a list of texts, images, recordings and files. */
function readContent(content: unknown): Fields[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", content }];
  if (!Array.isArray(content)) return [];
  return content.map((part) => {
    const fields = asFields(part) ?? {};
    return fields.type === "text" ? { type: "text", content: fields.text } : (mediaPart(part) ?? { type: fields.type });
  });
}

export function reasoning(thinking: unknown): Fields[] {
  return typeof thinking === "string" && thinking !== "" ? [{ type: "reasoning", content: thinking }] : [];
}

export function readToolCalls(calls: unknown): Fields[] {
  if (!Array.isArray(calls)) return [];
  return calls.map((call) => {
    const { id, name, input } = asFields(call) ?? {};
    return { type: "tool_call", id, name, arguments: parsed(input) };
  });
}

/** Arguments come as text where the provider sends text. */
function parsed(input: unknown): unknown {
  if (typeof input !== "string") return input;
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}

/** The text of a message's content or of a query. */
export function plainText(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  const query = asFields(content)?.query;
  if (query !== undefined) return plainText(query);
  if (!Array.isArray(content)) return undefined;
  const texts = content.map((part) => asFields(part)?.text).filter((text) => typeof text === "string");
  return texts.join("\n");
}

export function readToolDefinitions(tools: unknown): Fields[] | undefined {
  if (!Array.isArray(tools) || tools.length === 0) return undefined;
  return tools.map((tool) => {
    const { name, description, parameters } = asFields(asFields(tool)?.metadata) ?? {};
    return { type: "function", name, description, parameters };
  });
}

/** Of `NodeWithScore`s: the text that a model would get, never an image's bytes or an embedding. */
export function readDocuments(nodes: unknown): Fields[] | undefined {
  if (!Array.isArray(nodes)) return undefined;
  return nodes.map((item) => {
    const { node, score } = asFields(item) ?? {};
    const { id_, text, metadata } = asFields(node) ?? {};
    return { id: id_, score, content: typeof text === "string" ? text : undefined, metadata };
  });
}

/** undefined for what JSON cannot say. */
export function json(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value, (_key, inner) => withoutBytes(inner));
  } catch {
    return undefined;
  }
}
