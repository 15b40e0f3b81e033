/** A span on one line of a tree or a list; its full id comes last, to be pasted. */
import type { SpanSummary, TraceSummary } from "../../model/summary.js";
import { idText, nameText, quoted } from "./fence.js";
import { dotted, duration, money, tokenFigures } from "./format.js";

/** `ERROR TimeoutError "no answer"`, a state that is not over, or nothing. */
export function trouble(span: SpanSummary, max = 160): string {
  if (span.status === "error") {
    const type = span.error_type === null ? "" : ` ${nameText(span.error_type, 60)}`;
    return `ERROR${type}${span.error_message === null ? "" : ` ${quoted(span.error_message, max)}`}`;
  }
  return span.status === "ok" ? "" : span.status.toUpperCase();
}

/** Where the reader knows already: the line begins with the offset from `start` (ms since the epoch); an only `model` is not repeated. */
export type LineFrame = { start: number; model: string | null };

export function lineFrame(trace: TraceSummary): LineFrame {
  return { start: Date.parse(trace.start), model: trace.models.length === 1 ? (trace.models[0] ?? null) : null };
}

export function spanLine(span: SpanSummary, frame: LineFrame): string {
  const offset = Date.parse(span.start) - frame.start;
  const name = nameText(span.name);
  const said = (value: string | null) => (value === null || span.name.includes(value) ? null : nameText(value, 60));
  return dotted([
    `${Number.isNaN(offset) ? "" : `+${duration(Math.max(0, offset))} `}${span.kind === "other" ? "span" : span.kind} ${name}`,
    trouble(span),
    span.duration_ms === null ? null : duration(span.duration_ms),
    span.model !== frame.model && said(span.model),
    span.kind === "tool" ? said(span.tool) : span.kind === "agent" ? said(span.agent) : null,
    span.counted && tokenFigures(span),
    span.counted &&
      (span.cost_usd !== null ? money(span.cost_usd) : span.kind === "llm" && span.input_tokens !== null && "unpriced"),
    idText(span.span_id),
  ]);
}
