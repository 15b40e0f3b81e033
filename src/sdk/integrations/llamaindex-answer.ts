/** What a model answered through LlamaIndex, in one piece or streamed, and what the provider's own answer says of it. */
import { asFields, type Fields } from "../../model/read-part.js";
import type { CallAttributes } from "./call-span.js";
import { type Message, readMessage, readToolCalls, reasoning } from "./llamaindex-messages.js";
import type { AnswerReader } from "./observe-stream.js";

/** For `ChatResponse` and `CompletionResponse` and for chunks of either. */
export function answerReader(): AnswerReader {
  const facts: CallAttributes = {};
  let message: Message | undefined;
  let text = "";
  let thinking = "";
  /** by id: chunks repeat a call with more of its arguments each time */
  const toolCalls = new Map<unknown, unknown>();

  return {
    result(value) {
      const answer = asFields(value) ?? {};
      readRaw(answer.raw, facts);
      message = answer.message
        ? readMessage(answer.message)
        : { role: "assistant", parts: [{ type: "text", content: answer.text }] };
      const refusal = asFields(choicesOf(asFields(answer.raw))[0]?.message)?.refusal;
      if (typeof refusal === "string") message.parts.push({ type: "refusal", content: refusal });
    },
    chunk(value) {
      const { delta, text: completed, raw, options } = asFields(value) ?? {};
      readRaw(raw, facts);
      text += delta ?? completed ?? "";
      const { toolCall, thinking: thought } = asFields(options) ?? {};
      if (typeof thought === "string") thinking += thought;
      for (const call of Array.isArray(toolCall) ? toolCall : []) toolCalls.set(asFields(call)?.id, call);
    },
    attributes() {
      const streamed = [
        ...reasoning(thinking),
        ...(text ? [{ type: "text", content: text }] : []),
        ...readToolCalls([...toolCalls.values()]),
      ];
      const output = message ?? (streamed.length > 0 ? { role: "assistant", parts: streamed } : undefined);
      const finish = facts["gen_ai.response.finish_reasons"];
      if (output && Array.isArray(finish)) output.finish_reason = finish[0];
      return { ...facts, "gen_ai.output.messages": output && [output] };
    },
  };
}

/**
 * Adds what `raw` says to `facts`; later chunks hold. In the forms of OpenAI (chat and Responses), Anthropic, Gemini,
 * Ollama and Bedrock, and what speaks like one of them.
 */
function readRaw(raw: unknown, facts: CallAttributes): void {
  const outer = asFields(raw);
  if (!outer) return;
  // events of OpenAI's Responses and results of Gemini wrap the response, Anthropic's first event the message
  for (const body of [outer, asFields(outer.response), asFields(outer.message)]) {
    if (!body) continue;
    const finish = finishReasons(body);
    assign(facts, {
      "gen_ai.response.id": body === outer && outer.type ? undefined : (body.id ?? body.responseId),
      "gen_ai.response.model": body.model ?? body.modelVersion,
      "gen_ai.response.finish_reasons": finish.length > 0 ? finish : undefined,
      ...readUsage(asFields(body.usage) ?? asFields(body.usageMetadata) ?? body),
    });
  }
  if (outer.type === "message") assign(facts, { "gen_ai.response.id": outer.id });
}

function assign(facts: CallAttributes, found: CallAttributes): void {
  for (const [key, value] of Object.entries(found)) if (value !== undefined && value !== null) facts[key] = value;
}

function choicesOf(body: Fields | null): Fields[] {
  const list = body?.choices ?? body?.candidates;
  return Array.isArray(list) ? list.map((choice) => asFields(choice) ?? {}) : [];
}

function finishReasons(body: Fields): string[] {
  const reasons = [
    ...choicesOf(body).map((choice) => choice.finish_reason ?? choice.finishReason),
    body.stop_reason ?? asFields(body.delta)?.stop_reason ?? body.stopReason ?? body.done_reason,
    body.object === "response" ? (asFields(body.incomplete_details)?.reason ?? finished(body.status)) : undefined,
  ];
  return reasons.filter((reason): reason is string => typeof reason === "string");
}

/** A response's state while it streams is no reason to finish. */
function finished(status: unknown): unknown {
  return status === "completed" || status === "failed" || status === "cancelled" ? status : undefined;
}

function readUsage(usage: Fields): CallAttributes {
  const first = (...values: unknown[]) => values.find((value) => typeof value === "number") as number | undefined;
  const input = asFields(usage.prompt_tokens_details) ?? asFields(usage.input_tokens_details);
  const output = asFields(usage.completion_tokens_details) ?? asFields(usage.output_tokens_details);
  const apart = first(usage.cache_read_input_tokens, usage.cacheReadInputTokens);
  const written = first(usage.cache_creation_input_tokens, usage.cacheWriteInputTokens);
  const asked = first(
    usage.prompt_tokens,
    usage.input_tokens,
    usage.inputTokens,
    usage.promptTokenCount,
    usage.prompt_eval_count,
  );
  const said = first(
    usage.completion_tokens,
    usage.output_tokens,
    usage.outputTokens,
    usage.candidatesTokenCount,
    usage.eval_count,
  );
  const thought = first(usage.thoughtsTokenCount);
  return {
    // Anthropic and Bedrock count what the cache gave and took apart, Gemini what it thought
    "gen_ai.usage.input_tokens": asked === undefined ? undefined : asked + (apart ?? 0) + (written ?? 0),
    "gen_ai.usage.output_tokens": said === undefined ? undefined : said + (thought ?? 0),
    "gen_ai.usage.cache_read.input_tokens": first(apart, input?.cached_tokens, usage.cachedContentTokenCount),
    "gen_ai.usage.cache_creation.input_tokens": written,
    "gen_ai.usage.reasoning.output_tokens": first(thought, output?.reasoning_tokens),
  };
}
