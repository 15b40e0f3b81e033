/** What happens to spans, as it is told while it happens. */
import * as z from "zod";
import type { SpanKind } from "./kind.js";
import { type SpanStatus, SpanSummary } from "./summary.js";

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
export const LiveSpan = SpanSummary.pick({
  seq: true,
  trace_id: true,
  span_id: true,
  parent_span_id: true,
  name: true,
  kind: true,
  status: true,
  start: true,
  duration_ms: true,
  service: true,
  session_id: true,
  agent: true,
  model: true,
  input_tokens: true,
  output_tokens: true,
}).extend({ type: ChangeType.exclude(["dropped"]), preview: z.string().nullable() });
export type LiveSpan = z.infer<typeof LiveSpan>;

/** `position`: what came first when a client asked for the cursor of now; nothing happened. */
const LiveEventType = z.enum([...ChangeType.options, "position"]);

/** One element of the arrays that `/live` sends. */
export const LiveEvent = z.object({
  /** a cursor: what comes after it has not been sent yet */
  seq: z.number(),
  type: LiveEventType,
  /** ISO 8601 UTC: when the span started or ended; for the other types when it was noticed */
  time: z.string(),
  /** null for `dropped` and `position` */
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

/** Bytes of JSON for the texts of one change: with everything else it stays below 1 KB. */
const textBytes = 400;
const nameBytes = 96;
const labelBytes = 60;
const longestPreview = 160;

/** Bytes that a character takes in JSON text. */
function jsonBytes(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0xd800 && code < 0xe000)) return 6;
  if (code === 0x22 || code === 0x5c) return 2;
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/** The text's beginning that takes at most `most` bytes of JSON, and what it takes. */
function cut(text: string, most: number): { text: string; bytes: number } {
  let bytes = 0;
  let length = 0;
  let kept = 0;
  for (const character of text) {
    // room for the mark of a cut
    if (bytes <= most - 3) kept = length;
    bytes += jsonBytes(character);
    if (bytes > most) return { text: `${text.slice(0, kept)}…`, bytes: most };
    length += character.length;
  }
  return { text, bytes };
}

export function liveSpan({ type, span, preview }: Change): LiveSpan {
  let left = textBytes;
  const label = (text: string | null, most = labelBytes): string | null => {
    if (text === null) return null;
    const kept = cut(text, most);
    left -= kept.bytes;
    return kept.text;
  };
  const name = label(span.name, nameBytes) ?? "";
  const service = label(span.service);
  const session_id = label(span.session_id);
  const agent = label(span.agent);
  const model = label(span.model);
  return {
    seq: span.seq,
    type,
    trace_id: span.trace_id,
    span_id: span.span_id,
    parent_span_id: span.parent_span_id,
    name,
    kind: span.kind,
    status: span.status,
    start: span.start,
    duration_ms: span.duration_ms,
    service,
    session_id,
    agent,
    model,
    input_tokens: span.input_tokens,
    output_tokens: span.output_tokens,
    preview: preview === null ? null : cut(preview.slice(0, longestPreview), left).text,
  };
}

function markEvent(type: "dropped" | "position", seq: number, dropped: number | null, noticed: number): LiveEvent {
  return { seq, type, time: new Date(noticed).toISOString(), trace_id: null, span_id: null, span: null, dropped };
}

export function droppedEvent(seq: number, dropped: number, noticed: number): LiveEvent {
  return markEvent("dropped", seq, dropped, noticed);
}

export function positionEvent(seq: number, noticed: number): LiveEvent {
  return markEvent("position", seq, null, noticed);
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
