/** Where usage comes from: sums of settled traces for whole days and hours, spans for the rest. */
import { type SpanKind, spanKinds } from "../../model/kind.js";
import type { UsageDimension } from "../../model/summary.js";
import type { Row, SqlValue } from "../engines/engine.js";
import { getNumber } from "../meta.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";
import { type keyDimensions, singleLevel, usageLevel } from "../usage-rollup.js";
import { spanConditions } from "./filter.js";
import { tracesWithText } from "./search-spans.js";

export type UsageQuery = TraceFilter & { group_by: UsageDimension[]; limit?: number };

export const usageSums = [
  "calls",
  "errors",
  "input_tokens",
  "cached_tokens",
  "cache_write_tokens",
  "output_tokens",
  "reasoning_tokens",
  "cost_usd",
  "unpriced_calls",
] as const;

const hour = 3600;
const day = 86400;

/** Dimensions that are columns of `usage`; hour and day are its buckets. */
type Column = (typeof keyDimensions)[number];

/** The same columns computed for spans: mirrors what the rollup adds, see `usageKind` in `cells.ts` and `usage-rollup.ts`. */
const usageKind = "coalesce(s.call, CASE WHEN s.counted = 1 THEN 1 ELSE s.kind END)";
const hasUsage = "(s.counted = 1 AND coalesce(s.call, 1) <> 5)";
const counts = "(s.call IS NOT NULL OR s.counted = 0)";
const spanColumns: Record<Column, string> = {
  model: `CASE WHEN ${hasUsage} THEN coalesce(s.response_model, s.request_model, 0) ELSE 0 END`,
  provider: `CASE WHEN ${hasUsage} THEN coalesce(s.provider, 0) ELSE 0 END`,
  agent: "coalesce(s.agent, 0)",
  service: "coalesce(r.service, 0)",
  session: "coalesce(s.session, 0)",
  tool: "CASE WHEN s.call = 5 THEN coalesce(s.tool, s.name) ELSE 0 END",
  kind: usageKind,
};
const spanSums = [
  `sum(${counts}) AS calls`,
  `sum(${counts} AND s.status = 2) AS errors`,
  ...["input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "cost_usd"].map(
    (name) => `total(CASE WHEN ${hasUsage} THEN s.${name} END) AS ${name}`,
  ),
  `sum(${hasUsage} AND s.call IS NOT NULL AND s.cost_usd IS NULL AND (s.input_tokens IS NOT NULL OR s.output_tokens IS NOT NULL OR s.status <> 2)) AS unpriced_calls`,
].join(", ");

/** CROSS JOIN fixes the order: the planner cannot know that unsettled traces are few. */
const unsettledFirst = "trace t INDEXED BY trace_unsettled CROSS JOIN span s ON s.trace = t.id";
const tracesFirst = "trace t CROSS JOIN span s ON s.trace = t.id";

/** Sessions are many: only the rows of the best are read, chosen by their own totals, and those of calls without a session. */
export function readsOnlyBest(query: UsageQuery): query is UsageQuery & { limit: number } {
  const { group_by, limit, since, until, ...filters } = query;
  return (
    group_by.length === 1 &&
    group_by[0] === "session" &&
    limit !== undefined &&
    since === undefined &&
    until === undefined &&
    Object.values(filters).every((value) => value === undefined)
  );
}

/** Status, user and words are not in the sums, nor are sessions by the hour. */
export function readsOnlySpans({ group_by, status, user_id, text, session_id }: UsageQuery): boolean {
  const perSession = group_by.includes("session") || session_id !== undefined;
  return (
    status !== undefined || user_id !== undefined || text !== undefined || (perSession && group_by.includes("hour"))
  );
}

/** How many sessions have calls of these kinds, counted one past `limit` at most. */
export function countSessions(source: SpanSource, kinds: SpanKind[], limit: number): number {
  const sql = `SELECT DISTINCT session FROM usage WHERE level = ${singleLevel("day", "session")} AND kind IN (${kindCodes(kinds)})`;
  return Number(source.engine.get(`SELECT count(*) AS n FROM (${sql} LIMIT ?)`, [limit + 1])?.n);
}

/** A condition that all traces with ended spans started in [since, until) ms fulfil: spares an index of spans by time. */
function tracesAround({ engine }: SpanSource, since: number | undefined, until: number | undefined): string {
  const longest = Number(engine.get("SELECT max(duration_us) AS us FROM trace")?.us ?? 0);
  const bounds = ["1"];
  if (since !== undefined) bounds.push(`t.start_us >= ${Math.floor(since * 1000) - longest}`);
  if (until !== undefined) bounds.push(`t.start_us < ${Math.ceil(until * 1000)}`);
  return bounds.join(" AND ");
}

type Plan = { source: SpanSource; query: UsageQuery; kinds: SpanKind[]; columns: Column[]; bucket: number };

/**
 * Rows with the asked dimensions (as string ids), the kind (as code), a bucket where time is asked for, the sums,
 * and `latency` (histogram texts) or `durations` (µs), comma-separated.
 */
export function usageRows(source: SpanSource, query: UsageQuery, kinds: SpanKind[], notes: string[]): Row[] {
  const byHour = query.group_by.includes("hour");
  const asked = query.group_by.filter((dimension): dimension is Column => dimension !== "hour" && dimension !== "day");
  const plan: Plan = {
    source,
    query,
    kinds,
    columns: [...new Set<Column>([...asked, "kind"])],
    bucket: byHour ? hour : query.group_by.includes("day") ? day : 0,
  };
  const conditions = spanConditions(source.strings, query);
  if (conditions === null) return [];
  if (query.text !== undefined) conditions.sql.push(`t.id IN (${tracesWithText(source, query.text, notes).join(",")})`);
  const spans = (tables: string, where: string, params: SqlValue[]) =>
    spanRows(plan, tables, [where, ...conditions.sql].join(" AND "), [...params, ...conditions.params]);

  const wanted = filtered(plan);
  const perSession = plan.columns.includes("session") || wanted.some(([column]) => column === "session");
  const about = [
    ...new Set([...plan.columns.filter((column) => column !== "kind"), ...wanted.map(([column]) => column)]),
  ];
  if (readsOnlySpans(query)) return spans(tracesFirst, tracesAround(source, query.since, query.until), []);

  const rows = spans(unsettledFirst, "t.settled = 0", []);
  const alsoSessions = rows.map((row) => Number(row.session));
  const levelOf = (step: number) => {
    if (about.length <= 1 && about[0] !== "provider") return singleLevel(step === day ? "day" : "hour", about[0]);
    if (step === hour) return usageLevel.hour;
    return perSession ? usageLevel.session : usageLevel.day;
  };
  /** Settled spans of [from, to) in s: whole days, else whole hours from the sums, the rest span by span. */
  const add = (from: number | null, to: number | null, step: number): void => {
    const first = from === null ? null : Math.ceil(from / step) * step;
    const last = to === null ? null : Math.floor(to / step) * step;
    const finer = (a: number, b: number) => {
      if (a >= b) return;
      if (step === day && !perSession) add(a, b, hour);
      else
        rows.push(
          ...spans(
            tracesFirst,
            `t.settled = 1 AND ${tracesAround(source, a * 1000, b * 1000)} AND s.start_us >= ? AND s.start_us < ?`,
            [Math.round(a * 1e6), Math.round(b * 1e6)],
          ),
        );
    };
    if (first !== null && last !== null && first >= last) {
      finer(from as number, to as number);
      return;
    }
    if (from !== null && first !== null) finer(from, first);
    if (to !== null && last !== null) finer(last, to);
    rows.push(...summedRows(plan, wanted, levelOf(step), first, last, alsoSessions));
  };
  const seconds = (ms: number | undefined) => (ms === undefined ? null : ms / 1000);
  add(seconds(query.since), seconds(query.until), byHour ? hour : day);
  return rows;
}

/** The same rows for some traces alone, span by span. Times and status are not looked at: they are the traces'. */
export function usageRowsOf(source: SpanSource, query: UsageQuery, kinds: SpanKind[], traces: number[]): Row[] {
  const { since: _, until: __, status: ___, ...filter } = query;
  const conditions = spanConditions(source.strings, filter);
  if (conditions === null || traces.length === 0) return [];
  const columns = [...new Set<Column>([...query.group_by.filter((name) => name !== "hour" && name !== "day"), "kind"])];
  return spanRows(
    { source, query, kinds, columns, bucket: 0 },
    tracesFirst,
    [`t.id IN (${traces.join(",")})`, ...conditions.sql].join(" AND "),
    conditions.params,
  );
}

/** The filters as columns of `usage`. */
function filtered({ source, query }: Plan): [Column, number][] {
  const filters = [
    ["service", query.service],
    ["session", query.session_id],
    ["agent", query.agent],
    ["model", query.model],
  ] as const;
  return filters.flatMap(([column, text]): [Column, number][] =>
    text === undefined ? [] : [[column, source.strings.find(text) ?? -2]],
  );
}

function kindCodes(kinds: SpanKind[]): string {
  return kinds.map((kind) => spanKinds.indexOf(kind)).join(",");
}

function spanRows({ source, kinds, columns, bucket }: Plan, tables: string, where: string, params: SqlValue[]): Row[] {
  const rows = source.engine.all(
    `SELECT ${columns.map((column) => `${spanColumns[column]} AS d_${column}`).join(", ")}, ${bucket ? `(s.start_us / 1000000) - (s.start_us / 1000000) % ${bucket}` : "0"} AS bucket,
       ${spanSums}, group_concat(CASE WHEN ${counts} THEN s.duration_us END) AS durations
     FROM ${tables} CROSS JOIN resource r ON r.id = s.resource
     WHERE s.state = 0 AND (s.counted = 1 OR s.kind NOT IN (0, 1, 2, 5)) AND ${usageKind} IN (${kindCodes(kinds)}) AND ${where}
     GROUP BY ${columns.map((column) => `d_${column}`).join(", ")}, bucket`,
    params,
  );
  for (const row of rows) for (const column of columns) row[column] = row[`d_${column}`];
  return rows;
}

function summedRows(
  { source, query, kinds, columns, bucket }: Plan,
  wanted: [Column, number][],
  level: number,
  first: number | null,
  last: number | null,
  alsoSessions: number[],
): Row[] {
  const sql = ["level = ?", `kind IN (${kindCodes(kinds)})`];
  const params: SqlValue[] = [level];
  const add = (condition: string, value: SqlValue) => {
    sql.push(condition);
    params.push(value);
  };
  if (first !== null) add("bucket >= ?", first);
  if (last !== null) add("bucket < ?", last);
  for (const [column, value] of wanted) add(`${column} = ?`, value);
  if (readsOnlyBest(query)) {
    // the sessions' own sums are the faster list, but know only what is still there
    const best =
      getNumber(source.engine, "pruned_traces") === 0
        ? "SELECT id FROM session ORDER BY cost_usd DESC, input_tokens + output_tokens DESC, llm_calls DESC LIMIT ?"
        : `SELECT session FROM usage WHERE level = ${level} AND kind IN (${kindCodes(kinds)}) GROUP BY session ORDER BY sum(cost_usd) DESC, sum(input_tokens + output_tokens) DESC, sum(calls) DESC LIMIT ?`;
    sql.push(`(session IN (${best}) OR session IN (${["0", ...alsoSessions].join(",")}))`);
    params.push(query.limit + 1);
  }
  return source.engine.all(
    `SELECT ${columns.join(", ")}, ${bucket ? `bucket - bucket % ${bucket}` : "0"} AS bucket, ${usageSums.map((name) => `sum(${name}) AS ${name}`).join(", ")}, group_concat(latency, '') AS latency
     FROM usage WHERE ${sql.join(" AND ")} GROUP BY ${[...columns, ...(bucket ? [`usage.bucket - usage.bucket % ${bucket}`] : [])].join(", ")}`,
    params,
  );
}
