/** What a call cost, from the offline price table of @pydantic/genai-prices. */
import type { ModelInfo, ModelPrice, PriceCalculationResult, PriceOptions, Usage } from "@pydantic/genai-prices";
import type { SpanFacts } from "../model/facts.js";
import { type Rates, readRates, sumCost } from "./rates.js";

/** The version of the price table that `priceCall` uses, kept beside each stored cost. */
export const priceVersion = "0.1.8";

export type PricedFacts = Pick<
  SpanFacts,
  | "provider"
  | "request_model"
  | "response_model"
  | "input_tokens"
  | "cached_tokens"
  | "cache_write_tokens"
  | "output_tokens"
  | "reasoning_tokens"
>;

export type Pricer = {
  version: string;
  /**
   * USD at the prices of that day; null = unpriced: no tokens known, or a model that the table does not know.
   * The response's model is priced, the requested one where the table does not know that. `startMs`: ms since the epoch.
   */
  priceCall: (facts: PricedFacts, startMs: number) => number | null;
};

type CalcPrice = (usage: Usage, model: string, options?: PriceOptions) => PriceCalculationResult;

/** Loads the table (about 0.1 s and 10 MB, so only where spans are written). Rejects where the package is not there. */
export async function loadPrices(): Promise<Pricer> {
  const { calcPrice } = await import("@pydantic/genai-prices");
  return createPricer(calcPrice);
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** Entries of a memo before it starts anew: model names come from outside. */
const memoLimit = 2000;

/** The price history of a model: how often its rates change, and those looked up so far. */
type History = { find: (timestamp: Date) => ModelPrice | null; stepMs: number; rates: Map<number, Rates | null> };

/** `calcPrice` takes about 50 µs to find a model, so what it finds is kept by provider, model and day. */
function createPricer(calcPrice: CalcPrice): Pricer {
  const histories = new Map<string, History | null>();

  function historyOf(provider: string | null, model: string): History | null {
    const key = `${provider}\n${model}`;
    const known = histories.get(key);
    if (known !== undefined) return known;
    if (histories.size >= memoLimit) histories.clear();
    const history = findHistory(calcPrice, provider, model);
    histories.set(key, history);
    return history;
  }

  return {
    version: priceVersion,
    priceCall(facts, startMs) {
      if (facts.input_tokens === null && facts.output_tokens === null) return null;
      for (const model of [facts.response_model, facts.request_model]) {
        const history = model === null ? null : historyOf(facts.provider, model);
        const rates = history && ratesAt(history, startMs);
        if (rates) return sumCost(rates, facts);
      }
      return null;
    },
  };
}

function ratesAt(history: History, startMs: number): Rates | null {
  const step = history.stepMs === 0 ? 0 : Math.floor(startMs / history.stepMs);
  const known = history.rates.get(step);
  if (known !== undefined) return known;
  if (history.rates.size >= memoLimit) history.rates.clear();
  const price = history.find(new Date(startMs));
  const rates = price && readRates(price);
  history.rates.set(step, rates);
  return rates;
}

function findHistory(calcPrice: CalcPrice, provider: string | null, model: string): History | null {
  if (provider !== null && selfHosted.has(provider)) return null;
  for (const [providerId, id] of candidates(provider, model)) {
    const find = (timestamp: Date) => {
      try {
        return calcPrice({}, id, { ...(providerId === null ? {} : { providerId }), timestamp });
      } catch {
        return null;
      }
    };
    const match = find(new Date());
    if (match)
      return {
        find: (timestamp) => find(timestamp)?.model_price ?? null,
        stepMs: stepOf(match.model),
        rates: new Map(),
      };
  }
  return null;
}

/** Prices change by days (from a date on), by minutes (off-peak hours), or never. */
function stepOf({ prices }: ModelInfo): number {
  if (!Array.isArray(prices)) return 0;
  return prices.some(({ constraint }) => constraint?.type === "time_of_date") ? minuteMs : dayMs;
}

/** Nobody bills these by the token. */
const selfHosted = new Set(["ollama", "vllm", "lmstudio", "lm-studio", "llama-cpp", "llamafile", "localai"]);

/** The table's ids of providers that it would not recognise, or take for another. */
const tableIds: Record<string, string> = {
  "azure.ai.openai": "azure",
  "azure.ai.inference": "azure",
  "aws.bedrock": "aws",
  "gcp.vertex_ai": "google",
  "gcp.gemini": "google",
  "gcp.gen_ai": "google",
  mistral_ai: "mistral",
  x_ai: "x-ai",
  moonshot_ai: "moonshotai",
};

/**
 * Under the provider's own prices; then by the vendor in front of the name ("openai/gpt-4o", as gateways write it);
 * then by the name alone, for another vendor's models behind an API that is compatible with the provider's.
 */
function candidates(provider: string | null, model: string): [providerId: string | null, model: string][] {
  const found: [string | null, string][] = [];
  if (provider !== null)
    found.push([Object.hasOwn(tableIds, provider) ? (tableIds[provider] as string) : provider, model]);
  const slash = model.lastIndexOf("/");
  if (slash > 0) {
    const vendor = model.slice(0, slash).split("/").at(-1) ?? "";
    found.push([vendor, model.slice(slash + 1)], [null, model.slice(slash + 1)]);
  }
  found.push([null, model]);
  return found;
}
