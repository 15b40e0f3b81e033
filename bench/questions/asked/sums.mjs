// Sums over spans, independent of any system that reads them.

const first = (values, ...keys) => keys.map((key) => values[key]).find((value) => value !== undefined) ?? 0;

/** The model calls among spans that were made or read: {model, input, cached, output, start}. */
export function modelCalls(spans) {
  return spans
    .filter(({ name }) => /^(chat |OpenAI Chat|Anthropic Messages|openai\.chat|anthropic\.messages\.create)/.test(name))
    .map(({ values, start }) => ({
      start,
      model: first(values, "gen_ai.request.model", "llm.model_name"),
      input: first(values, "gen_ai.usage.input_tokens", "llm.token_count.prompt"),
      cached: first(values, "gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read"),
      output: first(values, "gen_ai.usage.output_tokens", "llm.token_count.completion"),
    }))
    .sort((a, b) => a.start - b.start);
}

/** USD a million tokens, as the providers list them in November 2026. */
const prices = {
  "gpt-4.1-mini": { input: 0.4, cached: 0.1, output: 1.6 },
  "gpt-4.1": { input: 2, cached: 0.5, output: 8 },
  "gpt-4o-mini": { input: 0.15, cached: 0.075, output: 0.6 },
  "gpt-4o": { input: 2.5, cached: 1.25, output: 10 },
  "claude-sonnet-4-5": { input: 3, cached: 0.3, output: 15 },
};

/** USD of some model calls. */
export function cost(calls) {
  return calls.reduce((sum, { model, input, cached, output }) => {
    const [, price] = Object.entries(prices).find(([name]) => model.startsWith(name));
    return sum + ((input - cached) * price.input + cached * price.cached + output * price.output) / 1e6;
  }, 0);
}

export const sum = (list, key) => list.reduce((total, each) => total + each[key], 0);
