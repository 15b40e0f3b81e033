/** Input tokens mean two things; here they always include what was read from and written to the cache. */
import type { SpanFacts } from "../model/facts.js";
import { numberAt, type SpanView } from "./span-view.js";

/** Instrumentations that pass on Anthropic's own count, which leaves the cache out. */
const exclusiveScopes = new Set([
  "@traceloop/instrumentation-anthropic",
  "@arizeai/openinference-instrumentation-claude-agent-sdk",
]);

/** Adds the cached tokens where the span's dialect leaves them out. */
export function includeCache(view: SpanView, facts: SpanFacts): void {
  const { input_tokens: input, output_tokens: output } = facts;
  const cache = (facts.cached_tokens ?? 0) + (facts.cache_write_tokens ?? 0);
  if (input === null || cache === 0) return;
  // more cached than there is: whatever the scope, that count leaves them out
  if (
    cache > input ||
    exclusiveScopes.has(view.scope) ||
    isVercelExclusive(view, facts) ||
    input + cache + (output ?? 0) === totalTokens(view)
  ) {
    facts.input_tokens = input + cache;
  }
}

/** Vercel AI 5 hands Anthropic's count on as it is; later versions tell how much was not cached. */
function isVercelExclusive({ attributes }: SpanView, facts: SpanFacts): boolean {
  if (!attributes.has("ai.usage.inputTokens")) return false;
  const fresh = numberAt(attributes, "ai.usage.inputTokenDetails.noCacheTokens");
  return fresh === null
    ? /^(anthropic|aws\.bedrock|amazon-bedrock)/.test(facts.provider ?? "")
    : fresh === facts.input_tokens;
}

function totalTokens({ attributes }: SpanView): number | null {
  return (
    numberAt(attributes, "gen_ai.usage.total_tokens") ??
    numberAt(attributes, "llm.usage.total_tokens") ??
    numberAt(attributes, "llm.token_count.total")
  );
}
