/** Usage computed span by span, the slow and plain way. */
import type { UsageDimension, UsageFigures, UsageGroup } from "../../src/model/summary.js";
import { loadPrices } from "../../src/semantics/prices.js";
import type { TraceFilter } from "../../src/store/reader.js";
import type { RawKind, RawSpan } from "./random-traces.js";

const { priceCall } = await loadPrices();

export type UsageQuestion = TraceFilter & { group_by: UsageDimension[] };

/** Like UsageFigures, with the true percentiles. */
export type UsageTruth = { groups: UsageGroup[]; total: UsageFigures };

export const isCall = (raw: RawSpan) => raw.kind === "llm" || raw.kind === "embedding";

export function costOf(raw: RawSpan): number | null {
  if (!isCall(raw)) return null;
  const tokens = {
    input_tokens: raw.input,
    cached_tokens: raw.cached || null,
    cache_write_tokens: null,
    output_tokens: raw.output,
    reasoning_tokens: raw.reasoning || null,
  };
  return priceCall({ provider: raw.provider, request_model: raw.model, response_model: null, ...tokens }, raw.start);
}

export function isUnpriced(raw: RawSpan): boolean {
  return isCall(raw) && costOf(raw) === null && (raw.input !== null || raw.output !== null || !raw.error);
}

function kindsFor(groupBy: UsageDimension[]): RawKind[] {
  if (groupBy.includes("kind")) return ["llm", "embedding", "agent", "workflow", "tool", "retriever"];
  if (!groupBy.includes("tool")) return ["llm", "embedding"];
  return groupBy.includes("model") || groupBy.includes("provider") ? ["llm", "embedding", "tool"] : ["tool"];
}

function dimensionOf(raw: RawSpan, dimension: UsageDimension): string | null {
  switch (dimension) {
    case "hour":
      return `${new Date(raw.start).toISOString().slice(0, 13)}:00Z`;
    case "day":
      return new Date(raw.start).toISOString().slice(0, 10);
    default:
      return raw[dimension];
  }
}

function isAsked(raw: RawSpan, question: UsageQuestion): boolean {
  const { since, until, service, session_id, agent, model, status } = question;
  return (
    (since === undefined || raw.start >= since) &&
    (until === undefined || raw.start < until) &&
    (service === undefined || raw.service === service) &&
    (session_id === undefined || raw.session === session_id) &&
    (agent === undefined || raw.agent === agent) &&
    (model === undefined || raw.model === model) &&
    (status === undefined || raw.error === (status === "error"))
  );
}

/** The spans' value at rank ⌈q·n⌉. */
function quantile(raw: RawSpan[], q: number): number | null {
  const sorted = raw.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? null;
}

function figures(calls: RawSpan[], withTokens: RawSpan[]): UsageFigures {
  const models = withTokens.filter(isCall);
  const sum = (read: (raw: RawSpan) => number | null) => models.reduce((total, raw) => total + (read(raw) ?? 0), 0);
  const known = sum((raw) => raw.input) + sum((raw) => raw.output) > 0;
  const unpriced = models.filter(isUnpriced).length;
  const cost = Math.round(sum(costOf) * 1e10) / 1e10;
  return {
    calls: calls.length,
    input_tokens: known ? sum((raw) => raw.input) : null,
    cached_tokens: known ? sum((raw) => raw.cached) : null,
    cache_write_tokens: known ? 0 : null,
    output_tokens: known ? sum((raw) => raw.output) : null,
    reasoning_tokens: known ? sum((raw) => raw.reasoning) : null,
    cost_usd: cost > 0 || (known && unpriced === 0) ? cost : null,
    unpriced_calls: unpriced,
    errors: calls.filter((raw) => raw.error).length,
    p50_ms: quantile(calls, 0.5),
    p95_ms: quantile(calls, 0.95),
  };
}

export function bruteForceUsage(all: RawSpan[], question: UsageQuestion): UsageTruth {
  const kinds = kindsFor(question.group_by);
  const spans = all.filter((raw) => kinds.includes(raw.kind) && isAsked(raw, question));
  const groups = new Map<string, RawSpan[]>();
  for (const raw of spans) {
    const key = JSON.stringify(question.group_by.map((dimension) => dimensionOf(raw, dimension)));
    groups.set(key, [...(groups.get(key) ?? []), raw]);
  }
  const counted = kinds.length === 1 ? spans : spans.filter((raw) => raw.kind === "llm");
  return {
    groups: [...groups].map(([key, own]) => ({
      ...Object.fromEntries(
        (JSON.parse(key) as (string | null)[]).map((value, index) => [question.group_by[index], value]),
      ),
      ...figures(own, own),
    })),
    total: figures(counted, spans),
  };
}
