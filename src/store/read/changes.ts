/** What changed since a point of the change counter. */
import { spanKinds } from "../../model/kind.js";
import type { Change, LiveFilter } from "../../model/live.js";
import type { Row } from "../engines/engine.js";
import { getMeta, getNumber } from "../meta.js";
import type { SpanSource } from "../read-span.js";
import { asOfSeq } from "./cursor.js";
import { spanConditions } from "./filter.js";
import { preview, previewColumns } from "./preview.js";
import { spanSummary, summaryColumns, summaryTables } from "./rows.js";

export type Changes = {
  changes: Change[];
  as_of_seq: number;
  has_more: boolean;
  dropped_spans: number;
  store_id: string;
};

const stateConditions = {
  ok: "s.state = 0 AND s.status <> 2",
  error: "s.state = 0 AND s.status = 2",
  running: "s.state = 1",
  abandoned: "s.state = 2",
};

// a span has one row, which keeps its last change only
function typeOf(row: Row): Change["type"] {
  if (row.state === 1) return "span_started";
  if (row.state === 2) return "span_abandoned";
  return row.late ? "trace_updated" : "span_ended";
}

export function changes(
  source: SpanSource,
  query: LiveFilter & { after_seq: number; limit: number; latest?: boolean; previews?: boolean },
): Changes {
  const { engine } = source;
  const state = {
    as_of_seq: asOfSeq(engine),
    dropped_spans: getNumber(engine, "dropped_spans"),
    store_id: String(getMeta(engine, "store_id")),
  };
  const { trace_id, kind, status, ...facets } = query;
  const conditions = spanConditions(source.strings, facets);
  if (conditions === null) return { ...state, changes: [], has_more: false };
  const { sql, params } = conditions;
  if (trace_id !== undefined) {
    sql.push("t.trace_id = ?");
    params.push(Buffer.from(trace_id, "hex"));
  }
  if (kind !== undefined) {
    sql.push("s.kind = ?");
    params.push(spanKinds.indexOf(kind));
  }
  if (status !== undefined) sql.push(stateConditions[status]);
  const rows = engine.all(
    `SELECT ${summaryColumns}, ${previewColumns}, EXISTS (SELECT 1 FROM log l WHERE l.trace_id = t.trace_id AND l.span_id = s.span_id AND l.seq = s.seq) AS late
     FROM ${summaryTables} WHERE s.seq > ?${sql.map((condition) => ` AND ${condition}`).join("")} ORDER BY s.seq${query.latest ? " DESC" : ""} LIMIT ?`,
    [query.after_seq, ...params, query.limit + 1],
  );
  const found = rows.slice(0, query.limit);
  if (query.latest) found.reverse();
  return {
    ...state,
    changes: found.map((row) => ({
      type: typeOf(row),
      span: spanSummary(source, row),
      preview: query.previews ? preview(source, row) : null,
    })),
    has_more: rows.length > query.limit,
  };
}
