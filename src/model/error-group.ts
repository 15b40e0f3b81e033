/** Failures that are one and the same fault, told together. */
import type { Coverage } from "./summary.js";

export type ErrorListing = { groups: never[]; coverage: Coverage };
