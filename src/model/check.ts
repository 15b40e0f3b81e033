/** Assertions on runs. */
import type { Coverage } from "./summary.js";

export type CheckRules = { rules: never[] };
export type CheckResult = { coverage: Coverage };
