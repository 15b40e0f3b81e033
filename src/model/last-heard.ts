/** The end of what a model was sent, without the rest. Pure. */
import type { Heard, Run, Step } from "./run.js";

/** `count`: of all messages. */
export function lastHeard(run: Run, step: Step): { last: Heard | null; count: number } {
  const { repeated, added } = run.conversation(step);
  const last = added.at(-1) ?? (repeated > 0 ? run.heard(step).at(-1) : undefined);
  return { last: last ?? null, count: repeated + added.length };
}
