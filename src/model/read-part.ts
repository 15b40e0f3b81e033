/** Reads one part of a message's content, of any provider's or framework's form. Pure, never throws. */
import type { MessagePart } from "./message.js";

export type Fields = Record<string, unknown>;

/** The value as an object to read fields from; null for everything else. */
export function asFields(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** The first of the values that is a string that is not empty. */
export function firstString(...values: unknown[]): string | null {
  for (const value of values) if (typeof value === "string" && value !== "") return value;
  return null;
}

/** JSON of anything; a string stays as it is. */
export function jsonText(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "[unreadable]";
  }
}

/** The value that a string holds as JSON object, array or quoted text; any other string as it is. */
export function parseLoose(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{"]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function toolCallPart(id: unknown, name: unknown, args: unknown): MessagePart {
  return {
    type: "tool_call",
    id: firstString(id),
    name: firstString(name) ?? "unknown",
    arguments: args === undefined ? null : parseLoose(args),
  };
}

/** A call out of a `tool_calls` list: OpenAI, LangChain, Vercel, OpenInference. */
export function readToolCall(value: unknown): MessagePart {
  const outer = asFields(value);
  const call = asFields(outer?.tool_call) ?? outer;
  if (!call) return { type: "text", content: jsonText(value) };
  const fn = asFields(call.function);
  return toolCallPart(
    call.id ?? call.toolCallId ?? call.tool_call_id ?? call.call_id,
    fn?.name ?? call.name ?? call.toolName,
    fn?.arguments ?? call.arguments ?? call.args ?? call.input,
  );
}

/** Vercel wraps results as `{type, value}`; a list of nothing but texts is one text. */
export function readToolResponse(value: unknown): unknown {
  const fields = asFields(value);
  if (fields && "value" in fields && typeof fields.type === "string") return fields.value;
  if (Array.isArray(value) && value.length > 0) {
    const parts = value.map(readPart);
    if (parts.every((part) => part.type === "text")) return parts.map((part) => part.content).join("\n");
  }
  return value ?? null;
}

function mediaPart(part: Fields, modality: string): MessagePart {
  const nested = asFields(part[modality]) ?? part;
  const source =
    asFields(part.source) ??
    asFields(part.inlineData) ??
    asFields(part.inline_data) ??
    asFields(part.image_url) ??
    asFields(part.input_audio) ??
    asFields(part.file) ??
    asFields(nested.image) ??
    nested;
  const mime = firstString(
    source.media_type,
    source.mime_type,
    source.mimeType,
    source.mediaType,
    part.mediaType,
    part.mime_type,
    source.format,
  );
  const address = firstString(
    source.url,
    source.uri,
    part.uri,
    part.image_url,
    part.file_id,
    source.file_id,
    source.fileUri,
    part.image,
    part.url,
  );
  const bytes = firstString(source.data, part.content, source.content, part.data, source.file_data);
  const detail = [
    mime,
    address && describeAddress(address),
    bytes && describeSize(bytes),
    firstString(part.filename, source.filename),
  ];
  const known = detail.filter((text) => text !== null && text !== "");
  return { type: "media", summary: known.length > 0 ? `${modality} (${known.join(", ")})` : modality };
}

function describeAddress(address: string): string {
  if (!address.startsWith("data:")) return address.length > 200 ? `${address.slice(0, 200)}…` : address;
  const comma = address.indexOf(",");
  return `${address.slice(5, comma < 0 ? 5 : comma).replace(";base64", "")} ${describeSize(address.slice(comma + 1))}`.trim();
}

function describeSize(base64: string): string {
  const bytes = Math.floor((base64.length * 3) / 4);
  return bytes < 1024
    ? `${bytes} B`
    : bytes < 1024 * 1024
      ? `${Math.round(bytes / 1024)} kB`
      : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function reasoningText(part: Fields): string {
  if (Array.isArray(part.summary))
    return part.summary.map((item) => firstString(asFields(item)?.text) ?? jsonText(item)).join("\n");
  return firstString(part.content, part.text, part.thinking, part.reasoning, part.summary) ?? "";
}

/** Reads a content part: OTel `parts`, OpenAI chat and Responses, Anthropic blocks, Vercel, LangChain, Gemini. */
export function readPart(value: unknown): MessagePart {
  const part = asFields(value);
  if (!part) return { type: "text", content: value === null || value === undefined ? "" : jsonText(value) };
  switch (part.type) {
    case "text":
    case "input_text":
    case "output_text":
    case "summary_text":
      return { type: "text", content: plainText(jsonText(part.text ?? part.content ?? "")) };
    case "refusal":
      return { type: "text", content: jsonText(part.refusal ?? part.content ?? "") };
    case "reasoning":
    case "thinking":
      return { type: "reasoning", content: reasoningText(part) };
    case "redacted_thinking":
    case "redacted-reasoning":
    case "anthropic_redacted_thinking":
      return { type: "reasoning", content: "[redacted by the provider]" };
    case "tool_call":
    case "tool-call":
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
    case "function_call":
    case "custom_tool_call":
      return toolCallPart(
        part.call_id ?? part.toolCallId ?? part.id,
        part.name ?? part.toolName ?? asFields(part.function)?.name,
        part.arguments ?? part.args ?? part.input ?? asFields(part.function)?.arguments,
      );
    case "tool_call_response":
    case "tool-result":
    case "tool_result":
    case "mcp_tool_result":
    case "function_call_output":
    case "custom_tool_call_output":
      return {
        type: "tool_call_response",
        id: firstString(part.tool_use_id, part.toolCallId, part.call_id, part.tool_call_id, part.id),
        response: readToolResponse(part.response ?? part.result ?? part.output ?? part.content),
      };
    case "image":
    case "image_url":
    case "input_image":
    case "anthropic_image":
      return mediaPart(part, "image");
    case "audio":
    case "input_audio":
      return mediaPart(part, "audio");
    case "video":
      return mediaPart(part, "video");
    case "file":
    case "input_file":
    case "document":
    case "anthropic_document":
    case "blob":
    case "uri":
      return mediaPart(part, firstString(part.modality) ?? "file");
    default:
      return untypedPart(part);
  }
}

/** Some instrumentations write the JSON of a list of text blocks where the text belongs. */
function plainText(text: string): string {
  if (!text.startsWith('[{"type":"text"') || !text.endsWith("]")) return text;
  const blocks = parseLoose(text);
  if (!Array.isArray(blocks)) return text;
  const texts = blocks.map((block) => asFields(block)?.text);
  return texts.every((item) => typeof item === "string") ? texts.join("\n") : text;
}

/** Gemini's parts carry no type; what is no known form becomes the text of its JSON. */
function untypedPart(part: Fields): MessagePart {
  if (part.type === undefined) {
    if (typeof part.text === "string") return { type: "text", content: part.text };
    const call = asFields(part.functionCall) ?? asFields(part.function_call);
    if (call) return toolCallPart(call.id, call.name, call.args);
    const answer = asFields(part.functionResponse) ?? asFields(part.function_response);
    if (answer)
      return { type: "tool_call_response", id: firstString(answer.id, answer.name), response: answer.response ?? null };
    if (part.inlineData || part.inline_data) return mediaPart(part, "file");
  }
  return { type: "text", content: jsonText(part) };
}
