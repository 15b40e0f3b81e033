/** The answer of a call of Anthropic's API, in one piece or event by event → span attributes. */
import { type Part, partsOf } from "./anthropic-content.js";
import type { CallAttributes } from "./call-span.js";
import { type Fields, fieldsOf } from "./fields.js";
import type { AnswerReader } from "./observe-stream.js";

/** Characters of a streamed answer that are kept: more than a model can say at once. */
const maxLength = 8_000_000;

/** Reads `Message` and `Completion`, and the events that stream them. */
export function createMessageReader(): AnswerReader {
  let message: Fields = {};
  let usage: Fields = {};
  const blocks = new Map<unknown, Fields>();
  let length = 0;

  function append(block: Fields | undefined, field: string, text: unknown): void {
    if (!block || typeof text !== "string" || length > maxLength) return;
    length += text.length;
    block[field] = (block[field] ?? "") + text;
  }
  function readDelta({ index, delta }: Fields): void {
    const { type, text, thinking, partial_json } = fieldsOf(delta);
    const block = blocks.get(index);
    if (type === "text_delta") append(block, "text", text);
    else if (type === "thinking_delta") append(block, "thinking", thinking);
    else if (type === "input_json_delta") append(block, "json", partial_json);
    else if (type === "compaction_delta") append(block, "content", fieldsOf(delta).content);
  }

  return {
    result(value) {
      message = fieldsOf(value);
      usage = fieldsOf(message.usage);
      const content = message.type === "completion" ? [completionBlock(message)] : message.content;
      if (Array.isArray(content)) content.forEach((block, index) => void blocks.set(index, block));
    },
    chunk(value) {
      const event = fieldsOf(value);
      switch (event.type) {
        case "message_start": {
          const { stop_reason, ...started } = fieldsOf(event.message);
          const { output_tokens, output_tokens_details, ...counted } = fieldsOf(started.usage);
          // what the start says of the end is a placeholder
          message = started;
          usage = counted;
          break;
        }
        case "content_block_start":
          blocks.set(event.index, { ...fieldsOf(event.content_block) });
          break;
        case "content_block_delta":
          readDelta(event);
          break;
        case "message_delta":
          message = { ...message, ...present(event.delta) };
          usage = { ...usage, ...present(event.usage) };
          break;
        case "completion": {
          if (!blocks.has(0)) blocks.set(0, { type: "text", text: "" });
          append(blocks.get(0), "text", event.completion);
          message = { ...message, ...present(event) };
        }
      }
    },
    attributes: () => ({
      "gen_ai.response.id": message.id,
      "gen_ai.response.model": message.model,
      "gen_ai.response.finish_reasons": finishReason(message) && [finishReason(message)],
      "anthropic.message.stop_sequence": message.stop_sequence ?? message.stop,
      "gen_ai.output.messages": outputMessages(message, [...blocks.values()]),
      ...usageAttributes(usage),
    }),
  };
}

function present(value: unknown): Fields {
  return Object.fromEntries(Object.entries(fieldsOf(value)).filter(([, field]) => field !== null));
}

function completionBlock({ completion }: Fields): Fields {
  return { type: "text", text: completion };
}

function finishReason({ stop_reason }: Fields): string | undefined {
  return typeof stop_reason === "string" ? stop_reason : undefined;
}

function outputMessages(message: Fields, blocks: Fields[]): Fields[] | undefined {
  if (blocks.length === 0 && message.id === undefined) return undefined;
  const parts: Part[] = partsOf(blocks.map(({ json, ...block }) => (json ? { ...block, input: parsed(json) } : block)));
  const finish_reason = finishReason(message);
  return [{ role: "assistant", parts, ...(finish_reason ? { finish_reason } : {}) }];
}

/** A tool call that was cut off is no JSON: its text is kept. */
function parsed(json: unknown): unknown {
  try {
    return JSON.parse(json as string);
  } catch {
    return json;
  }
}

/** Anthropic's count of input tokens leaves out what was read from and written to the cache. */
function usageAttributes(usage: Fields): CallAttributes {
  const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens } = usage;
  const counts = [input_tokens, cache_read_input_tokens, cache_creation_input_tokens];
  return {
    "gen_ai.usage.input_tokens":
      typeof input_tokens === "number"
        ? counts.reduce<number>((sum, count) => sum + (typeof count === "number" ? count : 0), 0)
        : undefined,
    "gen_ai.usage.output_tokens": usage.output_tokens,
    "gen_ai.usage.cache_read.input_tokens": cache_read_input_tokens,
    "gen_ai.usage.cache_creation.input_tokens": cache_creation_input_tokens,
    "gen_ai.usage.reasoning.output_tokens": fieldsOf(usage.output_tokens_details).thinking_tokens,
    "anthropic.response.service_tier": usage.service_tier,
  };
}
