/**
 * OpenTelemetry's `gen_ai.*`, current and older names; also what Anthropic's own SDK, OpenLLMetry ≥ 0.27 and Vercel AI 7 write.
 * Source: OpenTelemetry semantic conventions for generative AI, spans and agent spans.
 */
import type { SpanKind } from "../../model/kind.js";
import type { Dialect } from "../dialect.js";
import { textAt } from "../span-view.js";

const kinds: Record<string, SpanKind> = {
  chat: "llm",
  completion: "llm",
  text_completion: "llm",
  generate_content: "llm",
  responses: "llm",
  embeddings: "embedding",
  embedding: "embedding",
  execute_tool: "tool",
  invoke_agent: "agent",
  create_agent: "agent",
  agent_step: "workflow",
  workflow: "workflow",
  invoke_workflow: "workflow",
  plan: "workflow",
  retrieval: "retriever",
  rerank: "reranker",
  guardrail: "guardrail",
};

export const otelGenAi: Dialect = {
  owns: (key) => key.startsWith("gen_ai."),
  kind: ({ attributes }) => {
    const operation = textAt(attributes, "gen_ai.operation.name");
    return operation !== null && Object.hasOwn(kinds, operation) ? (kinds[operation] as SpanKind) : null;
  },
  texts: [
    ["provider", ["gen_ai.provider.name", "gen_ai.system"]],
    ["request_model", ["gen_ai.request.model"]],
    ["response_model", ["gen_ai.response.model"]],
    ["response_id", ["gen_ai.response.id"]],
    ["agent", ["gen_ai.agent.name"]],
    ["tool", ["gen_ai.tool.name"]],
    ["tool_call_id", ["gen_ai.tool.call.id"]],
    ["session_id", ["gen_ai.conversation.id"]],
    ["finish_reason", ["gen_ai.response.finish_reason"]],
  ],
  counts: [
    ["input_tokens", ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"]],
    ["output_tokens", ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"]],
    [
      "cached_tokens",
      [
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.cached_tokens",
      ],
    ],
    [
      "cache_write_tokens",
      [
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens",
      ],
    ],
    [
      "reasoning_tokens",
      [
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens",
      ],
    ],
  ],
  sources: [
    ["system", ["gen_ai.system_instructions"]],
    ["tool_definitions", ["gen_ai.tool.definitions"]],
    ["input_value", ["gen_ai.tool.call.arguments", "gen_ai.retrieval.query.text", "input.value"]],
    ["output_value", ["gen_ai.tool.call.result", "gen_ai.retrieval.documents", "output.value"]],
  ],
  input: ["gen_ai.input.messages"],
  output: ["gen_ai.output.messages"],
  firstTokenSeconds: [
    "gen_ai.response.time_to_first_chunk",
    "gen_ai.client.operation.time_to_first_chunk",
    "gen_ai.server.time_to_first_token",
  ],
};
