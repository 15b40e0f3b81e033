/** One span of any dialect → what it says, in our words. */
import type { SpanFacts } from "../model/facts.js";
import type { OtlpScope, OtlpSpan } from "../model/otlp.js";
import type { Dialect } from "./dialect.js";
import { anthropicNative, isAnthropicSdk } from "./dialects/anthropic-native.js";
import { general } from "./dialects/general.js";
import { openInference } from "./dialects/openinference.js";
import { openLLMetry } from "./dialects/openllmetry.js";
import { otelGenAi } from "./dialects/otel-gen-ai.js";
import { vercelAi } from "./dialects/vercel-ai.js";
import { readError } from "./error-facts.js";
import { finishReason } from "./finish-reason.js";
import { includeCache } from "./input-tokens.js";
import { providerName } from "./providers.js";
import { messageSourceAt, numberAt, type SpanView, textAt, textSourceAt, valueAt, viewSpan } from "./span-view.js";

/** Order is precedence: what an earlier dialect says, a later one does not replace. */
const dialects: readonly Dialect[] = [general, otelGenAi, anthropicNative, openLLMetry, openInference, vercelAi];

/**
 * Reads a span. Never throws, whatever the attributes hold; what a span does not say is null.
 * `resource` are the resource's plain attributes: session and user are taken from there where the span names none.
 */
export function normaliseSpan(
  span: OtlpSpan,
  resource: Record<string, unknown>,
  scope: OtlpScope | undefined,
): SpanFacts {
  const view = viewSpan(span, scope);
  const facts = emptyFacts();
  const spoken = dialectsOf(view);
  for (const dialect of spoken) {
    const kind = dialect.kind?.(view);
    if (kind) {
      facts.kind = kind;
      break;
    }
  }
  for (const dialect of spoken) readTable(dialect, view, facts);
  // older gen_ai spans name a model and no operation; Anthropic's SDK does where it only counts tokens
  if (facts.kind === "other" && view.attributes.has("gen_ai.request.model") && !isAnthropicSdk(view))
    facts.kind = "llm";
  for (const dialect of spoken) dialect.complete?.(view, facts);
  readFinishReason(view, facts);
  includeCache(view, facts);
  readFirstTokenEvent(view, facts);
  if (view.status !== 1) readError(view, facts);
  if (facts.provider !== null) facts.provider = providerName(facts.provider);
  facts.session_id ??= resourceText(resource, "session.id");
  facts.user_id ??= resourceText(resource, "user.id") ?? resourceText(resource, "enduser.id");
  return facts;
}

function emptyFacts(): SpanFacts {
  return {
    kind: "other",
    provider: null,
    request_model: null,
    response_model: null,
    agent: null,
    tool: null,
    tool_call_id: null,
    session_id: null,
    user_id: null,
    input_tokens: null,
    cached_tokens: null,
    cache_write_tokens: null,
    output_tokens: null,
    reasoning_tokens: null,
    finish_reason: null,
    response_id: null,
    first_token_ms: null,
    error_type: null,
    error_message: null,
    error_stack: null,
    input: null,
    output: null,
    system: null,
    tool_definitions: null,
    input_value: null,
    output_value: null,
  };
}

function dialectsOf(view: SpanView): Dialect[] {
  const found = new Set<Dialect>();
  for (const key of view.attributes.keys()) {
    for (const dialect of dialects) if (!found.has(dialect) && dialect.owns(key)) found.add(dialect);
  }
  return dialects.filter((dialect) => found.has(dialect));
}

function readTable(dialect: Dialect, { attributes }: SpanView, facts: SpanFacts): void {
  for (const [fact, keys] of dialect.texts ?? []) facts[fact] ??= first(keys, (key) => textAt(attributes, key));
  for (const [fact, keys] of dialect.counts ?? [])
    facts[fact] ??= first(keys, (key) => count(numberAt(attributes, key)));
  for (const [fact, keys] of dialect.sources ?? []) facts[fact] ??= first(keys, (key) => textSourceAt(attributes, key));
  facts.input ??= first(dialect.input, (key) => messageSourceAt(attributes, key, "user"));
  facts.output ??= first(dialect.output, (key) => messageSourceAt(attributes, key, "assistant"));
  const seconds = first(dialect.firstTokenSeconds, (key) => numberAt(attributes, key));
  if (seconds !== null && seconds >= 0) facts.first_token_ms ??= seconds * 1000;
}

function first<T>(keys: readonly string[] | undefined, read: (key: string) => T | null): T | null {
  if (keys === undefined) return null;
  for (const key of keys) {
    const value = read(key);
    if (value !== null) return value;
  }
  return null;
}

/** Token counts are whole and not negative; anything else is not known. */
function count(value: number | null): number | null {
  return value === null || value < 0 || value > Number.MAX_SAFE_INTEGER ? null : Math.round(value);
}

function readFinishReason({ attributes }: SpanView, facts: SpanFacts): void {
  if (attributes.has("gen_ai.response.finish_reasons")) {
    const value = valueAt(attributes, "gen_ai.response.finish_reasons");
    const reason = Array.isArray(value)
      ? value[0]
      : typeof value === "string"
        ? value.replace(/^\s*\[?\s*"?/, "").split(/["\],]/, 1)[0]
        : null;
    if (typeof reason === "string" && reason !== "") facts.finish_reason = reason;
  }
  if (facts.finish_reason !== null) facts.finish_reason = finishReason(facts.finish_reason);
}

/** OpenInference's Python instrumentations mark the first token by an event. */
function readFirstTokenEvent(view: SpanView, facts: SpanFacts): void {
  if (facts.first_token_ms !== null || view.events.length === 0) return;
  const event = view.events.find((candidate) => candidate?.name === "First Token Stream Event");
  const ms = (Number(event?.timeUnixNano) - Number(view.start)) / 1e6;
  if (ms >= 0 && ms < 1e9) facts.first_token_ms = ms;
}

function resourceText(resource: Record<string, unknown>, key: string): string | null {
  const value = resource?.[key];
  return typeof value === "string" && value !== "" ? value : null;
}
