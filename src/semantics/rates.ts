/** Arithmetic of token prices: cached tokens apart, tiers by the size of the whole input. */
import type { ModelPrice, TieredPrices } from "@pydantic/genai-prices";
import type { SpanFacts } from "../model/facts.js";

/** USD for a million tokens; tiers hold from more than `start` input tokens on, for all tokens of the call. */
type Rate = number | { base: number; tiers: { start: number; price: number }[] };

/** null = the table has no price of its own: those tokens cost what the rest of the input or output costs. */
export type Rates = {
  input: Rate | null;
  cacheRead: Rate | null;
  cacheWrite: Rate | null;
  output: Rate | null;
  reasoning: Rate | null;
  /** USD for a thousand requests */
  requests: number;
};

/** The prices that apply to text tokens; null = the model is billed by something else (pages, seconds). */
export function readRates(price: ModelPrice): Rates | null {
  const rates: Rates = {
    input: rateOf(price.input_mtok),
    cacheRead: rateOf(price.cache_read_mtok),
    cacheWrite: rateOf(price.cache_write_mtok),
    output: rateOf(price.output_mtok),
    reasoning: rateOf(price.output_reasoning_mtok),
    requests: typeof price.requests_kcount === "number" ? price.requests_kcount : 0,
  };
  return rates.input === null && rates.output === null ? null : rates;
}

function rateOf(price: number | TieredPrices | undefined): Rate | null {
  if (price === undefined) return null;
  if (typeof price === "number") return price;
  return { base: price.base, tiers: [...price.tiers].sort((a, b) => a.start - b.start) };
}

/** USD of one call; counts that contradict each other are cut to fit. */
export function sumCost(
  rates: Rates,
  facts: Pick<
    SpanFacts,
    "input_tokens" | "cached_tokens" | "cache_write_tokens" | "output_tokens" | "reasoning_tokens"
  >,
): number {
  const input = facts.input_tokens ?? 0;
  const output = facts.output_tokens ?? 0;
  const read = rates.cacheRead === null ? 0 : Math.min(facts.cached_tokens ?? 0, input);
  const written = rates.cacheWrite === null ? 0 : Math.min(facts.cache_write_tokens ?? 0, input - read);
  const reasoning = rates.reasoning === null ? 0 : Math.min(facts.reasoning_tokens ?? 0, output);
  const millionths =
    (input - read - written) * perMillion(rates.input, input) +
    read * perMillion(rates.cacheRead, input) +
    written * perMillion(rates.cacheWrite, input) +
    (output - reasoning) * perMillion(rates.output, input) +
    reasoning * perMillion(rates.reasoning, input);
  return millionths / 1e6 + rates.requests / 1000;
}

function perMillion(rate: Rate | null, input: number): number {
  if (rate === null) return 0;
  if (typeof rate === "number") return rate;
  let price = rate.base;
  for (const tier of rate.tiers) if (input > tier.start) price = tier.price;
  return price;
}
