// The models that made runs use: who serves them, how fast they are, how their prompt cache counts.

/** `ttft` ms to the first token, `perToken` ms for each further one; `block` tokens a cache hit is a multiple of. */
export const models = {
  "gpt-4.1": { provider: "openai", answers: "gpt-4.1-2025-04-14", ttft: 620, perToken: 11, block: 128 },
  "gpt-4.1-mini": { provider: "openai", answers: "gpt-4.1-mini-2025-04-14", ttft: 420, perToken: 8, block: 128 },
  "gpt-4o": { provider: "openai", answers: "gpt-4o-2024-08-06", ttft: 580, perToken: 12, block: 128 },
  "gpt-4o-mini": { provider: "openai", answers: "gpt-4o-mini-2024-07-18", ttft: 390, perToken: 9, block: 128 },
  "claude-sonnet-4-5": { provider: "anthropic", answers: "claude-sonnet-4-5", ttft: 900, perToken: 14, block: 1 },
  "claude-haiku-4-5": { provider: "anthropic", answers: "claude-haiku-4-5", ttft: 450, perToken: 7, block: 1 },
  "gpt-5-mini": { provider: "openai", answers: "gpt-5-mini-2025-08-07", ttft: 760, perToken: 9, block: 128 },
  "gemini-2.5-flash": {
    provider: "gcp.gen_ai",
    answers: "gemini-2.5-flash",
    address: "generativelanguage.googleapis.com",
    ttft: 510,
    perToken: 6,
    block: 1,
  },
  "claude-opus-4-5": { provider: "anthropic", answers: "claude-opus-4-5-20251101", ttft: 1300, perToken: 19, block: 1 },
};

const shortestCached = 1024;
const keptMs = 5 * 60_000;

/** Tokens of a text, near enough for English and JSON. */
export const tokensOf = (text) => Math.ceil(text.length / 4.1) + 3;

/**
 * A provider's prompt cache as seen by one run: what a request shares with the start of an earlier one within five
 * minutes is read from it. Gives `{input, read, write}`; `input` includes both.
 */
export function promptCache() {
  const seen = new Map();
  return function count(model, segments, at) {
    const { provider, block } = models[model];
    const tokens = segments.map(tokensOf);
    const input = tokens.reduce((sum, each) => sum + each, 0);
    const earlier = (seen.get(model) ?? []).filter((request) => at - request.at < keptMs);
    let read = 0;
    for (const request of earlier) {
      const shared = sharedTokens(segments, request.segments, tokens, provider === "openai");
      if (shared <= read) continue;
      read = shared;
      request.at = at;
    }
    read = read < shortestCached ? 0 : Math.floor(read / block) * block;
    seen.set(model, [...earlier, { segments, at }]);
    const write = provider === "anthropic" && input >= shortestCached ? input - read - 4 : 0;
    return { input, read, write: Math.max(0, write) };
  };
}

/** OpenAI matches inside a segment too, Anthropic whole blocks only. */
function sharedTokens(segments, others, tokens, isInside) {
  let shared = 0;
  for (let i = 0; i < segments.length; i++) {
    if (segments[i] === others[i]) {
      shared += tokens[i];
      continue;
    }
    if (isInside && others[i] !== undefined) {
      let same = 0;
      while (same < segments[i].length && segments[i][same] === others[i][same]) same++;
      shared += Math.floor(same / 4.1);
    }
    break;
  }
  return shared;
}
