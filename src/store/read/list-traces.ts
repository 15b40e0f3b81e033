/** Which traces there are: filtered, sorted, paged. */
import type { Row, SqlValue } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import type { Page, TraceFilter, TraceListing, TraceSort } from "../reader.js";
import { countLimit, coverage, type Position, readCursor } from "./cursor.js";
import { type Conditions, countUpTo, facetConditions, traceConditions } from "./filter.js";
import { traceSummary } from "./rows.js";
import { tracesWithText } from "./search-spans.js";

export type TraceQuery = TraceFilter & Page & { sort?: TraceSort; min_duration_ms?: number; min_cost_usd?: number };

const sortColumns: Record<Exclude<TraceSort, "newest">, [column: string, index: string]> = {
  slowest: ["t.duration_us", "trace_duration"],
  costliest: ["t.cost_usd", "trace_cost"],
  most_tokens: ["t.tokens", "trace_tokens"],
  most_errors: ["t.error_count", "trace_errors"],
};

export function listTraces(source: SpanSource, query: TraceQuery): TraceListing {
  const { engine, strings } = source;
  const notes: string[] = [];
  const nothing: TraceListing = { traces: [], coverage: coverage(engine, 0, 0, null, notes) };
  const wanted = facetConditions(strings, query);
  if (wanted === null) return nothing;
  const conditions = traceConditions(query);
  if (query.min_duration_ms !== undefined) add(conditions, "t.duration_us >= ?", query.min_duration_ms * 1000);
  if (query.min_cost_usd !== undefined) add(conditions, "t.cost_usd >= ?", query.min_cost_usd);
  if (query.text !== undefined) {
    const ids = tracesWithText(source, query.text, notes);
    if (ids.length === 0) return { ...nothing, coverage: coverage(engine, 0, 0, null, notes) };
    add(conditions, `t.id IN (${ids.join(",")})`);
  }

  const driven = fromFacets(engine, wanted, conditions);
  const count = () => countUpTo(engine, driven.count, driven.params, countLimit);
  const sort = query.sort ?? "newest";
  const position = readCursor(query.cursor);
  const sortedOf = sort === "newest" ? null : count();
  const rows =
    sort === "newest" || sortedOf === null
      ? newest(source, query, driven, wanted.length > 0, position)
      : sorted(source, query, driven, wanted, conditions, sort, sortedOf, position);
  const more = rows.length > query.limit;
  const page = rows.slice(0, query.limit);
  // a first page that holds everything needs no second walk
  const matched = sortedOf ?? (more || position ? count() : page.length);
  const last = page.at(-1);
  let next: Position | null = null;
  if (more && last)
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

/** Two facets that are both more frequent than that lead equally well. */
const rarityLimit = 5000;

/** `from`: what follows FROM for whole traces; `count`: the same rows without their traces, where no condition needs them. */
type Driven = { from: string; count: string; params: SqlValue[] };

/** The rarest facet leads; the others and the trace are looked up from it. */
function fromFacets(
  engine: SpanSource["engine"],
  wanted: { facet: number; value: number }[],
  conditions: Conditions,
): Driven {
  const where = conditions.sql.length > 0 ? conditions.sql.join(" AND ") : "1";
  if (wanted.length === 0) {
    const from = `trace t WHERE ${where}`;
    return { from, count: from, params: conditions.params };
  }
  const counted = wanted
    .map((entry) => ({
      entry,
      count: countUpTo(engine, "trace_facet WHERE facet = ? AND value = ?", [entry.facet, entry.value], rarityLimit),
    }))
    .sort((a, b) => a.count - b.count)
    .map(({ entry }) => entry);
  const [lead, ...others] = counted as [{ facet: number; value: number }, ...{ facet: number; value: number }[]];
  const joins = others.map(
    (_, i) =>
      ` CROSS JOIN trace_facet f${i + 1} ON f${i + 1}.facet = ? AND f${i + 1}.value = ? AND f${i + 1}.start_us = f.start_us AND f${i + 1}.trace = f.trace`,
  );
  const facetsOnly = `trace_facet f${joins.join("")}`;
  const whole = `${facetsOnly} CROSS JOIN trace t ON t.id = f.trace`;
  const conditioned = `WHERE f.facet = ? AND f.value = ? AND ${where.replaceAll("t.start_us", "f.start_us")}`;
  const needsTrace = conditions.sql.some((condition) => !condition.startsWith("t.start_us"));
  return {
    from: `${whole} ${conditioned}`,
    count: `${needsTrace ? whole : facetsOnly} ${conditioned}`,
    params: [...others.flatMap(({ facet, value }) => [facet, value]), lead.facet, lead.value, ...conditions.params],
  };
}

function newest(
  { engine }: SpanSource,
  query: TraceQuery,
  driven: Driven,
  byFacet: boolean,
  position: Position | null,
): Row[] {
  const time = byFacet ? "f.start_us" : "t.start_us";
  const after = position && "id" in position ? ` AND (${time} < ? OR (${time} = ? AND t.id < ?))` : "";
  const params = position && "id" in position ? [position.start_us, position.start_us, position.id] : [];
  return engine.all(`SELECT t.* FROM ${driven.from}${after} ORDER BY ${time} DESC, t.id DESC LIMIT ?`, [
    ...driven.params,
    ...params,
    query.limit + 1,
  ]);
}

function sorted(
  { engine }: SpanSource,
  query: TraceQuery,
  driven: Driven,
  wanted: { facet: number; value: number }[],
  conditions: Conditions,
  sort: Exclude<TraceSort, "newest">,
  matched: number,
  position: Position | null,
): Row[] {
  const [column, index] = sortColumns[sort];
  const page: SqlValue[] = [query.limit + 1, offsetOf(position)];
  const order = `ORDER BY ${column} DESC, t.id DESC LIMIT ? OFFSET ?`;
  if (matched <= countLimit) return engine.all(`SELECT t.* FROM ${driven.from} ${order}`, [...driven.params, ...page]);
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
