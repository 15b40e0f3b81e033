// Two versions of a desk, the second with something that the first has not; and pairs that differ by chance alone.
import { domains } from "../domains/all.mjs";
import { report } from "../domains/words.mjs";
import { draws } from "../made/draws.mjs";
import { models } from "../made/models.mjs";
import { everyday } from "./flow.mjs";

const hour = 3_600_000;
const longer = (domain, chars) =>
  `${domains[domain].system}\n\n# Examples\n${report(draws("examples", domain), chars)}`;
const iso = (ms) => new Date(ms).toISOString();

/** Two groups told apart by the time they ran at. */
const byTime = { split: "time" };
const byModel = { split: "model" };
const byService = { split: "service" };
const byAgent = { split: "agent" };

/** `b` says what the second version does; `words` what the first difference has to say. */
export const pairs = [
  {
    shape: "a tool got slow",
    ...byTime,
    a: { domain: "support" },
    b: { slow: { lookup_order: 18 } },
    words: [/lookup_order/],
  },
  {
    shape: "a tool got slow",
    ...byService,
    a: { domain: "travel", dialect: "openinference" },
    b: { slow: { search_flights: 7 } },
    words: [/search_flights/],
  },
  {
    shape: "a tool is called three times as often",
    ...byTime,
    a: { domain: "support", dialect: "vercel" },
    b: {
      more: { search_kb: 2 },
      system: `${domains.support.system}\nAlways search the help centre before you answer.`,
    },
    words: [/search_kb|prompt|system/i],
  },
  {
    shape: "a tool is called three times as often",
    ...byModel,
    a: { domain: "analytics", model: "gpt-4.1" },
    b: { model: "gpt-4.1-mini", more: { run_sql: 2 } },
    words: [/run_sql/],
  },
  {
    shape: "another model fails more often",
    ...byModel,
    a: { domain: "analytics", model: "gpt-4.1", dialect: "vercel7" },
    b: {
      model: "gpt-4o",
      fails: { run_sql: [0.75, { type: "SyntaxError", message: 'syntax error at or near "GROUP"' }] },
    },
    words: [/run_sql|SyntaxError/],
  },
  {
    shape: "a new error",
    ...byTime,
    a: { domain: "support", dialect: "openllmetry" },
    b: { fails: { track_parcel: [0.8, { type: "CarrierTimeout", message: "carrier gave no answer within 8 s" }] } },
    words: [/track_parcel|CarrierTimeout/],
  },
  {
    shape: "runs die",
    ...byTime,
    a: { domain: "research" },
    b: { dies: [0.55, "context_length_exceeded: maximum context length is 128000 tokens"] },
    words: [/fail|error|status|context_length/i],
  },
  {
    shape: "a tool that is new",
    ...byService,
    a: { domain: "support", model: "claude-haiku-4-5" },
    b: { also: "verify_identity" },
    words: [/verify_identity/],
  },
  {
    shape: "a tool that is no longer called",
    ...byTime,
    a: { domain: "operations", dialect: "vercel7" },
    b: { without: "search_logs" },
    words: [/search_logs/],
  },
  {
    shape: "a prompt four times as long",
    ...byTime,
    a: { domain: "travel" },
    b: { system: longer("travel", 9000) },
    words: [/prompt|system|input|tokens/i],
  },
  {
    shape: "answers six times as long",
    ...byAgent,
    a: { domain: "support", agent: "billing", dialect: "otel" },
    b: { agent: "returns", talks: 7 },
    words: [/output|tokens|answer/i],
  },
  {
    shape: "told to wait",
    ...byTime,
    a: { domain: "coding", dialect: "otel" },
    b: { refused: 0.85 },
    words: [/429|rate.?limit/i],
  },
  {
    shape: "a helper was added",
    ...byTime,
    a: { domain: "research", dialect: "openinference" },
    b: { helper: "critic" },
    words: [/critic/],
  },
  {
    shape: "a new error, with another model",
    ...byModel,
    a: { domain: "travel", model: "claude-sonnet-4-5" },
    b: {
      model: "claude-haiku-4-5",
      fails: { search_hotels: [0.7, { type: "ValidationError", message: "nights must be a number" }] },
    },
    words: [/search_hotels|ValidationError/],
  },
];

export const alike = [
  { shape: "noise, by time", ...byTime, a: { domain: "support" }, b: {} },
  { shape: "noise, by service", ...byService, a: { domain: "travel", dialect: "vercel" }, b: {} },
  { shape: "noise, by time, few runs", ...byTime, count: 4, a: { domain: "analytics" }, b: {} },
  { shape: "noise, by agent", ...byAgent, a: { domain: "support", agent: "shipping" }, b: { agent: "returns" } },
  {
    shape: "noise, groups of other sizes",
    ...byTime,
    count: 30,
    countB: 8,
    a: { domain: "research", dialect: "openinference" },
    b: {},
  },
  {
    shape: "noise, errors on both sides",
    ...byTime,
    a: {
      domain: "support",
      fails: { track_parcel: [0.4, { type: "CarrierTimeout", message: "carrier gave no answer within 8 s" }] },
    },
    b: {},
  },
  { shape: "noise, slow on both sides", ...byService, a: { domain: "operations", slow: { query_metrics: 9 } }, b: {} },
  { shape: "noise, at night and by day", ...byTime, every: 55, a: { domain: "coding", dialect: "vercel7" }, b: {} },
  {
    shape: "noise, refused on both sides",
    ...byTime,
    a: { domain: "travel", refused: 0.3, dialect: "openllmetry" },
    b: {},
  },
  { shape: "noise, by time, streamed", ...byTime, a: { domain: "research", streams: true }, b: {} },
];

/**
 * `{id, fault, shape, over, group_a, group_b, words, runs}` of a set; the filters are those of the tools' shared arguments, models as
 * answers name them.
 */
export function regressionPairs({ data, pairs, alike, ids }, now) {
  return [
    ...pairs.map((pair, i) => [pair, `${ids}regression ${i + 1}`]),
    ...alike.map((pair, i) => [pair, `${ids}alike ${i + 1}`]),
  ].map(([pair, id]) => ({ ...made(pair, id, now), over: data }));
}

function made({ shape, split, words, count = 20, countB = count, every = 17, ...pair }, id, now) {
  const service = id.replaceAll(" ", "-");
  const from = now - 60 * hour;
  const then = split === "time" ? from + 26 * hour : from + 4 * 60_000;
  const base = { ...pair.a, service: split === "service" ? `${service}-v1` : service };
  const changed = { ...base, ...pair.b, ...(split === "service" && { service: `${service}-v2` }) };
  const a = everyday(`${id} a`, { ...base, count, every, from, version: "1.8.0" });
  const b = everyday(`${id} b`, {
    ...changed,
    count: countB,
    every,
    from: then,
    version: words && split === "time" ? "1.9.0" : "1.8.0",
  });
  const filters = {
    time: [
      { service, until: iso(then - 1000) },
      { service, since: iso(then - 1000) },
    ],
    model: [
      { service, model: models[base.model]?.answers },
      { service, model: models[changed.model]?.answers },
    ],
    service: [{ service: base.service }, { service: changed.service }],
    agent: [
      { service, agent: base.agent },
      { service, agent: changed.agent },
    ],
  };
  const [group_a, group_b] = filters[split];
  return {
    id,
    fault: "regression",
    shape: `${shape} (by ${split})`,
    words: words ?? null,
    group_a,
    group_b,
    runs: [...a, ...b],
  };
}
