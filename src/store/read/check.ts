/** Whether runs keep to rules. */
import { openCheck } from "../../model/check/check-runs.js";
import type { CheckResult } from "../../model/check.js";
import { diagnoseRun } from "../../model/diagnose.js";
import type { SpanSource } from "../read-span.js";
import type { CheckQuery } from "../reader.js";
import { coverage } from "./cursor.js";
import { findTrace } from "./find-ids.js";
import { loadSchemaCompiler } from "./json-schema.js";
import { listTraces } from "./list-traces.js";
import { loadRunOf } from "./load-run.js";
import { otherCalls } from "./other-calls.js";

/** Errors: those of `findTrace`; bad_argument of a schema that cannot be used. */
export function checkTraces(
  source: SpanSource,
  { trace_id, rules, limit, progress, ...filter }: CheckQuery,
): CheckResult {
  const check = openCheck(rules, loadSchemaCompiler());
  const listing = trace_id === undefined ? listTraces(source, { ...filter, limit }) : null;
  const ids = listing?.traces.map((trace) => trace.trace_id).reverse() ?? [trace_id as string];
  for (const [index, id] of ids.entries()) {
    const trace = findTrace(source.engine, id);
    const run = loadRunOf(source, trace);
    check.add(run, () => diagnoseRun(run, otherCalls(source, trace)).findings);
    progress?.(index + 1, ids.length);
  }
  return check.result(listing ? { ...listing.coverage, next_cursor: null } : coverage(source.engine, 1, 1, null));
}
