/** A session's timeline as text: who said what when; long texts are cut with the call that shows the rest. */

import { count, dotted, duration, second } from "../../model/format.js";
import { estimateTokens } from "../../model/tokens.js";
import type { SpanDetail, TimelineEntry, TraceReader } from "../../store/reader.js";
import { idText, nameText, quoted } from "./fence.js";
import { indented, messageBody, messagesText } from "./messages.js";

export type EntryText = string;

/** Characters that each text may show; the most generous one at which all entries fit is taken. */
const allowances = [4000, 1500, 700, 300, 120];
const markTokens = 55;

type Piece = {
  text: string /** where the text lies; null = unknown until the span is read */;
  field: "input_value" | "output_value" | null;
};

function piecesOf(entry: TimelineEntry): Piece[] {
  if (entry.type === "message") return [{ text: messageBody(entry.message), field: null }];
  if (entry.type === "error") return [];
  return [
    ...(entry.input === null ? [] : [{ text: indented(entry.input), field: "input_value" as const }]),
    ...(entry.output === null ? [] : [{ text: indented(`← ${entry.output}`), field: "output_value" as const }]),
  ];
}

function heading(entry: TimelineEntry, before: TimelineEntry | undefined): string {
  const time =
    before?.time.slice(0, 10) === entry.time.slice(0, 10) ? second(entry.time).slice(11) : second(entry.time);
  const who = [
    entry.agent === null ? "" : `agent ${nameText(entry.agent, 40)}`,
    entry.model === null ? "" : nameText(entry.model, 60),
  ];
  const span = `span ${idText(entry.span_id)}`;
  if (entry.type === "message")
    return dotted([
      `${time} ${nameText(entry.message.role, 40)}`,
      entry.message.role === "user" ? null : dotted(who),
      span,
    ]);
  if (entry.type === "tool") {
    const status = entry.status === "ok" ? null : entry.status.toUpperCase();
    return dotted([
      `${time} tool ${nameText(entry.tool, 60)}`,
      status,
      entry.duration_ms === null ? null : duration(entry.duration_ms),
      who[0],
      span,
    ]);
  }
  const type = entry.error_type === null ? "" : ` ${nameText(entry.error_type, 60)}`;
  return dotted([
    `${time} ERROR in ${nameText(entry.name)}${type}`,
    entry.error_message !== null && quoted(entry.error_message, 300),
    who[0],
    span,
  ]);
}

/** Where in which field of the span the message's text begins; null when the span no longer holds it. */
function locate(span: SpanDetail, entry: TimelineEntry): { field: string; start: number | null } | null {
  if (entry.type !== "message") return null;
  const body = messageBody(entry.message);
  // System instructions that travel apart from the messages may be wrapped in JSON there, so they are shown from their start.
  if (entry.message.role === "system" && span.system !== null) return { field: "system", start: null };
  for (const field of ["output_messages", "input_messages"] as const) {
    const at = span[field].findIndex((message) => message.role === entry.message.role && messageBody(message) === body);
    if (at >= 0) return { field, start: messagesText(span[field].slice(0, at + 1)).bodies[at] ?? 0 };
  }
  return null;
}

async function restOf(
  entry: TimelineEntry,
  piece: Piece,
  shown: number,
  span: () => Promise<SpanDetail | null>,
): Promise<string> {
  const call = `get_span span_id=${entry.span_id}`;
  // Indentation and the arrow are ours, the offset is that of the recorded value.
  if (piece.field !== null) {
    const kept = piece.text.slice(0, shown);
    const ours = 2 + 2 * (kept.match(/\n/g)?.length ?? 0) + (piece.field === "output_value" ? 2 : 0);
    return `${call} field=${piece.field} offset=${Math.max(0, shown - ours)}`;
  }
  const detail = await span();
  const place = detail && locate(detail, entry);
  if (!place) return call;
  return `${call} field=${place.field}${place.start === null ? "" : ` offset=${place.start + shown}`}`;
}

/** One text an entry, so that all fit `budget` tokens where that is possible at all. Reads the spans whose texts are cut. */
export async function renderTimeline(
  timeline: readonly TimelineEntry[],
  reader: TraceReader,
  budget: number,
): Promise<EntryText[]> {
  const pieces = timeline.map(piecesOf);
  const headings = timeline.map((entry, i) => {
    const before = timeline[i - 1];
    const trace = before?.trace_id === entry.trace_id ? "" : `-- trace ${idText(entry.trace_id)}\n`;
    return trace + heading(entry, before);
  });
  const fixed = headings.reduce((sum, text) => sum + estimateTokens(text) + 1, 0);
  const cost = (allowance: number) =>
    pieces
      .flat()
      .reduce(
        (sum, { text }) => sum + estimateTokens(text.slice(0, allowance)) + (text.length > allowance ? markTokens : 1),
        fixed,
      );
  const allowance = allowances.find((chars) => cost(chars) <= budget) ?? 120;

  const details = new Map<string, Promise<SpanDetail | null>>();
  const spanOf = (entry: TimelineEntry) => {
    const known =
      details.get(entry.span_id) ??
      reader.getSpan({ span_id: entry.span_id, trace_id: entry.trace_id }).catch(() => null);
    details.set(entry.span_id, known);
    return known;
  };
  const texts: EntryText[] = [];
  let used = 0;
  for (const [i, entry] of timeline.entries()) {
    const lines = [headings[i] ?? ""];
    for (const piece of pieces[i] ?? []) {
      if (piece.text.length <= allowance) lines.push(piece.text);
      else {
        const shown = /[\ud800-\udbff]/.test(piece.text[allowance - 1] ?? "") ? allowance - 1 : allowance;
        // What no longer fits is not shown: its span need not be read.
        const rest = used > budget * 1.5 ? "" : await restOf(entry, piece, shown, () => spanOf(entry));
        lines.push(`${piece.text.slice(0, shown)}\n(+${count(piece.text.length - shown)} chars: ${rest})`);
      }
    }
    const text = lines.join("\n");
    used += estimateTokens(text);
    texts.push(text);
  }
  return texts;
}
