/** What went wrong in a run, or that nothing did. */
import { diagnoseRun } from "../../model/diagnose.js";
import type { Diagnosis } from "../../model/diagnosis.js";
import type { SpanSource } from "../read-span.js";
import { loadRun } from "./load-run.js";

/** Errors: those of `findTrace`. */
export function diagnoseTrace(source: SpanSource, { trace_id }: { trace_id: string }): Diagnosis {
  return diagnoseRun(loadRun(source, trace_id));
}
