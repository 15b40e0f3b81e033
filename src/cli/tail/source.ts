/** Where live events come from. */
import type { LiveEvent } from "../../model/live.js";

/** Calls `tell` with events, oldest first, until `ended` is aborted. Rejects when there can be none any more. */
export type Follow = (tell: (events: LiveEvent[]) => void, ended: AbortSignal) => Promise<void>;

export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
