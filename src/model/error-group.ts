/** Failures that are one and the same fault, told together. Pure. */
import * as z from "zod";
import type { Failure } from "./failures.js";
import { SpanKind } from "./kind.js";
import { Coverage } from "./summary.js";

/** What a failure came to, apart from those that were only passed on. */
const outcomes = ["ended", "recovered", "open"] as const;
type Outcome = (typeof outcomes)[number];

/** Who had it, most failures first; `distinct`: how many there are in all. */
const Affected = z.object({
  most: z.array(z.object({ name: z.string(), count: z.number() })),
  distinct: z.number(),
});
export type Affected = z.infer<typeof Affected>;

const affectedDimensions = ["agent", "tool", "model", "service", "session"] as const;
type AffectedDimension = (typeof affectedDimensions)[number];

export const ErrorGroup = z.object({
  /** the same for the same fault in any answer */
  fault: z.string(),
  error_type: z.string().nullable(),
  /** of the first example */
  error_message: z.string().nullable(),
  kind: SpanKind,
  /** the tool, the provider of a model call, else the span's name */
  place: z.string(),
  failures: z.number(),
  /** failures that ended their run */
  ended: z.number(),
  /** runs that these ended: of one run several can have */
  ended_runs: z.number(),
  /** failures after which something above them went on */
  recovered: z.number(),
  /** failures below something that still runs or never ended */
  open: z.number(),
  runs: z.number(),
  /** failures in the time of equal length before; null = none was asked for, or no run began then */
  failures_before: z.number().nullable(),
  last_hour: z.number(),
  last_day: z.number(),
  first: z.string(),
  last: z.string(),
  agents: Affected,
  tools: Affected,
  models: Affected,
  services: Affected,
  sessions: Affected,
  /** the newest of each outcome */
  examples: z.array(
    z.object({ outcome: z.enum(outcomes), trace_id: z.string(), span_id: z.string(), start: z.string() }),
  ),
});
export type ErrorGroup = z.infer<typeof ErrorGroup>;

export const ErrorTotal = z.object({
  failures: z.number(),
  ended: z.number(),
  /** runs that these ended */
  ended_runs: z.number(),
  recovered: z.number(),
  open: z.number(),
  /** spans that failed only because one below them did: counted nowhere else */
  passed_on: z.number(),
  /** runs with a failure */
  failed_runs: z.number(),
  /** runs that began in that time, failed or not, whatever words are asked for */
  runs: z.number(),
  /** the same for the time before; null = none was asked for, or no run began then */
  failures_before: z.number().nullable(),
  runs_before: z.number().nullable(),
});
export type ErrorTotal = z.infer<typeof ErrorTotal>;

export const noFailures: ErrorTotal = {
  failures: 0,
  ended: 0,
  ended_runs: 0,
  recovered: 0,
  open: 0,
  passed_on: 0,
  failed_runs: 0,
  runs: 0,
  failures_before: null,
  runs_before: null,
};

export const ErrorAnswer = z.object({ groups: z.array(ErrorGroup), total: ErrorTotal, coverage: Coverage });
export type ErrorListing = z.infer<typeof ErrorAnswer>;

/** A failing span. `fault`, `run`, `span` and who was affected are ids of any kind; times in µs. */
export type Occurrence = {
  fault: number;
  failure: Failure;
  run: number;
  span: number;
  start_us: number;
} & Record<AffectedDimension, number | null>;

export type Fault = {
  fault: number;
  counts: Record<Outcome, number>;
  failures: number;
  runs: Set<number>;
  ended_runs: Set<number>;
  last_hour: number;
  last_day: number;
  first_us: number;
  last_us: number;
  /** how often each occurs */
  affected: Record<AffectedDimension, Map<number, number>>;
  newest: Partial<Record<Outcome, Occurrence>>;
};

const hourUs = 3_600_000_000;

/**
 * Faults, what ended most runs first, then by count, then the latest; those that were passed on are in none.
 * `endUs`: from where the last hour and day count back.
 */
export function groupFailures(occurrences: Iterable<Occurrence>, endUs: number): Fault[] {
  const faults = new Map<number, Fault>();
  for (const one of occurrences) {
    if (one.failure === "passed_on") continue;
    let fault = faults.get(one.fault);
    if (!fault) {
      fault = emptyFault(one);
      faults.set(one.fault, fault);
    }
    fault.failures++;
    fault.counts[one.failure]++;
    fault.runs.add(one.run);
    if (one.failure === "ended") fault.ended_runs.add(one.run);
    fault.first_us = Math.min(fault.first_us, one.start_us);
    fault.last_us = Math.max(fault.last_us, one.start_us);
    if (one.start_us >= endUs - hourUs) fault.last_hour++;
    if (one.start_us >= endUs - 24 * hourUs) fault.last_day++;
    for (const dimension of affectedDimensions) {
      const id = one[dimension];
      if (id !== null) fault.affected[dimension].set(id, (fault.affected[dimension].get(id) ?? 0) + 1);
    }
    const newest = fault.newest[one.failure];
    if (!newest || isNewer(one, newest)) fault.newest[one.failure] = one;
  }
  return [...faults.values()].sort(
    (a, b) =>
      b.ended_runs.size - a.ended_runs.size || b.failures - a.failures || b.last_us - a.last_us || a.fault - b.fault,
  );
}

function emptyFault({ fault, start_us }: Occurrence): Fault {
  return {
    fault,
    counts: { ended: 0, recovered: 0, open: 0 },
    failures: 0,
    runs: new Set(),
    ended_runs: new Set(),
    last_hour: 0,
    last_day: 0,
    first_us: start_us,
    last_us: start_us,
    affected: { agent: new Map(), tool: new Map(), model: new Map(), service: new Map(), session: new Map() },
    newest: {},
  };
}

function isNewer(one: Occurrence, other: Occurrence): boolean {
  return one.start_us > other.start_us || (one.start_us === other.start_us && one.span > other.span);
}

/** The newest of each outcome, those that ended their run first. */
export function examplesOf({ newest }: Fault): { outcome: Outcome; example: Occurrence }[] {
  return outcomes.flatMap((outcome) => {
    const example = newest[outcome];
    return example ? [{ outcome, example }] : [];
  });
}

/** Names shown of one kind; the others are counted. */
const shownNames = 5;

/** `nameOf`: null = the id has no name any more. */
export function affectedNames(counts: Map<number, number>, nameOf: (id: number) => string | null): Affected {
  const most = [...counts]
    .map(([id, count]) => ({ name: nameOf(id) ?? "", count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return { most: most.slice(0, shownNames), distinct: most.length };
}
