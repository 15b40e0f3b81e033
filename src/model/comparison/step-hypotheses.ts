/** What the steps of some runs of each group tell: how long tools and models take, how often they are called and fail, in which order. */
import type { SampledRun, SampledStep } from "./group-runs.js";
import { amounts, type Hypothesis, type Share, type StepName, shares } from "./hypotheses.js";
import { quantileOf } from "./statistics.js";

type StepUse = StepName & {
  ids: number[];
  calls: number[];
  medians: number[];
  failing: number[];
  durations: number[];
  errors: number;
};

const keyOf = ({ kind, name }: StepName) => `${kind} ${name}`;

/** How each tool, model, … was used in the runs, by `keyOf`; agents are what they are made of. */
export function stepUses(runs: readonly SampledRun[]): Map<string, StepUse> {
  const uses = new Map<string, StepUse>();
  for (const run of runs) {
    const own = new Map<string, { durations: number[]; calls: number; errors: number }>();
    for (const step of run.steps) {
      if (step.kind === "agent") continue;
      const key = keyOf(step);
      let use = uses.get(key);
      if (!use) {
        use = {
          kind: step.kind,
          name: step.name,
          ids: [],
          calls: [],
          medians: [],
          failing: [],
          durations: [],
          errors: 0,
        };
        uses.set(key, use);
      }
      let here = own.get(key);
      if (!here) {
        here = { durations: [], calls: 0, errors: 0 };
        own.set(key, here);
      }
      here.calls++;
      if (step.isError) here.errors++;
      // what failed says nothing of how long the work takes
      else if (step.ms !== null) here.durations.push(step.ms);
      if (step.ms !== null) use.durations.push(step.ms);
    }
    for (const [key, here] of own) {
      const use = uses.get(key) as StepUse;
      use.ids.push(run.id);
      use.calls.push(here.calls);
      use.medians.push(
        quantileOf(
          here.durations.sort((x, y) => x - y),
          0.5,
        ) ?? Number.NaN,
      );
      use.errors += here.errors;
      if (here.errors > 0) use.failing.push(run.id);
    }
  }
  return uses;
}

/** A run is one witness, however many calls it makes: those of one run share their fate. */
export function stepHypotheses(a: readonly SampledRun[], b: readonly SampledRun[]): Hypothesis[] {
  const [usesA, usesB] = [stepUses(a), stepUses(b)];
  const found: Hypothesis[] = [];
  for (const [key, inA] of usesA) {
    const inB = usesB.get(key);
    if (!inB) continue;
    const step = { kind: inA.kind, name: inA.name };
    const values = (use: StepUse, of: "medians" | "calls") => ({ ids: use.ids, values: Float64Array.from(use[of]) });
    const latency = amounts(values(inA, "medians"), values(inB, "medians"));
    if (latency) found.push({ type: "step", of: "latency", step, ...latency });
    const calls = amounts(values(inA, "calls"), values(inB, "calls"));
    if (calls) found.push({ type: "step", of: "calls", step, ...calls });
    const failing = (use: StepUse, runs: readonly SampledRun[]): Share => ({
      runs: use.failing.length,
      of: runs.length,
      examples: use.failing.slice(0, 3),
    });
    if (inA.failing.length + inB.failing.length > 0)
      found.push({ type: "step_error", step, ...shares(failing(inA, a), failing(inB, b)) });
  }
  return found;
}

/** Which step of these kinds comes right after which other. */
export function orderHypotheses(
  a: readonly SampledRun[],
  b: readonly SampledRun[],
  kinds: SampledStep["kind"][],
): Hypothesis[] {
  type Seen = { first: StepName; next: StepName; a: number[]; b: number[] };
  const seen = new Map<string, Seen>();
  for (const side of ["a", "b"] as const) {
    for (const run of side === "a" ? a : b) {
      const steps = run.steps.filter(({ kind }) => kinds.includes(kind));
      for (let i = 1; i < steps.length; i++) {
        const first = steps[i - 1] as SampledStep;
        const next = steps[i] as SampledStep;
        const key = `${keyOf(first)} ${keyOf(next)}`;
        if (keyOf(first) === keyOf(next)) continue;
        let known = seen.get(key);
        if (!known) {
          known = {
            first: { kind: first.kind, name: first.name },
            next: { kind: next.kind, name: next.name },
            a: [],
            b: [],
          };
          seen.set(key, known);
        }
        if (known[side].at(-1) !== run.id) known[side].push(run.id);
      }
    }
  }
  return [...seen.values()].map(({ first, next, a: inA, b: inB }) => ({
    type: "order",
    first,
    next,
    ...shares(
      { runs: inA.length, of: a.length, examples: inA.slice(0, 3) },
      { runs: inB.length, of: b.length, examples: inB.slice(0, 3) },
    ),
  }));
}
