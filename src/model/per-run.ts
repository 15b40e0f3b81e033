/** What several detectors need of one run is worked out once, and let go with it. */
import type { Run } from "./run.js";

export function perRun<T>(make: (run: Run) => T): (run: Run) => T {
  const made = new WeakMap<Run, { value: T }>();
  return (run) => {
    const known = made.get(run) ?? { value: make(run) };
    made.set(run, known);
    return known.value;
  };
}
