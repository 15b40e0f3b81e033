/** Vercel AI SDK 5 to 7 with its own `ai.*` attributes (experimental_telemetry, LegacyOpenTelemetry). */
import type { SpanFacts } from "../../model/facts.js";
import type { SpanKind } from "../../model/kind.js";
import type { Message } from "../../model/message.js";
import { readToolCall } from "../../model/read-part.js";
import type { Dialect } from "../dialect.js";
import { numberAt, type SpanView, textAt, valueAt } from "../span-view.js";

const kinds: Record<string, SpanKind> = {
  // ai 7 itself calls these invoke_agent
  "ai.generateText": "agent",
  "ai.streamText": "agent",
  "ai.generateObject": "agent",
  "ai.streamObject": "agent",
  "ai.toolCall": "tool",
  "ai.embed": "embedding",
  "ai.embedMany": "embedding",
  "ai.rerank": "reranker",
};

function kindOf({ attributes }: SpanView): SpanKind | null {
  const operation = textAt(attributes, "ai.operationId") ?? textAt(attributes, "operation.name")?.split(" ")[0] ?? "";
  if (Object.hasOwn(kinds, operation)) return kinds[operation] as SpanKind;
  if (/^ai\..*\.do(Generate|Stream)$/.test(operation)) return "llm";
  if (/^ai\..*\.doEmbed$/.test(operation)) return "embedding";
  return /^ai\..*\.doRerank$/.test(operation) ? "reranker" : null;
}

function complete({ attributes }: SpanView, facts: SpanFacts): void {
  if (facts.output === null) {
    const message = outputMessage(attributes);
    if (message) facts.output = { messages: [message] };
  }
  // the function's name is an agent's only where a model decides
  if (facts.kind === "agent" || facts.kind === "llm" || facts.kind === "tool") {
    facts.agent ??= textAt(attributes, "ai.telemetry.functionId");
  }
  const firstChunk = numberAt(attributes, "ai.response.msToFirstChunk");
  if (facts.first_token_ms === null && firstChunk !== null) facts.first_token_ms = firstChunk;
  const tools = valueAt(attributes, "ai.prompt.tools");
  if (facts.tool_definitions === null && Array.isArray(tools) && tools.every((tool) => typeof tool === "string")) {
    // each element is the JSON of one tool
    facts.tool_definitions = { text: `[${tools.join(",")}]` };
  }
}

function outputMessage(attributes: SpanView["attributes"]): Message | null {
  const parts: Message["parts"] = [];
  const reasoning = textAt(attributes, "ai.response.reasoning");
  if (reasoning !== null) parts.push({ type: "reasoning", content: reasoning });
  const text = textAt(attributes, "ai.response.text") ?? textAt(attributes, "ai.response.object");
  if (text !== null) parts.push({ type: "text", content: text });
  const calls = textAt(attributes, "ai.response.toolCalls");
  if (calls !== null) parts.push(...readCalls(calls));
  if (parts.length === 0) return null;
  const reason = textAt(attributes, "ai.response.finishReason");
  return { role: "assistant", parts, ...(reason === null ? {} : { finish_reason: reason }) };
}

function readCalls(json: string): Message["parts"] {
  try {
    const calls: unknown = JSON.parse(json);
    if (Array.isArray(calls)) return calls.map(readToolCall);
  } catch {
    // cut off: keep what is there as text
  }
  return [{ type: "text", content: json }];
}

export const vercelAi: Dialect = {
  owns: (key) => key.startsWith("ai."),
  kind: kindOf,
  texts: [
    ["provider", ["ai.model.provider"]],
    ["request_model", ["ai.model.id"]],
    ["response_model", ["ai.response.model"]],
    ["response_id", ["ai.response.id"]],
    ["tool", ["ai.toolCall.name"]],
    ["tool_call_id", ["ai.toolCall.id"]],
    ["finish_reason", ["ai.response.finishReason"]],
    [
      "session_id",
      [
        "ai.telemetry.metadata.sessionId",
        "ai.telemetry.metadata.session_id",
        "ai.settings.context.sessionId",
        "ai.settings.context.session_id",
        "ai.telemetry.metadata.threadId",
        "ai.telemetry.metadata.chatId",
        "ai.telemetry.metadata.conversationId",
      ],
    ],
    [
      "user_id",
      [
        "ai.telemetry.metadata.userId",
        "ai.telemetry.metadata.user_id",
        "ai.settings.context.userId",
        "ai.settings.context.user_id",
      ],
    ],
  ],
  counts: [
    ["input_tokens", ["ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"]],
    ["output_tokens", ["ai.usage.outputTokens", "ai.usage.completionTokens"]],
    ["cached_tokens", ["ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"]],
    ["cache_write_tokens", ["ai.usage.inputTokenDetails.cacheWriteTokens"]],
    ["reasoning_tokens", ["ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens"]],
  ],
  sources: [
    ["input_value", ["ai.toolCall.args", "ai.value", "ai.values"]],
    ["output_value", ["ai.toolCall.result"]],
  ],
  input: ["ai.prompt.messages", "ai.prompt"],
  complete,
};
