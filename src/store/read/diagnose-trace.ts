/** What went wrong in a run, or that nothing did. */
import { diagnoseRun } from "../../model/diagnose.js";
import type { Diagnosis } from "../../model/diagnosis.js";
import type { SpanSource } from "../read-span.js";
import { earlierCalls } from "./earlier-calls.js";
import { findTrace } from "./find-ids.js";
import { loadRunOf } from "./load-run.js";

/** Errors: those of `findTrace`. */
export function diagnoseTrace(source: SpanSource, { trace_id }: { trace_id: string }): Diagnosis {
  const trace = findTrace(source.engine, trace_id);
  return diagnoseRun(loadRunOf(source, trace), earlierCalls(source, trace));
}
