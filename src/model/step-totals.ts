/** What steps took together. Pure. */
import type { Step } from "./run.js";

/** Tokens in and out and cost of the steps that enter totals; null = none of them tells. */
export function totalOf(steps: readonly Step[]): { tokens: number | null; usd: number | null } {
  let tokens: number | null = null;
  let usd: number | null = null;
  for (const step of steps) {
    if (!step.counted) continue;
    if (step.input_tokens !== null || step.output_tokens !== null)
      tokens = (tokens ?? 0) + (step.input_tokens ?? 0) + (step.output_tokens ?? 0);
    if (step.cost_usd !== null) usd = (usd ?? 0) + step.cost_usd;
  }
  return { tokens, usd };
}
