/** Spans for the parts of an agent's work, with the `gen_ai.*` attributes that OpenTelemetry gives them. */
import type { Span } from "@opentelemetry/api";
import { SpanKind } from "@opentelemetry/api";
import type { SpanArguments, SpanAttributes } from "./span.js";
import { runInSpan } from "./span.js";

/** Runs `fn` as the agent `name`: calls and tools inside of it count as this agent's. See `startSpan`. */
export function agent<T>(name: string, fn: (span: Span) => T): T;
export function agent<T>(name: string, attributes: SpanAttributes | undefined, fn: (span: Span) => T): T;
export function agent<T>(name: string, ...rest: SpanArguments<T>): T {
  const preset = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name };
  return runInSpan(name, preset, SpanKind.INTERNAL, rest);
}

/**
 * Runs `fn` as one execution of the tool `name`. What went in and out is recorded only where you say it:
 * `gen_ai.tool.call.arguments` among the attributes (an object is kept as JSON), and
 * `span.setAttribute("gen_ai.tool.call.result", JSON.stringify(result))` inside `fn`. See `startSpan`.
 */
export function tool<T>(name: string, fn: (span: Span) => T): T;
export function tool<T>(name: string, attributes: SpanAttributes | undefined, fn: (span: Span) => T): T;
export function tool<T>(name: string, ...rest: SpanArguments<T>): T {
  const preset = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name };
  return runInSpan(name, preset, SpanKind.INTERNAL, rest);
}

/**
 * Runs `fn` as a retrieval from the data source `name`; `gen_ai.retrieval.query.text` and
 * `gen_ai.retrieval.documents` are the attributes for the question and what was found. See `startSpan`.
 */
export function retrieval<T>(name: string, fn: (span: Span) => T): T;
export function retrieval<T>(name: string, attributes: SpanAttributes | undefined, fn: (span: Span) => T): T;
export function retrieval<T>(name: string, ...rest: SpanArguments<T>): T {
  const preset = { "gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": name };
  return runInSpan(name, preset, SpanKind.CLIENT, rest);
}

/**
 * Runs `fn` as one call of a language model. Say which with `gen_ai.request.model` and `gen_ai.provider.name`, and
 * inside `fn` what came back: `gen_ai.response.model`, `gen_ai.usage.input_tokens`, `gen_ai.usage.output_tokens`,
 * `gen_ai.output.messages` … Tokens and cost are counted from these. See `startSpan`.
 */
export function llm<T>(name: string, fn: (span: Span) => T): T;
export function llm<T>(name: string, attributes: SpanAttributes | undefined, fn: (span: Span) => T): T;
export function llm<T>(name: string, ...rest: SpanArguments<T>): T {
  return runInSpan(name, { "gen_ai.operation.name": "chat" }, SpanKind.CLIENT, rest);
}
