/** What changed since a point of the change counter. */
import { type SpanKind, spanKinds } from "../../model/kind.js";
import type { SpanSummary } from "../../model/summary.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";
import { asOfSeq } from "./cursor.js";
import { spanConditions } from "./filter.js";
import { spanSummary, summaryColumns, summaryTables } from "./rows.js";

export type Changes = { spans: SpanSummary[]; as_of_seq: number; has_more: boolean };

export function changes(
  source: SpanSource,
  query: TraceFilter & { after_seq: number; limit: number; kind?: SpanKind },
): Changes {
  const { engine } = source;
  const as_of_seq = asOfSeq(engine);
  const conditions = spanConditions(source.strings, query);
  if (conditions === null) return { spans: [], as_of_seq, has_more: false };
  if (query.kind !== undefined) {
    conditions.sql.push("s.kind = ?");
    conditions.params.push(spanKinds.indexOf(query.kind));
  }
  const rows = engine.all(
    `SELECT ${summaryColumns} FROM ${summaryTables} WHERE s.seq > ?${conditions.sql.map((sql) => ` AND ${sql}`).join("")} ORDER BY s.seq LIMIT ?`,
    [query.after_seq, ...conditions.params, query.limit + 1],
  );
  return {
    spans: rows.slice(0, query.limit).map((row) => spanSummary(source, row)),
    as_of_seq,
    has_more: rows.length > query.limit,
  };
}
