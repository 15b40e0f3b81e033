/** Which traces there are: filtered, sorted, paged. */
import type { Row, SqlValue } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import type { Page, TraceFilter, TraceListing, TraceSort } from "../reader.js";
import { countLimit, coverage, type Position, readCursor } from "./cursor.js";
import { type Conditions, countUpTo } from "./filter.js";
import { type Matching, matchTraces } from "./matching-traces.js";
import { traceSummary } from "./rows.js";

export type TraceQuery = TraceFilter & Page & { sort?: TraceSort; min_duration_ms?: number; min_cost_usd?: number };

const sortColumns: Record<Exclude<TraceSort, "newest">, [column: string, index: string]> = {
  slowest: ["t.duration_us", "trace_duration"],
  costliest: ["t.cost_usd", "trace_cost"],
  most_tokens: ["t.tokens", "trace_tokens"],
  most_errors: ["t.error_count", "trace_errors"],
};

export function listTraces(source: SpanSource, query: TraceQuery): TraceListing {
  const { engine } = source;
  const notes: string[] = [];
  const more: Conditions = { sql: [], params: [] };
  if (query.min_duration_ms !== undefined) add(more, "t.duration_us >= ?", query.min_duration_ms * 1000);
  if (query.min_cost_usd !== undefined) add(more, "t.cost_usd >= ?", query.min_cost_usd);
  const matching = matchTraces(source, query, notes, more);
  if (matching === null) return { traces: [], coverage: coverage(engine, 0, 0, null, notes) };
  const count = () => countUpTo(engine, matching.count, matching.params, countLimit);
  const sort = query.sort ?? "newest";
  const position = readCursor(query.cursor);
  const sortedOf = sort === "newest" ? null : count();
  const rows =
    sort === "newest" || sortedOf === null
      ? newest(source, query, matching, position)
      : sorted(source, query, matching, sort, sortedOf, position);
  const isMore = rows.length > query.limit;
  const page = rows.slice(0, query.limit);
  // a first page that holds everything needs no second walk
  const matched = sortedOf ?? (isMore || position ? count() : page.length);
  const last = page.at(-1);
  let next: Position | null = null;
  if (isMore && last)
    next = sort === "newest" ? { start_us: last.start_us, id: last.id } : { offset: offsetOf(position) + page.length };
  return {
    traces: page.map((row) => traceSummary(source, row)),
    coverage: coverage(engine, matched, page.length, next, notes),
  };
}

function add(conditions: Conditions, sql: string, ...params: SqlValue[]): void {
  conditions.sql.push(sql);
  conditions.params.push(...params);
}

function offsetOf(position: Position | null): number {
  return position && "offset" in position ? position.offset : 0;
}

function newest(
  { engine }: SpanSource,
  query: TraceQuery,
  { from, params: matched, time }: Matching,
  position: Position | null,
): Row[] {
  const after = position && "id" in position ? ` AND (${time} < ? OR (${time} = ? AND t.id < ?))` : "";
  const params = position && "id" in position ? [position.start_us, position.start_us, position.id] : [];
  return engine.all(`SELECT t.* FROM ${from}${after} ORDER BY ${time} DESC, t.id DESC LIMIT ?`, [
    ...matched,
    ...params,
    query.limit + 1,
  ]);
}

function sorted(
  { engine }: SpanSource,
  query: TraceQuery,
  { from, params, wanted, conditions }: Matching,
  sort: Exclude<TraceSort, "newest">,
  matched: number,
  position: Position | null,
): Row[] {
  const [column, index] = sortColumns[sort];
  const page: SqlValue[] = [query.limit + 1, offsetOf(position)];
  const order = `ORDER BY ${column} DESC, t.id DESC LIMIT ? OFFSET ?`;
  if (matched <= countLimit) return engine.all(`SELECT t.* FROM ${from} ${order}`, [...params, ...page]);
  // many matches: walking the sorted index meets enough of them soon
  const exists = wanted.map(
    () =>
      "EXISTS (SELECT 1 FROM trace_facet f WHERE f.facet = ? AND f.value = ? AND f.start_us = t.start_us AND f.trace = t.id)",
  );
  const where = [...conditions.sql, ...exists];
  return engine.all(
    `SELECT t.* FROM trace t INDEXED BY ${index} ${where.length > 0 ? `WHERE ${where.join(" AND ")}` : ""} ${order}`,
    [...conditions.params, ...wanted.flatMap(({ facet, value }) => [facet, value]), ...page],
  );
}
