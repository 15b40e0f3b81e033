/** A trace, and what a trace or a part of one amounts to, on one line. */

import { ago, costFigures, dotted, duration, plural, second, tokenFigures } from "../../model/format.js";
import type { TraceSummary } from "../../model/summary.js";
import { idText, nameText } from "./fence.js";
import { runningFor } from "./span-line.js";

/** Up to five names, the rest counted. */
export function names(label: string, list: readonly string[]): string {
  if (list.length === 0) return "";
  const more = list.length > 5 ? ` +${list.length - 5} more` : "";
  return `${label}${list.length === 1 ? "" : "s"} ${list
    .slice(0, 5)
    .map((name) => nameText(name, 40))
    .join(", ")}${more}`;
}

export function traceLine(trace: TraceSummary, now: number): string {
  const start = Date.parse(trace.start);
  return dotted([
    `${idText(trace.trace_id)} ${trace.status === "error" ? "ERROR" : trace.status}`,
    nameText(trace.name),
    `${Number.isNaN(start) ? "" : `${ago(start, now)}, `}${second(trace.start)}`,
    trace.duration_ms === null ? null : duration(trace.duration_ms),
    plural(trace.llm_calls, "call"),
    tokenFigures(trace),
    costFigures(trace),
    trace.error_count > 0 && plural(trace.error_count, "error"),
    names("agent", trace.agents),
    trace.session_id !== null && `session ${idText(trace.session_id)}`,
  ]);
}

/** The one-line verdict on a whole trace. `now`: ms since the epoch. */
export function verdict(trace: TraceSummary, now: number): string {
  return dotted([
    ...(trace.status === "running"
      ? [runningFor(trace.start, now)]
      : [
          trace.status === "error" ? "ERROR" : trace.status,
          trace.duration_ms === null ? "not ended" : duration(trace.duration_ms),
        ]),
    plural(trace.span_count, "span"),
    plural(trace.llm_calls, "model call"),
    tokenFigures(trace),
    costFigures(trace),
    trace.error_count > 0 ? plural(trace.error_count, "error") : "no errors",
  ]);
}
