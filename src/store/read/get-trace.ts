/** One trace with its spans. */
import type { Row } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import type { TraceTree } from "../reader.js";
import { asOfSeq } from "./cursor.js";
import { findSpan, findTrace } from "./find-ids.js";
import { spanSummary, summaryColumns, summaryTables, traceSummary } from "./rows.js";

const mostSpans = 5000;

export function getTrace(
  source: SpanSource,
  query: { trace_id: string; span_id?: string; max_spans?: number },
): TraceTree {
  const { engine } = source;
  const trace = findTrace(engine, query.trace_id);
  const limit = query.max_spans ?? mostSpans;
  let ids: number[] | null = null;
  let total = trace.span_count as number;
  if (query.span_id !== undefined) {
    ids = subtree(source, trace.id, findSpan(engine, query.span_id, query.trace_id).id);
    total = ids.length;
  }
  if (total > limit) ids = mostTelling(source, trace.id, ids, limit);
  const rows =
    ids === null
      ? engine.all(`SELECT ${summaryColumns} FROM ${summaryTables} WHERE s.trace = ? ORDER BY s.start_us, s.id`, [
          trace.id,
        ])
      : engine.all(
          `SELECT ${summaryColumns} FROM ${summaryTables} WHERE s.id IN (${ids.join(",")}) ORDER BY s.start_us, s.id`,
        );
  return {
    trace: traceSummary(source, trace),
    spans: rows.map((row) => spanSummary(source, row)),
    omitted: Math.max(0, total - rows.length),
    as_of_seq: asOfSeq(engine),
  };
}

function skeleton({ engine }: SpanSource, trace: number): Row[] {
  return engine.all(
    "SELECT id, hex(span_id) AS span_id, hex(parent_id) AS parent_id, status, duration_us FROM span WHERE trace = ? ORDER BY start_us, id",
    [trace],
  );
}

/** Row ids of a span and all below it; cycles end where they close. */
function subtree(source: SpanSource, trace: number, top: number): number[] {
  const rows = skeleton(source, trace);
  const children = new Map<string, Row[]>();
  for (const row of rows) {
    const list = children.get(row.parent_id);
    if (list) list.push(row);
    else children.set(row.parent_id, [row]);
  }
  const found = new Set<number>();
  const waiting = rows.filter((row) => row.id === top);
  for (let row = waiting.pop(); row; row = waiting.pop()) {
    if (found.has(row.id)) continue;
    found.add(row.id);
    waiting.push(...(children.get(row.span_id) ?? []));
  }
  return [...found];
}

/** Errors first, then roots and the longest, each with its ancestors, until `limit` is reached. */
function mostTelling(source: SpanSource, trace: number, among: number[] | null, limit: number): number[] {
  const allowed = among === null ? null : new Set(among);
  const rows = skeleton(source, trace).filter((row) => allowed === null || allowed.has(row.id));
  const bySpanId = new Map(rows.map((row) => [row.span_id as string, row]));
  const longest = [...rows].sort((a, b) => (b.duration_us ?? 0) - (a.duration_us ?? 0));
  const roots = rows.filter((row) => !row.parent_id || !bySpanId.has(row.parent_id)).slice(0, limit / 4);
  const failed = longest.filter((row) => row.status === 2).slice(0, limit / 2);
  const chosen = new Set<number>();
  for (const candidate of [...roots, ...failed, ...longest]) {
    if (chosen.size >= limit) break;
    const line = new Set<number>();
    for (
      let row: Row | undefined = candidate;
      row && !chosen.has(row.id) && !line.has(row.id) && line.size <= limit - chosen.size;
      row = bySpanId.get(row.parent_id)
    )
      line.add(row.id);
    // without its ancestors a span tells nothing of its place
    if (line.size <= limit - chosen.size) for (const id of line) chosen.add(id);
  }
  if (chosen.size === 0) for (const row of longest.slice(0, limit)) chosen.add(row.id);
  return [...chosen];
}
