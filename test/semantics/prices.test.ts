/** What a call cost is what the price table says, quickly; what it does not know stays unpriced. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { calcPrice, findProvider } from "@pydantic/genai-prices";
import { beforeAll, expect, test } from "vitest";
import { loadPrices, type PricedFacts, type Pricer, priceVersion } from "../../src/semantics/prices.js";

const now = Date.UTC(2026, 10, 22, 12);
let prices: Pricer;
beforeAll(async () => {
  prices = await loadPrices();
});

function facts(over: Partial<PricedFacts>): PricedFacts {
  return {
    provider: "openai",
    request_model: null,
    response_model: null,
    input_tokens: 1000,
    cached_tokens: null,
    cache_write_tokens: null,
    output_tokens: 100,
    reasoning_tokens: null,
    ...over,
  };
}

test("the version told is that of the table in use", () => {
  const entry = createRequire(import.meta.url).resolve("@pydantic/genai-prices");
  expect(JSON.parse(readFileSync(new URL("../package.json", `file://${entry}`), "utf8")).version).toBe(priceVersion);
});

test("each provider's models cost what the table calculates, cached tokens and tiers included", () => {
  let compared = 0;
  for (const provider of [
    "openai",
    "anthropic",
    "google",
    "azure",
    "aws",
    "mistral",
    "deepseek",
    "x-ai",
    "groq",
    "cohere",
  ]) {
    for (const { id } of findProvider({ providerId: provider })?.models ?? []) {
      for (const input of [900, 250_000]) {
        const usage = { input_tokens: input, cache_read_tokens: 300, cache_write_tokens: 50, output_tokens: 70 };
        const expected = calcPrice(usage, id, { providerId: provider, timestamp: new Date(now) });
        const cost = prices.priceCall(
          facts({
            provider,
            response_model: id,
            input_tokens: input,
            cached_tokens: 300,
            cache_write_tokens: 50,
            output_tokens: 70,
          }),
          now,
        );
        if (!expected || cost === null) continue;
        expect(cost, `${provider} ${id}`).toBeCloseTo(expected.total_price, 10);
        compared++;
      }
    }
  }
  expect(compared).toBeGreaterThan(500);
});

test("a price that changed is the price of the call's day", () => {
  const call = facts({ response_model: "o3", input_tokens: 1_000_000, output_tokens: 0 });
  expect(prices.priceCall(call, Date.UTC(2025, 4, 1))).toBeCloseTo(10, 6);
  expect(prices.priceCall(call, now)).toBeCloseTo(2, 6);
});

test("the requested model is priced where the one that answered is not known", () => {
  const cost = prices.priceCall(facts({ request_model: "gpt-4o", response_model: "gpt-4o-2031-01-01-internal" }), now);
  expect(cost).toBe(prices.priceCall(facts({ request_model: "gpt-4o" }), now));
  expect(cost).toBeGreaterThan(0);
});

test.each([
  ["azure.ai.openai", "gpt-4o"],
  ["aws.bedrock", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"],
  ["gcp.vertex_ai", "gemini-2.5-pro"],
  ["x_ai", "grok-4"],
  ["gateway", "openai/gpt-4o"],
  ["my-proxy", "claude-sonnet-4-5"],
  [null, "gpt-4o"],
])("provider %s has a price for %s", (provider, model) => {
  expect(prices.priceCall(facts({ provider, response_model: model }), now)).toBeGreaterThan(0);
});

test.each([
  ["an invented model", facts({ response_model: "frobnicator-9" })],
  ["a model on one's own machine", facts({ provider: "ollama", response_model: "gpt-oss-20b" })],
  ["a call without tokens", facts({ response_model: "gpt-4o", input_tokens: null, output_tokens: null })],
  ["a call without a model", facts({})],
])("%s is unpriced, not free", (_, call) => {
  expect(prices.priceCall(call, now)).toBe(null);
});

test("counts that contradict each other give a price all the same", () => {
  const cost = prices.priceCall(facts({ response_model: "gpt-4o", input_tokens: 10, cached_tokens: 500 }), now);
  expect(cost).toBeGreaterThan(0);
});
