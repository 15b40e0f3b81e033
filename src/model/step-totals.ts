/** What steps took together. Pure. */
import { addKnown } from "./known-sums.js";
import type { Step } from "./run.js";

/** Tokens in and out and cost of the steps that enter totals; null = none of them tells. */
export function totalOf(steps: readonly Step[]): { tokens: number | null; usd: number | null } {
  let tokens: number | null = null;
  let usd: number | null = null;
  for (const step of steps) {
    if (!step.counted) continue;
    tokens = addKnown(addKnown(tokens, step.input_tokens), step.output_tokens);
    usd = addKnown(usd, step.cost_usd);
  }
  return { tokens, usd };
}
