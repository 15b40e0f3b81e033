/** Which sessions there are. */

import { dollars } from "../../model/known-sums.js";
import type { SessionSummary } from "../../model/summary.js";
import type { Row, SqlValue } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import type { Page, SessionListing, TraceFilter } from "../reader.js";
import { facets } from "../trace-totals.js";
import { countLimit, coverage, readOffset } from "./cursor.js";
import { countUpTo, facetConditions, traceConditions } from "./filter.js";
import { facetTexts, isoTime } from "./rows.js";
import { tracesWithText } from "./search-spans.js";

/** A session's models, agents, users and services are read off its latest traces. */
const tracesLookedAt = 200;

export function sessionSummary(source: SpanSource, row: Row): SessionSummary {
  const traces = source.engine.all(
    "SELECT t.facets FROM trace_facet f JOIN trace t ON t.id = f.trace WHERE f.facet = ? AND f.value = ? ORDER BY f.start_us DESC LIMIT ?",
    [facets.session, row.id, tracesLookedAt],
  );
  const distinct = (facet: keyof typeof facets) => [
    ...new Set(traces.flatMap((trace) => facetTexts(source, trace, facet))),
  ];
  // the sums keep no nulls: calls without any token tell nothing
  const known = row.input_tokens > 0 || row.output_tokens > 0;
  return {
    session_id: source.strings.text(row.id) ?? "",
    user_ids: distinct("user"),
    services: distinct("service"),
    start: isoTime(row.first_us),
    end: isoTime(row.last_us),
    trace_count: row.trace_count,
    error_traces: row.error_traces,
    error_count: row.error_count,
    llm_calls: row.llm_calls,
    input_tokens: known ? row.input_tokens : null,
    cached_tokens: known ? row.cached_tokens : null,
    output_tokens: known ? row.output_tokens : null,
    cost_usd: row.cost_usd > 0 ? dollars(row.cost_usd) : null,
    unpriced_calls: row.unpriced_calls,
    models: distinct("model"),
    agents: distinct("agent"),
  };
}

export function listSessions(source: SpanSource, query: TraceFilter & Page): SessionListing {
  const { engine, strings } = source;
  const notes: string[] = [];
  const offset = readOffset(query.cursor);
  const { since, until, ...rest } = query;
  const sql: string[] = [];
  const params: SqlValue[] = [];
  if (since !== undefined) {
    sql.push("z.last_us >= ?");
    params.push(since * 1000);
  }
  if (until !== undefined) {
    sql.push("z.first_us < ?");
    params.push(until * 1000);
  }
  const wanted = facetConditions(strings, rest);
  const onTraces = traceConditions(rest);
  let ids: number[] | null = null;
  if (query.text !== undefined) ids = tracesWithText(source, query.text, notes);
  if (wanted === null || ids?.length === 0) return { sessions: [], coverage: coverage(engine, 0, 0, null, notes) };
  if (ids) onTraces.sql.push(`t.id IN (${ids.join(",")})`);
  const throughTraces = wanted.length > 0 || onTraces.sql.length > 0;
  if (throughTraces) {
    const others = wanted.map(
      (_, i) =>
        ` JOIN trace_facet f${i} ON f${i}.facet = ? AND f${i}.value = ? AND f${i}.start_us = f.start_us AND f${i}.trace = f.trace`,
    );
    const trace = onTraces.sql.length > 0 ? " JOIN trace t ON t.id = f.trace" : "";
    sql.push(
      `EXISTS (SELECT 1 FROM trace_facet f${trace}${others.join("")} WHERE f.facet = ${facets.session} AND f.value = z.id${onTraces.sql.map((condition) => ` AND ${condition}`).join("")})`,
    );
    params.push(...wanted.flatMap(({ facet, value }) => [facet, value]), ...onTraces.params);
  }
  const from = `session z WHERE ${sql.length > 0 ? sql.join(" AND ") : "1"}`;
  const matched = countUpTo(engine, from, params, countLimit);
  const rows = engine.all(`SELECT z.* FROM ${from} ORDER BY z.last_us DESC, z.id DESC LIMIT ? OFFSET ?`, [
    ...params,
    query.limit + 1,
    offset,
  ]);
  const page = rows.slice(0, query.limit);
  const next = rows.length > query.limit ? { offset: offset + page.length } : null;
  return {
    sessions: page.map((row) => sessionSummary(source, row)),
    coverage: coverage(engine, matched, page.length, next, notes),
  };
}
