/** Tokens, cost, calls and latency by any dimension. */
import { quantileOf } from "../../model/comparison/statistics.js";
import { addDurationsToSum, addTextToSum, emptySum, quantileMs } from "../../model/histogram.js";
import { type SpanKind, spanKinds } from "../../model/kind.js";
import { dollars } from "../../model/known-sums.js";
import type { UsageDimension, UsageFigures, UsageGroup } from "../../model/summary.js";
import type { Row } from "../engines/engine.js";
import { getNumber } from "../meta.js";
import type { SpanSource } from "../read-span.js";
import type { UsageResult } from "../reader.js";
import { countLimit, coverage } from "./cursor.js";
import { isoTime } from "./rows.js";
import { countSessions, readsOnlyBest, readsOnlySpans, type UsageQuery, usageRows, usageSums } from "./usage-rows.js";

const hour = 3600;
const day = 86400;

/** `latency`: histogram texts; `durations`: µs, comma-separated. */
type Sums = Record<(typeof usageSums)[number], number> & { latency: string[]; durations: string[] };
type Group = { key: (string | number)[]; sums: Sums; kinds: Set<SpanKind> };

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
  const onlyTools = kinds.length === 1;
  const groups = new Map<string, Group>();
  const total = emptySums();
  let embeddings = 0;
  const onlyBest = readsOnlyBest(query);
  const count = (row: Row, kind: SpanKind) => {
    if (kind === "embedding") {
      embeddings += row.calls;
      addRow(total, { ...row, calls: 0, errors: 0, latency: null, durations: null });
    } else if (kind === "llm" || onlyTools) addRow(total, row);
  };
  if (onlyBest)
    for (const row of usageRows(source, { ...query, group_by: [] }, kinds, []))
      count(row, spanKinds[row.kind] ?? "other");
  for (const row of usageRows(source, query, kinds, notes)) {
    const kind = spanKinds[row.kind] ?? "other";
    const key = query.group_by.map((dimension) => keyOf(dimension, row, kind));
    const text = key.join("\n");
    let group = groups.get(text);
    if (!group) {
      group = { key, sums: emptySums(), kinds: new Set() };
      groups.set(text, group);
    }
    group.kinds.add(kind);
    addRow(group.sums, row);
    if (!onlyBest) count(row, kind);
  }
  if (embeddings > 0)
    notes.push(
      `The total's calls, errors and latency are of llm calls; its tokens and cost include ${embeddings} embedding calls.`,
    );
  const pruned = getNumber(engine, "pruned_traces");
  if (pruned > 0 && readsOnlySpans(query))
    notes.push(
      `The ${pruned} traces that retention has pruned are not in these sums: they can be filtered by service, session, agent and model only, and sessions by the day.`,
    );
  else if (pruned > 0)
    notes.push(`Totals include ${pruned} traces that retention has pruned; their spans can no longer be looked at.`);

  if ([...groups.values()].some(({ sums }) => sums.latency.length > 0))
    notes.push("p50 and p95 come from sums: within 2 %.");

  const sorted = [...groups.values()].sort(bestFirst(query.group_by));
  const shown = sorted.slice(0, query.limit ?? sorted.length);
  return {
    groups: shown.map(({ key, sums, kinds: own }) => ({
      ...names(source, query.group_by, key),
      ...figures(sums, own.has("llm") || own.has("embedding")),
    })),
    total: figures(total, !onlyTools),
    coverage: coverage(
      engine,
      onlyBest ? Math.max(sorted.length, countSessions(source, kinds, countLimit)) : sorted.length,
      shown.length,
      null,
      notes,
    ),
  };
}

function keyOf(dimension: UsageDimension, row: Row, kind: SpanKind): string | number {
  if (dimension === "hour" || dimension === "day")
    return row.bucket - (row.bucket % (dimension === "hour" ? hour : day));
  return dimension === "kind" ? kind : row[dimension];
}

function names(
  { strings }: SpanSource,
  groupBy: UsageDimension[],
  key: (string | number)[],
): Pick<UsageGroup, UsageDimension> {
  const named: Pick<UsageGroup, UsageDimension> = {};
  for (const [index, dimension] of groupBy.entries()) {
    const value = key[index] as string | number;
    if (dimension === "hour") named.hour = `${isoTime(Number(value) * 1e6).slice(0, 13)}:00Z`;
    else if (dimension === "day") named.day = isoTime(Number(value) * 1e6).slice(0, 10);
    else named[dimension] = typeof value === "string" ? value : strings.text(value);
  }
  return named;
}

/** In time order where time is asked for; then costliest, most tokens, most calls; then the one named first. */
function bestFirst(groupBy: UsageDimension[]): (a: Group, b: Group) => number {
  const time = groupBy.findIndex((dimension) => dimension === "hour" || dimension === "day");
  const tokens = ({ sums }: Group) => sums.input_tokens + sums.output_tokens;
  return (a, b) =>
    (time < 0 ? 0 : Number(a.key[time]) - Number(b.key[time])) ||
    b.sums.cost_usd - a.sums.cost_usd ||
    tokens(b) - tokens(a) ||
    b.sums.calls - a.sums.calls ||
    compareKeys(a.key, b.key);
}

function compareKeys(a: Group["key"], b: Group["key"]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : (a[at] as string | number) < (b[at] as string | number) ? -1 : 1;
}

function emptySums(): Sums {
  const sums = Object.fromEntries(usageSums.map((name) => [name, 0])) as Record<(typeof usageSums)[number], number>;
  return { ...sums, latency: [], durations: [] };
}

function addRow(into: Sums, row: Row): void {
  for (const name of usageSums) into[name] += row[name] ?? 0;
  if (row.latency) into.latency.push(row.latency);
  if (row.durations) into.durations.push(String(row.durations));
}

/** Sums hold no nulls: calls of which no token is known have unknown tokens; no price at all is an unknown cost. */
function figures(found: Sums, modelCalls: boolean): UsageFigures {
  const known = modelCalls && (found.input_tokens > 0 || found.output_tokens > 0);
  const tokens = (value: number) => (known ? value : null);
  const quantile = quantilesOf(found);
  return {
    calls: found.calls,
    input_tokens: tokens(found.input_tokens),
    cached_tokens: tokens(found.cached_tokens),
    cache_write_tokens: tokens(found.cache_write_tokens),
    output_tokens: tokens(found.output_tokens),
    reasoning_tokens: tokens(found.reasoning_tokens),
    cost_usd:
      modelCalls && (found.cost_usd > 0 || (known && found.unpriced_calls === 0)) ? dollars(found.cost_usd) : null,
    unpriced_calls: found.unpriced_calls,
    errors: found.errors,
    p50_ms: quantile(0.5),
    p95_ms: quantile(0.95),
  };
}

/** The figures of some rows together; `modelCalls`: of calls to models, which have tokens. */
export function figuresOf(rows: readonly Row[], modelCalls: boolean): UsageFigures {
  const sums = emptySums();
  for (const row of rows) addRow(sums, row);
  return figures(sums, modelCalls);
}

/** In ms: values that occurred, or within 2 % where histograms are part of it. */
function quantilesOf({ latency, durations }: Sums): (q: number) => number | null {
  if (latency.length === 0) {
    const sorted = Float64Array.from(
      durations.flatMap((text) => text.split(",")),
      Number,
    ).sort();
    return (q) => {
      const us = quantileOf(sorted, q);
      return us === null ? null : us / 1000;
    };
  }
  const sum = emptySum();
  for (const text of latency) addTextToSum(sum, text);
  for (const text of durations) addDurationsToSum(sum, text);
  return (q) => {
    const ms = quantileMs(sum, q);
    return ms === null ? null : Math.round(ms * 1000) / 1000;
  };
}
