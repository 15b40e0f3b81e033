/** OpenAI's Responses API → `gen_ai.*`: requests, answers and events. */
import type { CallAttributes } from "./call-span.js";
import { type Fields, fieldsOf } from "./fields.js";
import type { AnswerReader, Failure } from "./observe-stream.js";
import {
  answerBound,
  contentParts,
  createAllowance,
  failureOf,
  listOf,
  type Part,
  toolCall,
  toolDefinitions,
  toolResponse,
  withoutBytes,
} from "./openai-content.js";

type Message = { role: unknown; parts: Part[] };

export function responsesRequest(body: Fields): CallAttributes {
  const format = fieldsOf(fieldsOf(body.text).format).type;
  const { conversation } = body;
  return {
    "openai.api.type": "responses",
    "gen_ai.request.temperature": body.temperature,
    "gen_ai.request.top_p": body.top_p,
    "gen_ai.request.max_tokens": body.max_output_tokens,
    "gen_ai.request.stream": body.stream === true ? true : undefined,
    "openai.request.service_tier": body.service_tier,
    "openai.request.previous_response_id": body.previous_response_id,
    "gen_ai.conversation.id": typeof conversation === "string" ? conversation : fieldsOf(conversation).id,
    "gen_ai.output.type": format === "json_schema" || format === "json_object" ? "json" : format,
    "gen_ai.system_instructions": instructions(body.instructions),
    "gen_ai.tool.definitions": toolDefinitions(body.tools),
    "gen_ai.input.messages": inputMessages(body.input),
  };
}

function instructions(value: unknown): Part[] | undefined {
  return typeof value === "string" ? contentParts(value) : undefined;
}

function inputMessages(input: unknown): Message[] {
  if (typeof input === "string") return [{ role: "user", parts: contentParts(input) }];
  return joined(listOf(input).map(itemMessage));
}

/** What a model says and calls is one message, although each is an item. */
function joined(messages: Message[]): Message[] {
  const out: Message[] = [];
  for (const message of messages) {
    const last = out.at(-1);
    if (last?.role === "assistant" && message.role === "assistant") last.parts.push(...message.parts);
    else out.push(message);
  }
  return out;
}

function itemMessage(value: unknown): Message {
  const item = fieldsOf(value);
  const type = typeof item.type === "string" ? item.type : "message";
  if (type === "message") return { role: item.role, parts: contentParts(item.content) };
  if (type.endsWith("_output")) return { role: "tool", parts: [toolResponse(item.call_id, item.output)] };
  return { role: "assistant", parts: assistantParts(type, item) };
}

function assistantParts(type: string, item: Fields): Part[] {
  switch (type) {
    case "reasoning":
      return [...contentParts(item.summary), ...contentParts(item.content)].map((part) => ({
        ...part,
        type: "reasoning",
      }));
    case "function_call":
    case "custom_tool_call":
      return [toolCall(item.call_id, item.name, item.arguments ?? item.input)];
    case "mcp_call":
      return [
        toolCall(item.id, item.name, item.arguments),
        ...(item.output || item.error ? [toolResponse(item.id, item.output ?? item.error)] : []),
      ];
    default: {
      if (!type.endsWith("_call")) return [withoutBytes(item) as Part];
      // tools that run at OpenAI: web and file search, code interpreter, images, computers, shells
      const { type: _, id, call_id, status: __, ...rest } = fieldsOf(withoutBytes(item));
      return [toolCall(call_id ?? id, type.slice(0, -"_call".length), rest)];
    }
  }
}

/** Calls that the program has to answer before the model goes on. */
const awaited = new Set([
  "function_call",
  "custom_tool_call",
  "computer_call",
  "local_shell_call",
  "shell_call",
  "apply_patch_call",
]);

function finishReason({ status, output, incomplete_details }: Fields): string | undefined {
  switch (status) {
    case "completed":
      return listOf(output).some((item) => awaited.has(String(fieldsOf(item).type))) ? "tool_call" : "stop";
    case "incomplete": {
      const { reason } = fieldsOf(incomplete_details);
      return reason === "max_output_tokens" ? "length" : String(reason ?? "incomplete");
    }
    case "failed":
      return "error";
    default:
      return undefined;
  }
}

export function createResponsesReader(): AnswerReader {
  const allowance = createAllowance(answerBound);
  /** of an answer that is broken off: its items so far, and the text of those that are not complete */
  const items = new Map<unknown, unknown>();
  const texts = new Map<unknown, string>();
  let response: Fields = {};
  let failure: Failure | null = null;

  function whole(value: unknown): void {
    response = fieldsOf(value);
    const { code, message } = fieldsOf(response.error);
    if (response.status === "failed") failure = failureOf(code, message);
  }
  function output(): unknown[] {
    if (listOf(response.output).length > 0) return listOf(response.output);
    const partial = [...texts].map(([index, text]) => [index, { role: "assistant", content: text }] as const);
    return [...items, ...partial].sort(([a], [b]) => Number(a) - Number(b)).map(([, item]) => item);
  }

  return {
    result: whole,
    chunk(value) {
      const event = fieldsOf(value);
      const index = event.output_index;
      if (event.response) whole(event.response);
      else if (event.type === "error") failure = failureOf(event.code, event.message);
      else if (event.type === "response.output_text.delta" || event.type === "response.refusal.delta") {
        if (texts.has(index) || allowance.more())
          texts.set(index, `${texts.get(index) ?? ""}${allowance.take(event.delta)}`);
      } else if (event.type === "response.output_item.done" && allowance.more()) {
        texts.delete(index);
        items.set(index, event.item);
      }
    },
    attributes() {
      const finish_reason = finishReason(response);
      const parts = joined(output().map(itemMessage)).flatMap((message) => message.parts);
      const usage = fieldsOf(response.usage);
      const input = fieldsOf(usage.input_tokens_details);
      return {
        "gen_ai.response.id": response.id,
        "gen_ai.response.model": response.model,
        "gen_ai.response.finish_reasons": finish_reason && [finish_reason],
        "gen_ai.conversation.id": fieldsOf(response.conversation).id,
        "openai.response.service_tier": response.service_tier,
        "gen_ai.output.messages":
          parts.length > 0 ? [{ role: "assistant", parts, ...(finish_reason ? { finish_reason } : {}) }] : undefined,
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": input.cached_tokens,
        "gen_ai.usage.cache_creation.input_tokens": input.cache_write_tokens,
        "gen_ai.usage.reasoning.output_tokens": fieldsOf(usage.output_tokens_details).reasoning_tokens,
      };
    },
    failure: () => failure,
  };
}
