/** Failures grouped span by span, the slow and plain way. */
import type { ErrorQuery } from "../../src/store/reader.js";
import type { RawSpan, RawTrace } from "./random-traces.js";

/** What went wrong, of failing spans; `open`: it has not ended. */
export type FailingSpan = RawSpan & { fault: string | null; open: boolean };
export type FailingTrace = Omit<RawTrace, "spans"> & { spans: FailingSpan[] };

type Outcome = "ended" | "recovered" | "open" | "passed_on";

export const isFailure = (raw: FailingSpan) => raw.error && !raw.open;

/** By the words of the definition, without any order of walking. */
function outcomeOf(raw: FailingSpan, { spans }: FailingTrace): Outcome {
  if (spans.some((child) => child.parent === raw.id && isFailure(child))) return "passed_on";
  for (let above = raw.parent; above !== undefined; ) {
    const span = spans.find((one) => one.id === above) as FailingSpan;
    if (!isFailure(span)) return span.open ? "open" : "recovered";
    above = span.parent;
  }
  return "ended";
}

function statusOf({ spans }: FailingTrace): string {
  const root = spans.find((one) => one.parent === undefined) as FailingSpan;
  return root.open ? "running" : isFailure(root) ? "error" : "ok";
}

/** Where it failed, and what with: the fault's words without their number. */
const faultOf = (raw: FailingSpan) =>
  [raw.fault, raw.kind, raw.tool ?? raw.provider ?? raw.name.replace(/\d+/, "")].join(" / ");

function top(values: (string | null)[]) {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = [...counts].map(([name, count]) => ({ name, count }));
  most.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  return { most: most.slice(0, 5), distinct: most.length };
}

function asked(all: FailingTrace[], query: Omit<ErrorQuery, "limit">) {
  const { since, until, service, session_id, agent, model, status } = query;
  const isIn = (ms: number) => (since === undefined || ms >= since) && (until === undefined || ms < until);
  const traces = all.filter((trace) => status === undefined || statusOf(trace) === status);
  const failures = traces.flatMap((trace) =>
    trace.spans
      .filter(
        (raw) =>
          isFailure(raw) &&
          isIn(raw.start) &&
          (service === undefined || raw.service === service) &&
          (session_id === undefined || raw.session === session_id) &&
          (agent === undefined || raw.agent === agent) &&
          (model === undefined || raw.model === model),
      )
      .map((raw) => ({ raw, outcome: outcomeOf(raw, trace) })),
  );
  const runs = traces.filter(
    ({ spans }) =>
      isIn(Math.min(...spans.map((raw) => raw.start))) &&
      (service === undefined || spans.some((raw) => raw.service === service)) &&
      (session_id === undefined || spans.some((raw) => raw.session === session_id)) &&
      (agent === undefined || spans.some((raw) => raw.agent === agent)) &&
      (model === undefined || spans.some((raw) => raw.model === model)),
  );
  return { own: failures.filter(({ outcome }) => outcome !== "passed_on"), failures, runs: runs.length };
}

/** Every number of an answer, with the groups by their fault. */
export function bruteForceErrors(all: FailingTrace[], query: Omit<ErrorQuery, "limit">) {
  const { own, failures, runs } = asked(all, query);
  const end = query.until ?? query.now;
  const earlier =
    query.since === undefined
      ? null
      : asked(all, { ...query, since: query.since - (end - query.since), until: query.since });
  const before = earlier && earlier.runs > 0 ? earlier : null;
  const groups = new Map<string, typeof own>();
  for (const one of own) groups.set(faultOf(one.raw), [...(groups.get(faultOf(one.raw)) ?? []), one]);
  const count = (list: typeof own, outcome: Outcome) => list.filter((one) => one.outcome === outcome).length;
  const runsOf = (list: typeof own) => new Set(list.map(({ raw }) => raw.trace)).size;
  const outcomes = (list: typeof own) => ({
    failures: list.length,
    ended: count(list, "ended"),
    ended_runs: runsOf(list.filter(({ outcome }) => outcome === "ended")),
    recovered: count(list, "recovered"),
    open: count(list, "open"),
  });
  return {
    total: {
      ...outcomes(own),
      passed_on: failures.length - own.length,
      failed_runs: runsOf(own),
      runs,
      failures_before: before?.own.length ?? null,
      runs_before: before?.runs ?? null,
    },
    groups: [...groups].map(([fault, list]) => ({
      fault,
      spans: list.map(({ raw, outcome }) => ({ id: raw.id, trace: raw.trace, start: raw.start, outcome })),
      figures: {
        ...outcomes(list),
        runs: runsOf(list),
        failures_before: before?.own.filter(({ raw }) => faultOf(raw) === fault).length ?? null,
        last_hour: list.filter(({ raw }) => raw.start >= end - 3_600_000).length,
        last_day: list.filter(({ raw }) => raw.start >= end - 86_400_000).length,
        first: new Date(Math.min(...list.map(({ raw }) => raw.start))).toISOString(),
        last: new Date(Math.max(...list.map(({ raw }) => raw.start))).toISOString(),
        agents: top(list.map(({ raw }) => raw.agent)),
        tools: top(list.map(({ raw }) => raw.tool)),
        models: top(list.map(({ raw }) => raw.model)),
        services: top(list.map(({ raw }) => raw.service)),
        sessions: top(list.map(({ raw }) => raw.session)),
      },
    })),
  };
}
