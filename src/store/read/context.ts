/** What the contexts of a run's model calls consist of, or that of one call. */
import { explainRun } from "../../model/context/explain.js";
import type { ContextExplanation } from "../../model/context.js";
import { AgensightError } from "../../model/error.js";
import type { Row } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import { findSpan } from "./find-ids.js";
import { loadRun, loadRunOf } from "./load-run.js";

/** Errors: those of `findTrace` and `findSpan`; bad_argument for a span that is no model call. */
export function explainContext(
  source: SpanSource,
  { trace_id, span_id }: { trace_id?: string; span_id?: string },
): ContextExplanation {
  const redact = source.redact ?? ((text: string) => text);
  if (span_id === undefined) {
    if (trace_id === undefined) throw new AgensightError("bad_argument", "explain_context needs span_id or trace_id.");
    return explainRun(loadRun(source, trace_id), null, redact);
  }
  const found = findSpan(source.engine, span_id, trace_id);
  const row = source.engine.get("SELECT * FROM trace WHERE id = ?", [found.trace]) as Row;
  const run = loadRunOf(source, row);
  const id = source.engine.get("SELECT hex(span_id) AS id FROM span WHERE id = ?", [found.id])?.id.toLowerCase();
  const step = run.steps.find((each) => each.span_id === id);
  const answer = step?.kind === "llm" ? explainRun(run, step, redact) : null;
  if (answer && answer.calls.length > 0) return answer;
  const what = step
    ? step.kind === "other"
      ? "no model call"
      : `a span of kind ${step.kind}, no model call`
    : "too far behind in its trace";
  throw new AgensightError("bad_argument", `Span ${id} is ${what}: it has no context of its own.`, {
    hint: `explain_context {"trace_id":"${run.trace.trace_id}"} lists the model calls of its run.`,
  });
}
