/** What steps cost, with all that lies below them. Pure. */
import type { Finding } from "./diagnosis.js";
import { dollars } from "./known-sums.js";
import type { Run, Step } from "./run.js";
import { totalOf } from "./step-totals.js";
import { orderTopDown } from "./trace-order.js";

/** `ms`: time in which any of them ran. Tokens and cost of those that are counted; null = none known. */
export function spentOn(run: Run, steps: readonly Step[]): Finding["saves"] {
  const { order, parent } = orderTopDown(run.steps);
  const asked = new Set(steps);
  const within = new Set<Step>();
  for (const i of order) {
    const step = run.steps[i] as Step;
    const above = run.steps[parent[i] as number];
    if (asked.has(step) || (above && within.has(above))) within.add(step);
  }
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
