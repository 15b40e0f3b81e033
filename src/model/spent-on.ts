/** What steps cost, with all that lies below them. Pure. */
import type { Finding } from "./diagnosis.js";
import { dollars } from "./known-sums.js";
import { perRun } from "./per-run.js";
import type { Run, Step } from "./run.js";
import { treeOf } from "./run-tree.js";
import { totalOf } from "./step-totals.js";

const childrenOf = perRun((run): ReadonlyMap<Step, Step[]> => {
  const tree = treeOf(run);
  const children = new Map<Step, Step[]>();
  for (const step of run.steps) {
    const parent = tree.parent(step);
    const known = parent && children.get(parent);
    if (known) known.push(step);
    else if (parent) children.set(parent, [step]);
  }
  return children;
});

/** `ms`: time in which any of them ran. Tokens and cost of those that are counted; null = none known. */
export function spentOn(run: Run, steps: readonly Step[]): Finding["saves"] {
  const children = childrenOf(run);
  const within = new Set(steps);
  // a set hands out what is added while it is walked
  for (const step of within) for (const child of children.get(step) ?? []) within.add(child);
  let us = 0;
  let until = 0;
  for (const step of [...steps].sort((a, b) => a.start_us - b.start_us)) {
    const end = step.end_us ?? step.start_us;
    us += Math.max(0, end - Math.max(until, step.start_us));
    until = Math.max(until, end);
  }
  const { tokens, usd } = totalOf([...within]);
  return { ms: Math.round(us) / 1000, tokens, usd: dollars(usd) };
}
