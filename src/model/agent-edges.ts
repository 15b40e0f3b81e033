/** Runs of agents summed by whence they came. Pure. */
import type { GraphEdge, UnmetHandOff } from "./agent-graph.js";
import type { Origin, Passing } from "./agent-passings.js";
import { quantileOf } from "./comparison/statistics.js";
import type { GraphSpan, Unmet } from "./hand-off-wishes.js";
import { addKnown, dollars } from "./known-sums.js";

/** ids named of each edge */
const mostExamples = 3;

type Figures = { runs: number; errors: number; p50_ms: number | null; p95_ms: number | null };

/** Of spans that have ended; percentiles are values that occurred. */
export function runFigures(runs: readonly GraphSpan[]): Figures {
  const durations = runs
    .flatMap(({ duration_us }) => (duration_us === null ? [] : [duration_us]))
    .sort((a, b) => a - b);
  const quantile = (q: number) => {
    const us = quantileOf(durations, q);
    return us === null ? null : us / 1000;
  };
  return {
    runs: runs.length,
    errors: runs.filter(({ is_error }) => is_error).length,
    p50_ms: quantile(0.5),
    p95_ms: quantile(0.95),
  };
}

const keyOf = ({ from, via, kind }: Origin, to: string | null) => JSON.stringify([from, via, kind, to]);

/**
 * `assumed`: of how many runs it was not read how they came; each is taken to have come as most of those did that were
 * read and stand in the same place.
 */
export function sumEdges(passings: readonly Passing[]): { edges: GraphEdge[]; assumed: number } {
  const usual = usualOrigins(passings);
  const groups = new Map<string, { origin: Origin; passings: Passing[] }>();
  let assumed = 0;
  for (const passing of passings) {
    const { agent } = passing.run;
    if (passing.told === null) assumed++;
    const origin = passing.told ?? usual.get(keyOf(passing.base, agent)) ?? passing.base;
    const key = keyOf(origin, agent);
    const group = groups.get(key);
    if (group) group.passings.push(passing);
    else groups.set(key, { origin, passings: [passing] });
  }
  const edges = [...groups.values()].map(({ origin, passings: own }): GraphEdge => {
    const runs = own.map(({ run }) => run);
    const failedFirst = [...runs].sort((a, b) => Number(b.is_error) - Number(a.is_error) || b.start_us - a.start_us);
    return {
      from: origin.from,
      to: runs[0]?.agent ?? null,
      kind: origin.kind,
      via: origin.via,
      ...runFigures(runs),
      input_tokens: total(own, "input_tokens"),
      output_tokens: total(own, "output_tokens"),
      cost_usd: dollars(total(own, "cost_usd")),
      examples: failedFirst.slice(0, mostExamples).map(({ span_id }) => span_id),
    };
  });
  return { edges: edges.sort(bestFirst), assumed };
}

function usualOrigins(passings: readonly Passing[]): Map<string, Origin> {
  const told = new Map<string, Map<string, { origin: Origin; count: number }>>();
  for (const { base, told: origin, run } of passings) {
    if (origin === null) continue;
    const key = keyOf(base, run.agent);
    const counts = told.get(key) ?? new Map();
    told.set(key, counts);
    const own = counts.get(keyOf(origin, run.agent)) ?? { origin, count: 0 };
    own.count++;
    counts.set(keyOf(origin, run.agent), own);
  }
  const usual = new Map<string, Origin>();
  for (const [key, counts] of told)
    usual.set(key, [...counts.values()].reduce((a, b) => (b.count > a.count ? b : a)).origin);
  return usual;
}

/** Null where none is known. */
function total(passings: readonly Passing[], figure: "input_tokens" | "output_tokens" | "cost_usd"): number | null {
  return passings.reduce<number | null>((sum, passing) => addKnown(sum, passing[figure]), null);
}

/** Where agents start tells least. */
function bestFirst(a: GraphEdge, b: GraphEdge): number {
  return (
    Number(a.kind === "start") - Number(b.kind === "start") ||
    b.runs - a.runs ||
    (b.cost_usd ?? 0) - (a.cost_usd ?? 0) ||
    (keyOf(a, a.to) < keyOf(b, b.to) ? -1 : 1)
  );
}

/** Most frequent first. */
export function sumUnmet(unmet: readonly Unmet[]): UnmetHandOff[] {
  const groups = new Map<string, UnmetHandOff>();
  for (const { from, target, span, instead } of unmet) {
    const key = JSON.stringify([from, target, instead?.agent ?? null]);
    const group = groups.get(key) ?? {
      from,
      asked_for: target,
      went_to: instead?.agent ?? null,
      count: 0,
      examples: [],
    };
    group.count++;
    if (group.examples.length < mostExamples) group.examples.push(span.span_id);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
