/** What differs between two runs, or between two groups of runs. */
import type { Coverage } from "./summary.js";

export type RunComparison = { coverage: Coverage };
export type GroupComparison = { coverage: Coverage };
