/** Content blocks of Anthropic's Messages API → message parts. Source: https://docs.claude.com/en/api/messages */
import { type Fields, fieldsOf } from "./fields.js";
import { mediaPart } from "./media-part.js";

export type Part = Fields & { type: string };

/** A text is one block. */
export function partsOf(content: unknown): Part[] {
  if (typeof content === "string") return [{ type: "text", content }];
  return Array.isArray(content) ? content.flatMap(partsOfBlock) : [];
}

function partsOfBlock(value: unknown): Part[] {
  const block = fieldsOf(value);
  switch (block.type) {
    case "text":
      return [{ type: "text", content: block.text }];
    case "thinking":
      return [{ type: "reasoning", content: block.thinking }];
    case "redacted_thinking":
      return [{ type: "redacted_thinking" }];
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return [{ type: "tool_call", id: block.id, name: block.name, arguments: block.input }];
    case "tool_result":
      return [toolResponse(block, typeof block.content === "string" ? block.content : partsOf(block.content))];
    case "image":
    case "document":
      return mediaParts(block);
    default:
      // results of the tools that run at Anthropic
      if (typeof block.type === "string" && block.type.endsWith("_tool_result") && "tool_use_id" in block)
        return [toolResponse(block, readable(block.content))];
      return [readable(block) as Part];
  }
}

function toolResponse(block: Fields, response: unknown): Part {
  return {
    type: "tool_call_response",
    id: block.tool_use_id,
    response,
    ...(block.is_error === true ? { is_error: true } : {}),
  };
}

/** A document may hold text, or blocks of its own. */
function mediaParts(block: Fields): Part[] {
  const { type, data, content } = fieldsOf(block.source);
  if (type === "text") return [{ type: "text", content: data }];
  if (type === "content") return partsOf(content);
  return [(mediaPart(block) ?? { type: block.type }) as Part];
}

/** A value without what is encrypted and without bytes, at any depth. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  const block = value as Fields;
  if (block.type === "image" || block.type === "document") return mediaPart(block);
  if (block.type === "base64") return mediaPart({ type: "file", source: block });
  return Object.fromEntries(
    Object.entries(block).flatMap(([key, field]) => (key.startsWith("encrypted_") ? [] : [[key, readable(field)]])),
  );
}
