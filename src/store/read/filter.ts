/** Filters of questions as conditions of SQL. */
import type { Engine, SqlValue } from "../engines/engine.js";
import type { TraceFilter } from "../reader.js";
import type { Strings } from "../strings.js";
import { type Facet, facets, traceStatuses } from "../trace-totals.js";

export type Conditions = { sql: string[]; params: SqlValue[] };

/** Facets that a trace must have, as ids; null: one of the values never occurred, so nothing matches. */
export type FacetConditions = { facet: number; value: number }[] | null;

const facetOf: Partial<Record<keyof TraceFilter, Facet>> = {
  service: "service",
  session_id: "session",
  user_id: "user",
  agent: "agent",
  model: "model",
};

export function facetConditions(strings: Strings, filter: TraceFilter): FacetConditions {
  const wanted: NonNullable<FacetConditions> = [];
  for (const [key, facet] of Object.entries(facetOf) as [keyof TraceFilter, Facet][]) {
    const text = filter[key];
    if (text === undefined) continue;
    const value = strings.find(String(text));
    if (value === null) return null;
    wanted.push({ facet: facets[facet], value });
  }
  return wanted;
}

/** Conditions on `trace t` that need no facet. */
export function traceConditions(filter: TraceFilter): Conditions {
  const sql: string[] = [];
  const params: SqlValue[] = [];
  if (filter.since !== undefined) {
    sql.push("t.start_us >= ?");
    params.push(filter.since * 1000);
  }
  if (filter.until !== undefined) {
    sql.push("t.start_us < ?");
    params.push(filter.until * 1000);
  }
  if (filter.status !== undefined) {
    sql.push("t.status = ?");
    params.push(traceStatuses.indexOf(filter.status));
  }
  return { sql, params };
}

/** Conditions on `span s` (with `resource r`); null: nothing can match. */
export function spanConditions(strings: Strings, filter: TraceFilter): Conditions | null {
  const sql: string[] = [];
  const params: SqlValue[] = [];
  const add = (condition: string, ...values: SqlValue[]) => {
    sql.push(condition);
    params.push(...values);
  };
  if (filter.since !== undefined) add("s.start_us >= ?", filter.since * 1000);
  if (filter.until !== undefined) add("s.start_us < ?", filter.until * 1000);
  const columns = {
    service: "r.service",
    session_id: "s.session",
    user_id: "s.user",
    agent: "s.agent",
    model: "coalesce(s.response_model, s.request_model)",
  };
  for (const [key, column] of Object.entries(columns) as [keyof typeof columns, string][]) {
    const text = filter[key];
    if (text === undefined) continue;
    const value = strings.find(text);
    if (value === null) return null;
    add(`${column} = ?`, value);
  }
  if (filter.status === "error") add("s.state = 0 AND s.status = 2");
  else if (filter.status === "ok") add("s.state = 0 AND s.status <> 2");
  else if (filter.status === "running") add("s.state = 1");
  else if (filter.status === "incomplete") add("s.state = 2");
  return { sql, params };
}

/** How many rows a query has, counted up to `limit` + 1. `from` is everything behind FROM. */
export function countUpTo(engine: Engine, from: string, params: SqlValue[], limit: number): number {
  return Number(engine.get(`SELECT count(*) AS n FROM (SELECT 1 FROM ${from} LIMIT ${limit + 1})`, params)?.n);
}
