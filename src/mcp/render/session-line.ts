/** A session on one line. */

import { ago, costFigures, dotted, duration, plural, second, tokenFigures } from "../../model/format.js";
import type { SessionSummary } from "../../model/summary.js";
import { idText } from "./fence.js";
import { names } from "./trace-line.js";

export function sessionLine(session: SessionSummary, now: number): string {
  const start = Date.parse(session.start);
  const end = Date.parse(session.end);
  const traces = plural(session.trace_count, "trace");
  return dotted([
    idText(session.session_id),
    Number.isNaN(end) ? null : `active ${ago(end, now)}`,
    `from ${second(session.start)}${end > start ? ` over ${duration(end - start)}` : ""}`,
    session.error_traces > 0 ? `${traces} (${session.error_traces} FAILED)` : traces,
    plural(session.llm_calls, "call"),
    tokenFigures(session),
    costFigures(session),
    session.error_count > 0 && plural(session.error_count, "error"),
    names("user", session.user_ids),
    names("agent", session.agents),
    names("model", session.models),
    names("service", session.services),
  ]);
}
