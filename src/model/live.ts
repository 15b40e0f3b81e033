/** What happens to spans, as it is told while it happens. */
import * as z from "zod";
import { SpanKind } from "./kind.js";
import { SpanStatus, type SpanSummary } from "./summary.js";

/** `trace_updated`: content arrived for a span that had ended. `dropped`: a recorder had to leave spans out. */
export const ChangeType = z.enum(["span_started", "span_ended", "span_abandoned", "trace_updated", "dropped"]);
export type ChangeType = z.infer<typeof ChangeType>;

/** A change of one span, as the store tells it. */
export type Change = {
  type: Exclude<ChangeType, "dropped">;
  span: SpanSummary;
  /** what the span says in a line of at most 160 characters: error, answer, result or question; null = nothing, or not asked for */
  preview: string | null;
};

/** A change in at most 1 KB: no message bodies, those are fetched. Long names are cut. */
export const LiveSpan = z.object({
  /** the change counter's value at this change; a cursor */
  seq: z.number(),
  type: ChangeType.exclude(["dropped"]),
  trace_id: z.string(),
  span_id: z.string(),
  parent_span_id: z.string().nullable(),
  name: z.string(),
  kind: SpanKind,
  status: SpanStatus,
  start: z.string(),
  duration_ms: z.number().nullable(),
  service: z.string().nullable(),
  session_id: z.string().nullable(),
  agent: z.string().nullable(),
  model: z.string().nullable(),
  input_tokens: z.number().nullable(),
  output_tokens: z.number().nullable(),
  preview: z.string().nullable(),
});
export type LiveSpan = z.infer<typeof LiveSpan>;

/** One element of the arrays that `/live` sends. */
export const LiveEvent = z.object({
  /** a cursor: what comes after it has not been sent yet */
  seq: z.number(),
  type: ChangeType,
  /** ISO 8601 UTC: when the span started or ended; for the other types when it was noticed */
  time: z.string(),
  /** null for `dropped` */
  trace_id: z.string().nullable(),
  span_id: z.string().nullable(),
  span: LiveSpan.nullable(),
  /** spans left out since the last such event; null for the other types */
  dropped: z.number().nullable(),
});
export type LiveEvent = z.infer<typeof LiveEvent>;

/** Exact values; all conditions hold together. */
export type LiveFilter = {
  trace_id?: string;
  session_id?: string;
  service?: string;
  agent?: string;
  model?: string;
  kind?: SpanKind;
  status?: SpanStatus;
};

const filterKeys = ["trace_id", "session_id", "service", "agent", "model", "kind", "status"] as const;

export function matchesLive(filter: LiveFilter, span: SpanSummary): boolean {
  return filterKeys.every((key) => filter[key] === undefined || filter[key] === span[key]);
}

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
const cutOrNull = (text: string | null, most: number): string | null => (text === null ? null : cut(text, most));

export function liveSpan({ type, span, preview }: Change): LiveSpan {
  return {
    seq: span.seq,
    type,
    trace_id: span.trace_id,
    span_id: span.span_id,
    parent_span_id: span.parent_span_id,
    name: cut(span.name, 120),
    kind: span.kind,
    status: span.status,
    start: span.start,
    duration_ms: span.duration_ms,
    service: cutOrNull(span.service, 80),
    session_id: cutOrNull(span.session_id, 120),
    agent: cutOrNull(span.agent, 80),
    model: cutOrNull(span.model, 80),
    input_tokens: span.input_tokens,
    output_tokens: span.output_tokens,
    preview: cutOrNull(preview, 160),
  };
}

/** `noticed`: ms since the epoch. */
export function liveEvent(change: Change, noticed: number): LiveEvent {
  const { type, span } = change;
  const start = Date.parse(span.start);
  const time = type === "span_started" ? start : type === "span_ended" ? start + (span.duration_ms ?? 0) : noticed;
  return {
    seq: span.seq,
    type,
    time: new Date(time).toISOString(),
    trace_id: span.trace_id,
    span_id: span.span_id,
    span: liveSpan(change),
    dropped: null,
  };
}
