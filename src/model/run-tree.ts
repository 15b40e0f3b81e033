/** Who is whose parent in a run, and when it began and ended. Pure. */
import { firstIndex } from "./first-index.js";
import { perRun } from "./per-run.js";
import type { Run, Step } from "./run.js";
import { orderTopDown } from "./trace-order.js";

export type RunTree = {
  /** null on roots, and where the parent is not there; cycles are cut */
  parent(step: Step): Step | null;
  /** every parent before its children */
  topDown: readonly Step[];
  /** µs: the first start and the last known end or start */
  start_us: number;
  end_us: number;
};

export const treeOf = perRun(({ steps }): RunTree => {
  const { order, parent } = orderTopDown(steps);
  const parents = new Map<Step, Step | null>();
  let [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [index, step] of steps.entries()) {
    parents.set(step, steps[parent[index] as number] ?? null);
    start = Math.min(start, step.start_us);
    end = Math.max(end, step.start_us, step.end_us ?? step.start_us);
  }
  return {
    parent: (step) => parents.get(step) ?? null,
    topDown: Array.from(order, (index) => steps[index] as Step),
    start_us: steps.length > 0 ? start : 0,
    end_us: steps.length > 0 ? end : 0,
  };
});

/** Above that many levels nothing is looked for: real traces are not that deep. */
export const mostLevels = 500;

/** The nearest step above that passes. */
export function findAbove(tree: RunTree, step: Step, passes: (above: Step) => boolean): Step | null {
  let above = tree.parent(step);
  for (let level = 0; above && level < mostLevels; level++, above = tree.parent(above)) if (passes(above)) return above;
  return null;
}

/** Starts are often recorded in whole ms, and ends are not: what follows an end may seem to begin before it. */
const clock_us = 1_000;

/** Whether something that began then may have followed what ended then. */
export function follows(start_us: number, end_us: number): boolean {
  return start_us + clock_us >= end_us;
}

/** When it was over, in µs; its start while it has not ended, or where the two are reversed. */
export function endOf(step: Step): number {
  return Math.max(step.start_us, step.end_us ?? step.start_us);
}

/** The steps that began after what ended at `from_us`, and before `to_us`. */
export function stepsFrom({ steps }: Pick<Run, "steps">, from_us: number, to_us: number): Step[] {
  const found: Step[] = [];
  for (
    let at = firstIndex(steps, ({ start_us }) => follows(start_us, from_us));
    at < steps.length && (steps[at] as Step).start_us < to_us;
    at++
  )
    found.push(steps[at] as Step);
  return found;
}
