/** Model calls whose messages were not recorded. Pure. */
import type { Run, Step } from "./run.js";

/** Nothing is known of what it was sent. */
export function isUnheard(run: Run, step: Step): boolean {
  const { repeated, added } = run.conversation(step);
  return repeated + added.length === 0;
}

/** Nor of what it answered. */
export function isSilent(run: Run, step: Step): boolean {
  return run.contents(step).said.length === 0 && isUnheard(run, step);
}
