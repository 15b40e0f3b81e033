/** A span on one line of a tree or a list; its full id comes last, to be pasted. */

import { dotted, duration, money, tokenFigures } from "../../model/format.js";
import type { SpanSummary, TraceSummary } from "../../model/summary.js";
import { idText, nameText, quoted } from "./fence.js";

/** `running for 12 s`. `start`: ISO; `now`: ms since the epoch, of a clock that may be behind. */
export function runningFor(start: string, now: number): string {
  return `running for ${duration(Math.max(0, now - Date.parse(start)))}`;
}

/** `ERROR TimeoutError "no answer"`, `RUNNING for 12 s`, `ABANDONED`, or nothing. `now`: ms since the epoch. */
export function trouble(span: SpanSummary, now: number, max = 160): string {
  if (span.status === "error") {
    const type = span.error_type === null ? "" : ` ${nameText(span.error_type, 60)}`;
    return `ERROR${type}${span.error_message === null ? "" : ` ${quoted(span.error_message, max)}`}`;
  }
  if (span.status === "running") return runningFor(span.start, now).replace("running", "RUNNING");
  return span.status === "ok" ? "" : span.status.toUpperCase();
}

/** Where the reader knows already: the line begins with the offset from `start` (ms since the epoch); an only `model` is not repeated. */
export type LineFrame = { start: number; model: string | null; now: number };

export function lineFrame(trace: TraceSummary, now: number): LineFrame {
  return { start: Date.parse(trace.start), model: trace.models.length === 1 ? (trace.models[0] ?? null) : null, now };
}

export function spanLine(span: SpanSummary, frame: LineFrame): string {
  const offset = Date.parse(span.start) - frame.start;
  const name = nameText(span.name);
  const said = (value: string | null) => (value === null || span.name.includes(value) ? null : nameText(value, 60));
  return dotted([
    `${Number.isNaN(offset) ? "" : `+${duration(Math.max(0, offset))} `}${span.kind === "other" ? "span" : span.kind} ${name}`,
    trouble(span, frame.now),
    span.duration_ms === null ? null : duration(span.duration_ms),
    span.model !== frame.model && said(span.model),
    span.kind === "tool" ? said(span.tool) : span.kind === "agent" ? said(span.agent) : null,
    span.counted && tokenFigures(span),
    span.counted &&
      (span.cost_usd !== null ? money(span.cost_usd) : span.kind === "llm" && span.input_tokens !== null && "unpriced"),
    idText(span.span_id),
  ]);
}
