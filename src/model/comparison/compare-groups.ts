/** Two groups of runs: their figures side by side, and what tells them apart beyond chance. */
import type { GroupComparison, GroupFigures, Separator, SeparatorKind, SeparatorSide, StepRow } from "../comparison.js";
import { duration, money, plural } from "../format.js";
import { joinPhrases, nameOf, type Phrase, phrase } from "../phrase.js";
import type { GroupRuns, RunFigure, SampledRun } from "./group-runs.js";
import {
  alpha,
  failedShare,
  fewRuns,
  figureAmounts,
  type Hypothesis,
  known,
  markShares,
  mean,
  type StepName,
} from "./hypotheses.js";
import { separatorOf, type Wording } from "./separator.js";
import { fisherExact, quantileOf } from "./statistics.js";
import { orderHypotheses, stepHypotheses, stepUses } from "./step-hypotheses.js";

const mostSeparators = 8;
const plainDelta = 0.6;
const mostUnproven = 3;

export type GroupQuestion = {
  a: GroupRuns;
  b: GroupRuns;
  /** the groups were made by their runs' status */
  byStatus: boolean;
  /** … by their agents */
  byAgent: boolean;
  wording: Wording;
};

type Told = Omit<GroupComparison, "coverage" | "shared_runs">;

/** Both groups have runs. */
export function compareGroupRuns({ a, b, byStatus, byAgent, wording }: GroupQuestion): Told {
  const all = [
    ...(byStatus ? [] : [failedShare(a, b)]),
    ...markShares(a, b),
    ...figureAmounts(a, b).filter((found) => !byStatus || found.figure !== "errors"),
    ...stepHypotheses(a.sampled, b.sampled),
    ...orderHypotheses(a.sampled, b.sampled, byAgent ? ["tool"] : ["tool", "agent"]),
  ];
  const compared = comparedThings(all.map(({ least }) => least));
  const told = (found: Hypothesis[], sure: boolean) =>
    found.map((each) => separatorOf(each, { p: Math.min(1, each.p * compared), sure, wording }));
  const proven = withoutRepeats(all.filter(({ p }) => p * compared <= alpha).sort(strongestFirst));
  const smaller = Math.min(a.ids.length, b.ids.length);
  const plain = smaller >= fewRuns || proven.length > 0 ? [] : withoutRepeats(all.filter(isPlain).sort(strongestFirst));
  const separators = [
    ...withoutComplements(told(proven.slice(0, 2 * mostSeparators), true)).slice(0, mostSeparators),
    ...withoutComplements(told(plain.slice(0, 2 * mostUnproven), false)).slice(0, mostUnproven),
  ];
  const isTooFew = fisherExact(a.ids.length, a.ids.length, 0, b.ids.length) * compared > alpha;
  const figures = { a: figuresOf(a), b: figuresOf(b) };
  return {
    verdict: verdictOf(separators, compared, isTooFew ? tooFew(figures, byStatus) : null),
    ...figures,
    separators,
    compared,
    steps: stepRows(a.sampled, b.sampled, proven, wording),
    sampled: { a: a.sampled.length, b: b.sampled.length },
  };
}

/**
 * What a p has to be multiplied by: the number of things that could have been told apart at all. Source: Tarone, A
 * modified Bonferroni method for discrete data (1990).
 */
function comparedThings(least: number[]): number {
  const ordered = Float64Array.from(least).sort();
  for (let k = 1; ; k++) {
    const limit = alpha / k;
    let testable = ordered.length;
    while (testable > 0 && (ordered[testable - 1] as number) > limit) testable--;
    if (testable <= k) return k;
  }
}

/** Totals follow from what they are sums of, so that of two that are as strong the special one comes first. */
const weights: Partial<Record<Hypothesis["type"], number>> = { failed: 2, figure: 0.7, order: 0.8 };

function strength({ type, delta }: Hypothesis): number {
  return Math.abs(delta) * (weights[type] ?? 1);
}

const strongestFirst = (x: Hypothesis, y: Hypothesis) => strength(y) - strength(x) || x.p - y.p;

function isPlain(found: Hypothesis): boolean {
  return found.type !== "figure" && found.type !== "order" && found.p < 1 && Math.abs(found.delta) >= plainDelta;
}

/** What comes after what follows from which tools and agents there are: told only where that says less. */
function withoutRepeats(ordered: Hypothesis[]): Hypothesis[] {
  const special = ordered.filter(({ type }) => type === "mark" || type === "step" || type === "step_error");
  const most = Math.max(0, ...special.map(({ delta }) => Math.abs(delta)));
  return ordered.filter(({ type, delta }) => type !== "order" || Math.abs(delta) * 0.8 > most);
}

/** One version in `a` and another in `b` is one difference, not two: told by what `b` has more often. */
function withoutComplements(separators: Separator[]): Separator[] {
  const rest = (side: SeparatorSide) => side.of - (side.runs ?? 0);
  const complementOf = (own: Separator) =>
    own.name === null && own.kind !== "prompt"
      ? undefined
      : separators.find(
          (other) =>
            other.kind === own.kind && other !== own && other.a.runs === rest(own.a) && other.b.runs === rest(own.b),
        );
  const isMoreInB = ({ a, b }: Separator) => (b.runs ?? 0) / b.of > (a.runs ?? 0) / a.of;
  return separators.flatMap((own) => {
    const other = complementOf(own);
    if (!other) return [own];
    if (!isMoreInB(own)) return [];
    const others = other.name === null ? [] : [phrase`; the other runs: ${nameOf(other.name)}`];
    const examples = { ...own.a, trace_ids: own.a.trace_ids.length > 0 ? own.a.trace_ids : other.a.trace_ids };
    return [{ ...own, summary: joinPhrases([own.summary, ...others], ""), a: examples }];
  });
}

function figuresOf(group: GroupRuns): GroupFigures {
  const average = (figure: RunFigure) => {
    const values = known(group.figures[figure]);
    // sums of binary fractions end in noise
    return values.length === 0 ? null : Math.round(mean(values) * 1e10) / 1e10;
  };
  const durations = known(group.figures.duration_ms).sort();
  return {
    runs: group.ids.length,
    failed: group.failed.size,
    duration_p50_ms: quantileOf(durations, 0.5),
    duration_p95_ms: quantileOf(durations, 0.95),
    mean_input_tokens: average("input_tokens"),
    mean_cached_tokens: average("cached_tokens"),
    mean_output_tokens: average("output_tokens"),
    mean_cost_usd: average("cost_usd"),
    mean_llm_calls: average("llm_calls"),
    mean_errors: average("errors"),
    unpriced_calls: group.unpriced_calls,
  };
}

function stepRows(
  a: readonly SampledRun[],
  b: readonly SampledRun[],
  proven: Hypothesis[],
  wording: Wording,
): StepRow[] {
  const [usesA, usesB] = [stepUses(a), stepUses(b)];
  const rank = new Map<string, number>();
  for (const [i, found] of proven.entries())
    if ("step" in found) {
      const key = `${found.step.kind} ${found.step.name}`;
      if (!rank.has(key)) rank.set(key, i);
    }
  const row = (key: string): StepRow => {
    const { kind, name } = (usesA.get(key) ?? usesB.get(key)) as StepName;
    const side = (uses: typeof usesA, runs: readonly SampledRun[]): StepRow["a"] => {
      const use = uses.get(key);
      const calls = use?.calls.reduce((sum, n) => sum + n, 0) ?? 0;
      const durations = Float64Array.from(use?.durations ?? []).sort();
      return {
        runs: use?.ids.length ?? 0,
        calls,
        calls_per_run: runs.length === 0 ? 0 : Math.round((calls / runs.length) * 100) / 100,
        p50_ms: quantileOf(durations, 0.5),
        p95_ms: quantileOf(durations, 0.95),
        errors: use?.errors ?? 0,
      };
    };
    return { kind, name: wording.step({ kind, name }), a: side(usesA, a), b: side(usesB, b) };
  };
  return [...new Set([...usesA.keys(), ...usesB.keys()])]
    .map((key) => ({ rank: rank.get(key) ?? proven.length, row: row(key) }))
    .sort((x, y) => x.rank - y.rank || y.row.a.calls + y.row.b.calls - x.row.a.calls - x.row.b.calls)
    .map((each) => each.row);
}

/** What a group comes to, as against what may have brought it about. */
const outcomes = new Set<SeparatorKind>([
  "failed",
  "duration",
  "input_tokens",
  "output_tokens",
  "cost",
  "llm_calls",
  "errors",
]);

/** `few`: what to say where there are too few runs for anything to be proven. */
function verdictOf(separators: Separator[], compared: number, few: string | null): Phrase {
  const proven = separators.filter(({ sure }) => sure);
  if (proven.length === 0) {
    if (few !== null) return [few];
    return phrase`nothing separates them beyond chance: ${plural(compared, "thing")} compared`;
  }
  const isOutcome = ({ kind }: Separator) => outcomes.has(kind);
  const outcome = proven.find(isOutcome);
  const causes = proven.filter((each) => !isOutcome(each)).slice(0, 3);
  const sentences = [
    ...(outcome ? [outcome.summary] : []),
    ...(causes.length > 0
      ? [phrase`${outcome ? "what separates them: " : "separated by "}${joinPhrases(causes.map(shortName), ", ")}`]
      : []),
  ];
  return joinPhrases(sentences, "; ");
}

/** With what the groups came to, where that differs: no proof, but what was asked. */
function tooFew({ a, b }: { a: GroupFigures; b: GroupFigures }, byStatus: boolean): string {
  const moved = (of: string, from: string | null, to: string | null) =>
    from !== null && to !== null && from !== to ? `${of} ${from} → ${to}` : null;
  const ms = (of: GroupFigures) => (of.duration_p50_ms !== null ? duration(of.duration_p50_ms) : null);
  const usd = (of: GroupFigures) => (of.mean_cost_usd !== null ? money(of.mean_cost_usd) : null);
  const seen = [
    byStatus || a.failed + b.failed === 0
      ? null
      : moved("failed", `${a.failed} of ${a.runs}`, `${b.failed} of ${b.runs}`),
    moved("p50", ms(a), ms(b)),
    moved("cost a run", usd(a), usd(b)),
  ].filter((each) => each !== null);
  const against = `not enough runs to tell them apart: ${a.runs} against ${b.runs}`;
  return seen.length === 0 ? against : `${against}; seen, not proven: ${seen.join(", ")}`;
}

const kindWords: Partial<Record<SeparatorKind, string>> = {
  tool_error: "failing",
  latency: "latency of",
  calls: "number of calls of",
  name: "runs named",
  order: "order",
};

function shortName({ kind, name }: Separator): Phrase {
  return name === null ? [kindWords[kind] ?? kind] : phrase`${kindWords[kind] ?? kind} ${nameOf(name)}`;
}
