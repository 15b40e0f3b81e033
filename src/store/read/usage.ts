/** Tokens, cost, calls and latency by any dimension: sums of settled traces, plus the spans that are not in them yet. */
import { type Histogram, histogramQuantileMs, mergeHistogramText, addToHistogram } from "../../model/histogram.js";
import { type SpanKind, spanKinds } from "../../model/kind.js";
import type { UsageDimension, UsageFigures, UsageGroup } from "../../model/summary.js";
import type { Row, SqlValue } from "../engines/engine.js";
import { getNumber } from "../meta.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter, UsageResult } from "../reader.js";
import { usageLevel } from "../usage-rollup.js";
import { coverage } from "./cursor.js";
import { spanConditions } from "./filter.js";
import { dollars, isoTime } from "./rows.js";
import { tracesWithText } from "./search-spans.js";

type UsageQuery = TraceFilter & { group_by: UsageDimension[]; limit?: number };

const hour = 3600;
const day = 86400;
const sums = ["calls", "errors", "input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "cost_usd", "unpriced_calls"] as const;

/** Columns of `usage` that a dimension is. */
const columns: Partial<Record<UsageDimension, string>> = { model: "model", provider: "provider", agent: "agent", service: "service", session: "session", tool: "tool", kind: "kind" };

/** The same for spans: mirrors what the rollup adds, see `usageKind` in `cells.ts` and `usage-rollup.ts`. */
const usageKind = "coalesce(s.call, CASE WHEN s.counted = 1 THEN 1 ELSE s.kind END)";
const hasUsage = "(s.counted = 1 AND coalesce(s.call, 1) <> 5)";
const counts = "(s.call IS NOT NULL OR s.counted = 0)";
const spanColumns: Record<string, string> = {
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
  ...["input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "cost_usd"].map((name) => `total(CASE WHEN ${hasUsage} THEN s.${name} END) AS ${name}`),
  `sum(${hasUsage} AND s.call IS NOT NULL AND s.cost_usd IS NULL AND (s.input_tokens IS NOT NULL OR s.output_tokens IS NOT NULL OR s.status <> 2)) AS unpriced_calls`,
].join(", ");

type Sums = Record<(typeof sums)[number], number> & { latency: Histogram };

/** Which kinds a grouping is about. */
function kindsFor(groupBy: UsageDimension[]): SpanKind[] {
  if (groupBy.includes("kind")) return spanKinds.filter((kind) => kind !== "other");
  if (groupBy.includes("tool") && !groupBy.includes("model") && !groupBy.includes("provider")) return ["tool"];
  if (groupBy.includes("tool")) return ["llm", "embedding", "tool"];
  return ["llm", "embedding"];
}

export function getUsage(source: SpanSource, query: UsageQuery): UsageResult {
  const { engine } = source;
  const notes: string[] = [];
  const kinds = kindsFor(query.group_by);
  const collected = new Map<string, { key: (string | number)[]; kind: SpanKind; sums: Sums }>();

  for (const row of collectRows(source, query, kinds, notes)) {
    const kind = spanKinds[row.kind] ?? "other";
    const key = query.group_by.map((dimension): string | number => {
      if (dimension === "hour" || dimension === "day") return row.bucket - (row.bucket % (dimension === "hour" ? hour : day));
      return dimension === "kind" ? kind : row[columns[dimension] as string];
    });
    const text = `${kind}\n${key.join("\n")}`;
    let entry = collected.get(text);
    if (!entry) {
      entry = { key, kind, sums: emptySums() };
      collected.set(text, entry);
    }
    addRow(entry.sums, row);
  }

  const groups = new Map<string, { key: (string | number)[]; sums: Sums; kinds: Set<SpanKind> }>();
  const total = emptySums();
  const onlyTools = kinds.length === 1;
  let embeddings = 0;
  for (const { key, kind, sums: found } of collected.values()) {
    const text = key.join("\n");
    let group = groups.get(text);
    if (!group) {
      group = { key, sums: emptySums(), kinds: new Set() };
      groups.set(text, group);
    }
    group.kinds.add(kind);
    merge(group.sums, found);
    if (kind === "embedding") {
      embeddings += found.calls;
      merge(total, { ...found, calls: 0, errors: 0, latency: new Map() });
    } else if (kind === "llm" || onlyTools) merge(total, found);
  }
  if (embeddings > 0) notes.push(`The total's calls, errors and latency are of llm calls; its tokens and cost include ${embeddings} embedding calls.`);
  const pruned = getNumber(engine, "pruned_traces");
  if (pruned > 0) notes.push(`Totals include ${pruned} traces that retention has pruned; their spans can no longer be looked at.`);

  const sorted = [...groups.values()].map((group) => ({ group, figures: figures(group.sums, [...group.kinds].some((kind) => kind === "llm" || kind === "embedding")) })).sort(bestFirst(query.group_by));
  const shown = sorted.slice(0, query.limit ?? sorted.length);
  return {
    groups: shown.map(({ group, figures: own }) => ({ ...names(source, query.group_by, group.key), ...own })),
    total: figures(total, !onlyTools),
    coverage: coverage(engine, sorted.length, shown.length, null, notes),
  };
}

function names({ strings }: SpanSource, groupBy: UsageDimension[], key: (string | number)[]): Pick<UsageGroup, UsageDimension> {
  const named: Pick<UsageGroup, UsageDimension> = {};
  for (const [index, dimension] of groupBy.entries()) {
    const value = key[index] as string | number;
    if (dimension === "hour") named.hour = `${isoTime(Number(value) * 1e6).slice(0, 13)}:00Z`;
    else if (dimension === "day") named.day = isoTime(Number(value) * 1e6).slice(0, 10);
    else named[dimension] = typeof value === "string" ? value : strings.text(value);
  }
  return named;
}

type Sorted = { group: { key: (string | number)[] }; figures: UsageFigures };

function bestFirst(groupBy: UsageDimension[]): (a: Sorted, b: Sorted) => number {
  const time = groupBy.findIndex((dimension) => dimension === "hour" || dimension === "day");
  const tokens = (entry: Sorted) => (entry.figures.input_tokens ?? 0) + (entry.figures.output_tokens ?? 0);
  return (a, b) =>
    (time < 0 ? 0 : Number(a.group.key[time]) - Number(b.group.key[time])) ||
    (b.figures.cost_usd ?? 0) - (a.figures.cost_usd ?? 0) ||
    tokens(b) - tokens(a) ||
    b.figures.calls - a.figures.calls;
}

function emptySums(): Sums {
  return { calls: 0, errors: 0, input_tokens: 0, cached_tokens: 0, cache_write_tokens: 0, output_tokens: 0, reasoning_tokens: 0, cost_usd: 0, unpriced_calls: 0, latency: new Map() };
}

function merge(into: Sums, from: Sums): void {
  for (const name of sums) into[name] += from[name];
  for (const [bucket, count] of from.latency) into.latency.set(bucket, (into.latency.get(bucket) ?? 0) + count);
}

function addRow(into: Sums, row: Row): void {
  for (const name of sums) into[name] += row[name] ?? 0;
  if (row.latency) mergeHistogramText(into.latency, row.latency);
  if (row.durations) for (const us of String(row.durations).split(",")) addToHistogram(into.latency, Number(us));
}

/** Sums hold no nulls: calls of which no token is known have unknown tokens; no price at all is an unknown cost. */
function figures(found: Sums, modelCalls: boolean): UsageFigures {
  const known = modelCalls && (found.input_tokens > 0 || found.output_tokens > 0);
  const tokens = (value: number) => (known ? value : null);
  return {
    calls: found.calls,
    input_tokens: tokens(found.input_tokens),
    cached_tokens: tokens(found.cached_tokens),
    cache_write_tokens: tokens(found.cache_write_tokens),
    output_tokens: tokens(found.output_tokens),
    reasoning_tokens: tokens(found.reasoning_tokens),
    cost_usd: modelCalls && (found.cost_usd > 0 || (known && found.unpriced_calls === 0)) ? dollars(found.cost_usd) : null,
    unpriced_calls: found.unpriced_calls,
    errors: found.errors,
    p50_ms: quantile(found.latency, 0.5),
    p95_ms: quantile(found.latency, 0.95),
  };
}

function quantile(latency: Histogram, q: number): number | null {
  const ms = histogramQuantileMs(latency, q);
  return ms === null ? null : Math.round(ms * 1000) / 1000;
}

/** Rows with the asked dimensions, the kind, a bucket where time is asked for, and the sums. */
function collectRows(source: SpanSource, query: UsageQuery, kinds: SpanKind[], notes: string[]): Row[] {
  const { engine, strings } = source;
  const bySpans = query.status !== undefined || query.user_id !== undefined || query.text !== undefined;
  const perSession = query.group_by.includes("session") || query.session_id !== undefined;
  const byHour = query.group_by.includes("hour");
  const conditions = spanConditions(strings, query);
  if (conditions === null) return [];
  if (query.text !== undefined) conditions.sql.push(`s.trace IN (${tracesWithText(source, query.text, notes).join(",")})`);
  const dimensions = [...new Set<UsageDimension>([...query.group_by.filter((dimension) => columns[dimension]), "kind"])];
  const bucket = byHour ? hour : query.group_by.includes("day") ? day : 0;

  const spans = (where: string, params: SqlValue[]): Row[] =>
    engine.all(
      `SELECT ${dimensions.map((dimension) => `${spanColumns[dimension]} AS d_${dimension}`).join(", ")}, ${bucket ? `(s.start_us / 1000000) - (s.start_us / 1000000) % ${bucket}` : "0"} AS bucket, ${spanSums}, group_concat(CASE WHEN ${counts} THEN s.duration_us END) AS durations
       FROM span s JOIN trace t ON t.id = s.trace JOIN resource r ON r.id = s.resource
       WHERE s.state = 0 AND (s.counted = 1 OR s.kind NOT IN (0, 1, 2, 5)) AND ${usageKind} IN (${kinds.map((kind) => spanKinds.indexOf(kind)).join(",")})${[where, ...(conditions?.sql ?? [])].map((sql) => ` AND ${sql}`).join("")}
       GROUP BY ${dimensions.map((dimension) => `d_${dimension}`).join(", ")}, bucket`,
      [...params, ...(conditions?.params ?? [])],
    ).map((row) => {
      for (const dimension of dimensions) row[dimension] = row[`d_${dimension}`];
      return row;
    });
  if (bySpans || (perSession && byHour)) return spans("1", []);

  const since = query.since === undefined ? null : query.since / 1000;
  const until = query.until === undefined ? null : query.until / 1000;
  const rows = spans("t.settled = 0", []);
  /** Settled spans of [from, to) s: whole days, else whole hours from the sums, the rest span by span. */
  const add = (from: number | null, to: number | null, step: number): void => {
    const level = step === day ? (perSession ? usageLevel.session : usageLevel.day) : usageLevel.hour;
    const first = from === null ? null : Math.ceil(from / step) * step;
    const last = to === null ? null : Math.floor(to / step) * step;
    const finer = (a: number, b: number) => {
      if (a >= b) return;
      if (step === day && !perSession) add(a, b, hour);
      else rows.push(...spans("t.settled = 1 AND s.start_us >= ? AND s.start_us < ?", [a * 1e6, b * 1e6]));
    };
    if (first !== null && last !== null && first >= last) {
      finer(from as number, to as number);
      return;
    }
    if (from !== null && first !== null) finer(from, first);
    if (to !== null && last !== null) finer(last, to);
    rows.push(...rolledUp(source, query, dimensions, kinds, level, bucket, first, last));
  };
  add(since, until, byHour ? hour : day);
  return rows;
}

function rolledUp(source: SpanSource, query: UsageQuery, dimensions: UsageDimension[], kinds: SpanKind[], level: number, bucket: number, first: number | null, last: number | null): Row[] {
  const { engine, strings } = source;
  const sql = ["level = ?", `kind IN (${kinds.map((kind) => spanKinds.indexOf(kind)).join(",")})`];
  const params: SqlValue[] = [level];
  const add = (condition: string, value: SqlValue) => {
    sql.push(condition);
    params.push(value);
  };
  if (first !== null) add("bucket >= ?", first);
  if (last !== null) add("bucket < ?", last);
  for (const [key, column] of [["service", "service"], ["session_id", "session"], ["agent", "agent"], ["model", "model"]] as const) {
    const text = query[key];
    if (text !== undefined) add(`${column} = ?`, strings.find(text) ?? -1);
  }
  return engine.all(
    `SELECT ${dimensions.join(", ")}, ${bucket ? `bucket - bucket % ${bucket}` : "0"} AS bucket, ${sums.map((name) => `sum(${name}) AS ${name}`).join(", ")}, group_concat(latency) AS latency
     FROM usage WHERE ${sql.join(" AND ")} GROUP BY ${[...dimensions, ...(bucket ? [`usage.bucket - usage.bucket % ${bucket}`] : [])].join(", ")}`,
    params,
  );
}
