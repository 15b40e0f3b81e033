/** What went wrong in a run, or that nothing did. */
import { diagnoseRun } from "../../model/diagnose.js";
import type { Diagnosis } from "../../model/diagnosis.js";
import type { SpanSource } from "../read-span.js";
import { findTrace } from "./find-ids.js";
import { loadRunOf } from "./load-run.js";
import { otherCalls } from "./other-calls.js";

/** Errors: those of `findTrace`. */
export function diagnoseTrace(source: SpanSource, { trace_id }: { trace_id: string }): Diagnosis {
  const trace = findTrace(source.engine, trace_id);
  return diagnoseRun(loadRunOf(source, trace), otherCalls(source, trace));
}
