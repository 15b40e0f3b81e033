/** Failures of a time, grouped by fault. */
import {
  affectedNames,
  type ErrorGroup,
  type ErrorListing,
  type ErrorTotal,
  examplesOf,
  type Fault,
  groupFailures,
  type Occurrence,
} from "../../model/error-group.js";
import { failures } from "../../model/failures.js";
import { type SpanKind, spanKinds } from "../../model/kind.js";
import { failureCode, failureOf } from "../cells.js";
import type { Row, SqlValue } from "../engines/engine.js";
import { getNumber } from "../meta.js";
import type { SpanSource } from "../read-span.js";
import type { ErrorQuery, TraceFilter } from "../reader.js";
import { traceStatuses } from "../trace-totals.js";
import { coverage, readOffset } from "./cursor.js";
import { type Conditions, countUpTo, spanConditions } from "./filter.js";
import { matchTraces } from "./matching-traces.js";
import { isoTime } from "./rows.js";
import { spansWithText } from "./search-spans.js";

/** Failing spans that are looked at, newest first. */
const mostFailures = 100_000;
/** Runs are counted up to here. */
const mostRuns = 1_000_000;

export function findErrors(source: SpanSource, query: ErrorQuery): ErrorListing {
  const { engine } = source;
  const offset = readOffset(query.cursor);
  const notes: string[] = [];
  const conditions = failureConditions(source, query, notes);
  const found = conditions ? occurrences(source, conditions) : [];
  if (found.length > mostFailures) {
    found.length = mostFailures;
    notes.push(`Only the newest ${mostFailures} failing spans were looked at; narrow the time for older ones.`);
  }
  const faults = groupFailures(found, (query.until ?? query.now) * 1000);
  const before = conditions && failuresBefore(source, query, notes);
  if (getNumber(engine, "refill_below") > 0)
    notes.push("Failures of older traces are still being prepared after an update, and may be missing.");
  const page = faults.slice(offset, offset + query.limit);
  const next = faults.length > offset + page.length ? { offset: offset + page.length } : null;
  return {
    groups: page.map((fault) => errorGroup(source, fault, before && (before.counts.get(fault.fault) ?? 0))),
    total: {
      ...sums(faults, found),
      runs: runsOf(source, query),
      failures_before: before && [...before.counts.values()].reduce((sum, count) => sum + count, 0),
      runs_before: before?.runs ?? null,
    },
    coverage: coverage(engine, faults.length, page.length, next, notes),
  };
}

/** On `span s`, `resource r` and, where it needs one, `trace t`; null: nothing can match. `status` is the run's. */
function failureConditions(source: SpanSource, query: TraceFilter, notes: string[]): Conditions | null {
  const { status, text, ...spans } = query;
  const conditions = spanConditions(source.strings, spans);
  if (conditions === null) return null;
  const { sql, params } = conditions;
  sql.push("s.error_key IS NOT NULL");
  if (status !== undefined) {
    sql.push("(SELECT t.status FROM trace t WHERE t.id = s.trace) = ?");
    params.push(traceStatuses.indexOf(status));
  }
  if (text === undefined) return conditions;
  const ids = spansWithText(source, text, { sql: [...sql], params: [...params] }, notes);
  if (ids.length === 0) return null;
  sql.push(`s.id IN (${ids.join(",")})`);
  return conditions;
}

const from = "FROM span s INDEXED BY span_error JOIN resource r ON r.id = s.resource";

/** One more than are looked at proves that there are more. */
function occurrences({ engine }: SpanSource, { sql, params }: Conditions): Occurrence[] {
  return engine
    .all(
      `SELECT s.error_key, s.failure, s.trace, s.id, s.start_us, s.agent, s.tool,
         coalesce(s.response_model, s.request_model) AS model, r.service, s.session
       ${from} WHERE ${sql.join(" AND ")} ORDER BY s.start_us DESC LIMIT ?`,
      [...params, mostFailures + 1],
    )
    .map((row) => ({
      fault: row.error_key,
      failure: failureOf(row.failure) ?? "ended",
      run: row.trace,
      span: row.id,
      start_us: row.start_us,
      agent: row.agent,
      tool: row.tool,
      model: row.model,
      service: row.service,
      session: row.session,
    }));
}

/** The time of equal length before the one that was asked for. */
function timeBefore(query: ErrorQuery, since: number): ErrorQuery & { since: number } {
  return { ...query, since: since - ((query.until ?? query.now) - since), until: since };
}

/** How often each fault occurred in the time before, and how many runs began then; null = not asked for, or none did. */
function failuresBefore(
  source: SpanSource,
  query: ErrorQuery,
  notes: string[],
): { counts: Map<number, number>; runs: number } | null {
  if (query.since === undefined) return null;
  const { engine } = source;
  const earlier = timeBefore(query, query.since);
  const runs = runsOf(source, earlier);
  if (runs === 0) {
    notes.push("No run began in the time before: there is no trend.");
    return null;
  }
  const first = engine.get("SELECT min(start_us) AS us FROM trace")?.us;
  if (first > earlier.since * 1000)
    notes.push(`Of the time before only what came after ${isoTime(first)} is there: its figures are low.`);
  const conditions = failureConditions(source, earlier, []);
  if (conditions === null) return { counts: new Map(), runs };
  const rows = engine.all(
    `SELECT s.error_key, count(*) AS n ${from} WHERE ${conditions.sql.join(" AND ")} AND s.failure IS NOT ? GROUP BY s.error_key`,
    [...conditions.params, failureCode("passed_on")],
  );
  return { counts: new Map(rows.map((row) => [row.error_key, row.n])), runs };
}

/** Runs that began in the time asked for. */
function runsOf(source: SpanSource, { text: _, ...query }: ErrorQuery): number {
  const matching = matchTraces(source, query, []);
  return matching === null ? 0 : countUpTo(source.engine, matching.count, matching.params, mostRuns);
}

function sums(
  faults: Fault[],
  found: Occurrence[],
): Pick<ErrorTotal, "failures" | "ended" | "ended_runs" | "recovered" | "open" | "passed_on" | "failed_runs"> {
  const counts = Object.fromEntries(failures.map((failure) => [failure, 0])) as Record<Occurrence["failure"], number>;
  for (const { failure } of found) counts[failure]++;
  const runs = new Set<number>();
  const ended = new Set<number>();
  for (const fault of faults) {
    for (const run of fault.runs) runs.add(run);
    for (const run of fault.ended_runs) ended.add(run);
  }
  return { failures: found.length - counts.passed_on, ...counts, ended_runs: ended.size, failed_runs: runs.size };
}

function errorGroup({ engine, strings }: SpanSource, fault: Fault, before: number | null): ErrorGroup {
  const names = (of: keyof Fault["affected"]) => affectedNames(fault.affected[of], strings.text);
  const examples = examplesOf(fault);
  const rows = examples.map(({ example }) => spanOf(engine.get.bind(engine), example.span));
  const first = rows[0] as Row;
  const kind: SpanKind = spanKinds[first.kind] ?? "other";
  const isCall = kind === "llm" || kind === "embedding";
  return {
    fault: fault.fault.toString(16).padStart(13, "0"),
    error_type: strings.text(first.error_type),
    error_message: first.error_message,
    kind,
    place: strings.text((kind === "tool" ? first.tool : isCall ? first.provider : null) ?? first.name) ?? "",
    failures: fault.failures,
    ...fault.counts,
    ended_runs: fault.ended_runs.size,
    runs: fault.runs.size,
    failures_before: before,
    last_hour: fault.last_hour,
    last_day: fault.last_day,
    first: isoTime(fault.first_us),
    last: isoTime(fault.last_us),
    agents: names("agent"),
    tools: names("tool"),
    models: names("model"),
    services: names("service"),
    sessions: names("session"),
    examples: examples.map(({ outcome, example }, index) => ({
      outcome,
      trace_id: (rows[index] as Row).trace_id.toLowerCase(),
      span_id: (rows[index] as Row).span_id.toLowerCase(),
      start: isoTime(example.start_us),
    })),
  };
}

function spanOf(get: (sql: string, params: SqlValue[]) => Row | undefined, id: number): Row {
  return get(
    `SELECT hex(t.trace_id) AS trace_id, hex(s.span_id) AS span_id, s.name, s.kind, s.tool, s.provider, s.error_type, s.error_message
     FROM span s JOIN trace t ON t.id = s.trace WHERE s.id = ?`,
    [id],
  ) as Row;
}
