/** Writes the rows and bodies of a trace's spans anew. */
import { spanKinds } from "../model/kind.js";
import type { OtlpSpan } from "../model/otlp.js";
import { type Cell, failureOf } from "./cells.js";
import { addCounts } from "./conversations.js";
import type { Row, SqlValue } from "./engines/engine.js";
import { insertRows } from "./insert-rows.js";
import { decodeRow, envelope, type SpanSource, wholeSpanColumns } from "./read-span.js";
import type { Rewriting } from "./rewrite.js";
import { cellOf, type SpanWrite, spanColumns } from "./span-rows.js";
import type { SpanWriter } from "./writer.js";

/** What a step may still take. */
export type Budget = { spans: number; characters: number };

/** Spans of one resource and scope that are prepared together. */
const charactersPerRequest = 1_000_000;

/**
 * In the order in which they came, as far as `budget` goes, which it takes from. `last`: the last span that was done.
 * What is derived from other spans stays as it was, with its names rewritten, until the trace is derived again.
 */
export function rewriteSpanRows(
  writer: SpanWriter,
  rewriting: Rewriting,
  source: SpanSource,
  trace: number,
  after: number,
  budget: Budget,
): { last: number; complete: boolean } {
  const { engine } = writer;
  const most = budget.spans;
  const rows = engine.all(
    `SELECT ${wholeSpanColumns}, s.seq, s.state, s.cost_usd, s.agent, s.session, s.counted, s.call, s.failure
     FROM span s JOIN trace t ON t.id = s.trace WHERE s.trace = ? AND s.id > ? ORDER BY s.id LIMIT ?`,
    [trace, after, most],
  );
  let at = 0;
  while (at < rows.length && budget.characters > 0) {
    const first = rows[at] as Row;
    const own: { row: Row; redacted: Record<string, number> }[] = [];
    const spans: OtlpSpan[] = [];
    let characters = 0;
    for (; at < rows.length && characters < charactersPerRequest; at++) {
      const row = rows[at] as Row;
      if (row.resource !== first.resource || row.scope !== first.scope) break;
      const { span, redacted } = decodeRow(source, row);
      characters += lengthOf(span);
      own.push({ row, redacted });
      spans.push(span);
    }
    const { resource, scope } = envelope(engine, first);
    const writes = rewriting.spans({ resourceSpans: [{ ...resource, scopeSpans: [{ ...scope, spans }] }] });
    if (writes.length !== own.length) throw new TypeError(`A span of ${first.trace_id} is none any more.`);
    const made = own.map(({ row, redacted }, index) => {
      const write = writes[index] as SpanWrite;
      const counted = { ...write, cost_usd: row.cost_usd, redacted: addCounts(redacted, write.redacted ?? {}) };
      const values = makeRow(writer, rewriting, trace, row, counted);
      rewriting.written(write);
      return values;
    });
    insertRows(engine, `INSERT OR REPLACE INTO span (${spanColumns.join(", ")})`, spanColumns.length, made);
    budget.spans -= own.length;
    budget.characters -= characters;
  }
  const last = at === 0 ? after : (rows[at - 1] as Row).id;
  // those that still have one are written at the end of the transaction
  for (const row of rows.slice(0, at)) engine.run("DELETE FROM conversation WHERE span = ?", [row.id]);
  return { last, complete: at === rows.length && rows.length < most };
}

function makeRow(writer: SpanWriter, rewriting: Rewriting, trace: number, row: Row, write: SpanWrite): SqlValue[] {
  const { strings } = writer;
  const prepared = cellOf(write, row.id);
  const inherited = (id: number | null, of: "agent" | "session"): string | null => {
    const text = strings.text(id);
    return text === null ? null : rewriting.name(text, of);
  };
  const { cell } = prepared;
  cell.state = row.state;
  cell.agent = cell.own_agent ?? inherited(row.agent, "agent");
  cell.session = cell.own_session ?? inherited(row.session, "session");
  cell.counted = row.counted === 1;
  cell.call = row.call === null ? null : (spanKinds[row.call] as Cell["call"]);
  cell.failure = failureOf(row.failure);
  return writer.rows.make(write, prepared, trace, row.seq).row;
}

/** Characters, about. */
function lengthOf(span: OtlpSpan): number {
  let length = 500;
  for (const { value } of span.attributes ?? []) length += value?.stringValue?.length ?? 20;
  return length;
}
