/** Content of messages in OpenAI's APIs → message parts. Nothing of its form is taken for granted: other services speak it too. */
import { type Fields, fieldsOf } from "./fields.js";
import { mediaPart } from "./media-part.js";
import type { Failure } from "./observe-stream.js";

export type Part = Fields & { type: string };

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Text, or a list of text, images, audio, files and refusals, of chat completions and of Responses. */
export function contentParts(content: unknown): Part[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", content }];
  return listOf(content).map(contentPart);
}

function contentPart(value: unknown): Part {
  if (typeof value === "string") return { type: "text", content: value };
  const block = fieldsOf(value);
  switch (block.type) {
    case "text":
    case "input_text":
    case "output_text":
    case "summary_text":
    case "reasoning_text":
      return { type: "text", content: block.text };
    case "refusal":
      return { type: "refusal", content: block.refusal };
    default:
      return (mediaPart(block) ?? withoutBytes(block)) as Part;
  }
}

export function toolCall(id: unknown, name: unknown, args: unknown): Part {
  return { type: "tool_call", id, name, arguments: args };
}

/** What a tool answered is text, or parts. */
export function toolResponse(id: unknown, output: unknown): Part {
  return {
    type: "tool_call_response",
    id,
    response: Array.isArray(output) ? contentParts(output) : withoutBytes(output),
  };
}

/** A copy in which bytes have become their size; images come as data addresses or as a `result` in base64. */
export function withoutBytes(value: unknown, depth = 0): unknown {
  if (typeof value === "string") {
    const isData = value.startsWith("data:") && value.length > 200;
    return isData ? mediaPart({ type: "file", url: value }) : value;
  }
  if (typeof value !== "object" || value === null || depth > 8) return value;
  if (Array.isArray(value)) return value.map((item) => withoutBytes(item, depth + 1));
  const { encrypted_content: _, ...fields } = value as Fields;
  if (fields.type === "image_generation_call" && typeof fields.result === "string")
    fields.result = mediaPart({ type: "image", data: fields.result, format: fields.output_format });
  return Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, withoutBytes(item, depth + 1)]));
}

/** Tools of both APIs in one form; those that run at OpenAI have no more than a type. */
export function toolDefinitions(tools: unknown): unknown[] | undefined {
  if (!Array.isArray(tools)) return undefined;
  return tools.map((tool) => {
    const { type, function: inner, custom, ...rest } = fieldsOf(tool);
    if (inner === undefined && custom === undefined) return { type, ...rest };
    const { name, description, parameters, strict, format } = fieldsOf(inner ?? custom);
    return { type, name, description, parameters, strict, format };
  });
}

/** Pieces of text that are put together, up to a bound for all of them. */
export function createAllowance(characters: number) {
  let left = characters;
  return {
    /** What may be kept of `piece`. */
    take(piece: unknown): string {
      if (typeof piece !== "string") return "";
      const kept = piece.length <= left ? piece : piece.slice(0, left);
      left -= kept.length;
      return kept;
    },
    /** Whether there may be one more thing that holds pieces. */
    more(): boolean {
      left -= 100;
      return left > 0;
    },
  };
}

/** Characters of an answer that is put together from chunks; models write less. */
export const answerBound = 4_000_000;

/** What an answer that arrived calls its failure. */
export function failureOf(code: unknown, message: unknown): Failure {
  return {
    type: typeof code === "string" && code ? code : "response_failed",
    message: typeof message === "string" && message ? message : "the response failed",
  };
}
