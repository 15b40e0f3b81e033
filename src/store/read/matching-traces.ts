/** The traces that a filter means: for lists, graphs, checks and comparisons alike. */
import type { SqlValue } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";
import { type Conditions, countUpTo, type FacetConditions, facetConditions, traceConditions } from "./filter.js";
import { tracesWithText } from "./search-spans.js";

/** Two facets that are both more frequent than that lead equally well. */
const rarityLimit = 5000;

/** Which traces a filter means, as SQL over `trace t`. */
export type Matching = {
  /** what follows FROM; a condition may be added to it with AND */
  from: string;
  /** the same rows without their traces, where no condition needs them */
  count: string;
  params: SqlValue[];
  /** the column to sort by for the newest first */
  time: "t.start_us" | "f.start_us";
  wanted: NonNullable<FacetConditions>;
  conditions: Conditions;
};

/** null = nothing can match. `more`: further conditions on `trace t`. */
export function matchTraces(
  source: SpanSource,
  filter: TraceFilter,
  notes: string[],
  more: Conditions = { sql: [], params: [] },
): Matching | null {
  const wanted = facetConditions(source.strings, filter);
  if (wanted === null) return null;
  const own = traceConditions(filter);
  const conditions: Conditions = { sql: [...own.sql, ...more.sql], params: [...own.params, ...more.params] };
  if (filter.text !== undefined) {
    const ids = tracesWithText(source, filter.text, notes);
    if (ids.length === 0) return null;
    conditions.sql.push(`t.id IN (${ids.join(",")})`);
  }
  const time = wanted.length > 0 ? "f.start_us" : "t.start_us";
  return { ...fromFacets(source.engine, wanted, conditions), time, wanted, conditions };
}

/** The rarest facet leads; the others and the trace are looked up from it. */
function fromFacets(
  engine: SpanSource["engine"],
  wanted: Matching["wanted"],
  conditions: Conditions,
): Pick<Matching, "from" | "count" | "params"> {
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
