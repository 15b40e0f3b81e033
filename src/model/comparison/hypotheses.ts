/** Things that may tell two groups apart, each with how likely chance alone gives as much. */
import { type GroupRuns, type Mark, type RunFigure, runFigures, type SampledStep } from "./group-runs.js";
import { fisherExact, quantileOf, rankSum, smallestFisher } from "./statistics.js";

export type Share = { runs: number; of: number; examples: number[] };
export type Amount = { p50: number; of: number; examples: number[] };

export type Hypothesis = {
  p: number;
  /** the smallest p that it could have had with so many runs */
  least: number;
  /** Cliff's delta: −1 = `a` is always above, 1 = `b` is; of a share the difference */
  delta: number;
} & (
  | { type: "failed"; a: Share; b: Share }
  /** marks that occur in the same runs are one thing */
  | { type: "mark"; keys: number[]; a: Share; b: Share }
  | { type: "figure"; figure: RunFigure; a: Amount; b: Amount }
  | { type: "step"; of: "latency" | "calls"; step: StepName; a: Amount; b: Amount }
  | { type: "step_error"; step: StepName; a: Share; b: Share }
  | { type: "order"; first: StepName; next: StepName; a: Share; b: Share }
);

export type StepName = { kind: SampledStep["kind"]; name: number };

/** How often, at most, a comparison of two groups that do not differ may name a difference. */
export const alpha = 0.01;
/** Values of a large group that are tested. */
const mostTested = 2000;
/** Above that p nothing is told of an amount, whatever it is. */
const mostP = 0.2;
/** Amounts whose medians and means both lie closer than that are taken for equal. */
const leastRatio = 1.15;

export function failedShare(a: GroupRuns, b: GroupRuns): Hypothesis {
  const of = (group: GroupRuns): Share => ({
    runs: group.failed.size,
    of: group.ids.length,
    examples: [...group.failed].slice(0, 3),
  });
  return { type: "failed", ...shares(of(a), of(b)) };
}

export function markShares(a: GroupRuns, b: GroupRuns): Hypothesis[] {
  const found = new Map<string, Hypothesis & { type: "mark" }>();
  const isTelling = tellingHits(a.ids.length, b.ids.length);
  const all = a.ids.length + b.ids.length;
  for (let key = 0; key < Math.max(a.marks.length, b.marks.length); key++) {
    const inA = a.marks[key];
    const inB = b.marks[key];
    const hits = (inA?.runs ?? 0) + (inB?.runs ?? 0);
    if (!isTelling(hits) || hits === all) continue;
    const same = `${inA?.set} ${inA?.runs} ${inB?.set} ${inB?.runs}`;
    const known = found.get(same);
    if (known) known.keys.push(key);
    else found.set(same, { type: "mark", keys: [key], ...shares(shareOf(inA, a), shareOf(inB, b)) });
  }
  return [...found.values()];
}

/** Groups as small as that show what is plain to see, although it is not proven. */
export const fewRuns = 10;

/** Most marks are of one run or two, paths and sessions above all: however they fall, they prove nothing. */
function tellingHits(ofA: number, ofB: number): (hits: number) => boolean {
  if (Math.min(ofA, ofB) < fewRuns) return (hits) => hits > 0;
  let least = 1;
  while (least < ofA + ofB && smallestFisher(least, ofA, ofB) > alpha) least++;
  return (hits) => hits >= least;
}

const shareOf = (mark: Mark | undefined, group: GroupRuns): Share => ({
  runs: mark?.runs ?? 0,
  of: group.ids.length,
  examples: mark?.examples ?? [],
});

const leastKnown = new Map<string, number>();

export function shares(a: Share, b: Share): { a: Share; b: Share; p: number; least: number; delta: number } {
  const hits = a.runs + b.runs;
  const all = a.of + b.of;
  const delta = b.runs / b.of - a.runs / a.of;
  // two standard errors apart at least: an exact p of what lies closer would say nothing
  const isNear = delta ** 2 < 4 * (hits / all) * (1 - hits / all) * (1 / a.of + 1 / b.of);
  return { a, b, p: isNear ? 1 : fisherExact(a.runs, a.of, b.runs, b.of), least: leastOf(hits, a.of, b.of), delta };
}

function leastOf(hits: number, ofA: number, ofB: number): number {
  const key = `${hits} ${ofA} ${ofB}`;
  const known = leastKnown.get(key);
  if (known !== undefined) return known;
  if (leastKnown.size > 10_000) leastKnown.clear();
  const least = smallestFisher(hits, ofA, ofB);
  leastKnown.set(key, least);
  return least;
}

type Values = { ids: number[]; values: Float64Array };

/** null where one side has none. Of large groups some values, spread evenly, are tested. */
export function amounts(
  a: Values,
  b: Values,
): { a: Amount; b: Amount; p: number; least: number; delta: number } | null {
  const [valuesA, valuesB] = [known(a.values), known(b.values)];
  if (valuesA.length === 0 || valuesB.length === 0) return null;
  const least = fisherExact(valuesA.length, valuesA.length, 0, valuesB.length);
  const { p, delta } = rankSum(spread(valuesA).sort(), spread(valuesB).sort());
  if (p > mostP) return { a: amountOf(a, Number.NaN, 0), b: amountOf(b, Number.NaN, 0), p: 1, least, delta };
  const [p50A, p50B] = [quantileOf(valuesA.sort(), 0.5) ?? 0, quantileOf(valuesB.sort(), 0.5) ?? 0];
  const isApart = areApart(p50A, p50B) || areApart(mean(valuesA), mean(valuesB));
  return {
    a: amountOf(a, p50A, valuesA.length),
    b: amountOf(b, p50B, valuesB.length),
    p: isApart ? p : 1,
    least,
    delta,
  };
}

/** A copy of what is known. */
export function known(values: Float64Array): Float64Array {
  const found = new Float64Array(values.length);
  let count = 0;
  for (const value of values) if (!Number.isNaN(value)) found[count++] = value;
  return found.subarray(0, count);
}

function spread(values: Float64Array): Float64Array {
  if (values.length <= mostTested) return values.slice();
  return Float64Array.from(
    { length: mostTested },
    (_, i) => values[Math.floor((i * values.length) / mostTested)] as number,
  );
}

function amountOf({ ids, values }: Values, p50: number, of: number): Amount {
  const at = values.indexOf(p50);
  return { p50, of, examples: at < 0 ? [] : [ids[at] as number] };
}

function areApart(a: number, b: number): boolean {
  return Math.max(a, b) > leastRatio * Math.min(a, b);
}

/** NaN when empty. */
export function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

export function figureAmounts(a: GroupRuns, b: GroupRuns): (Hypothesis & { type: "figure" })[] {
  // cached tokens follow the prompt's and the cache's fortune: they are shown, not compared
  const compared = runFigures.filter((figure) => figure !== "cached_tokens");
  return compared.flatMap((figure): (Hypothesis & { type: "figure" })[] => {
    const found = amounts({ ids: a.ids, values: a.figures[figure] }, { ids: b.ids, values: b.figures[figure] });
    return found ? [{ type: "figure", figure, ...found }] : [];
  });
}
