/** Arguments that several tools share, and how bad ones are explained. */
import * as z from "zod";
import { AgensightError } from "../model/error.js";
import { TraceStatus } from "../model/summary.js";
import type { TraceFilter } from "../store/reader.js";
import { inline, quoted } from "./render/fence.js";
import { didYouMean } from "./suggest.js";

const unitMs: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3, w: 604_800e3 };
const ageForm = /^(\d+(?:\.\d+)?) ?([smhdw])$/;
const isoForm = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** ms since the epoch of an ISO time (UTC where it names no zone) or of an age such as `90m`; null when it is neither. */
export function parseTime(text: string, now: number): number | null {
  const age = ageForm.exec(text.trim());
  if (age) return now - Number(age[1]) * (unitMs[age[2] ?? ""] ?? 0);
  const iso = isoForm.exec(text.trim());
  if (!iso) return null;
  const time = Date.parse(iso[0].length > 10 && iso[1] === undefined ? `${iso[0].replace(" ", "T")}Z` : iso[0]);
  return Number.isNaN(time) || !isDay(iso[0].slice(0, 10)) ? null : time;
}

/** Date.parse takes 30 February for 2 March. */
const isDay = (date: string) => new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);

const Time = z
  .string()
  .refine((text) => parseTime(text, 0) !== null, "must be an ISO time (2026-01-31T09:30:00Z) or an age (90m, 24h, 7d)");

const idOf = (what: string) =>
  z
    .string()
    .trim()
    .refine((id) => id.length >= 6, `must be a ${what} id or its first 6 or more digits`);

export const traceId = idOf("trace");
export const spanId = idOf("span");

const mostTokens = 20_000;
/** What a text may cost that nobody asked to be longer. */
export const usualTokens = 2000;

/** The budget and form of every answer. */
export const answerForm = {
  max_tokens: z.int().min(200).max(mostTokens).optional(),
  format: z.enum(["text", "json"]).default("text"),
};

/** The tokens that an answer may cost: texts are short and JSON is whole, unless something else is asked for. */
export function budgetOf(args: { max_tokens?: number | undefined; format: string }): number {
  return args.max_tokens ?? (args.format === "json" ? mostTokens : usualTokens);
}

/** The budget to offer where one was too small; the same where there is no larger one. */
export function largerBudget(budget: number): number {
  return Math.min(mostTokens, budget * 4);
}

const timeRange = {
  since: Time.optional().meta({ description: "ISO or 24h, 7d" }),
  until: Time.optional(),
};

export const filters = {
  ...timeRange,
  service: z.string().optional(),
  session_id: z.string().optional(),
  agent: z.string().optional(),
  model: z.string().optional(),
  status: TraceStatus.optional(),
};

export const textFilter = {
  text: z.string().optional(),
};

export const paging = {
  limit: z.int().min(1).max(200).default(20),
  cursor: z.string().optional(),
};

type FilterArguments = { [key in keyof TraceFilter]?: string | undefined };

/** The store's filter for what was asked; times become ms since the epoch. */
export function toFilter(
  args: FilterArguments & { since?: string | undefined; until?: string | undefined },
  now: number,
): TraceFilter {
  const filter: TraceFilter = {};
  if (args.since !== undefined) filter.since = parseTime(args.since, now) ?? 0;
  if (args.until !== undefined) filter.until = parseTime(args.until, now) ?? now;
  if (filter.since !== undefined && filter.until !== undefined && filter.since >= filter.until) {
    throw new AgensightError("bad_argument", `since (${args.since}) is not before until (${args.until}).`);
  }
  for (const key of ["service", "session_id", "user_id", "agent", "model", "text"] as const) {
    const value = args[key];
    if (value !== undefined) filter[key] = value;
  }
  if (args.status !== undefined) filter.status = args.status as TraceStatus;
  return filter;
}

function explain(issue: z.core.$ZodIssue, given: unknown, known: string[]): string {
  if (issue.code === "unrecognized_keys") {
    const within = issue.path.length > 0 ? ` in ${inline(issue.path.map(String).join("."), 80)}, ${issue.message}` : "";
    return issue.keys.map((key) => `unknown argument ${quoted(key, 60)}${didYouMean(key, known)}${within}`).join("; ");
  }
  const name = issue.path.length > 0 ? inline(issue.path.map(String).join("."), 80) : "arguments";
  let value = given;
  for (const key of issue.path)
    value = typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  if (value === undefined) return `${name} is missing`;
  const shown = inline(JSON.stringify(value), 80);
  switch (issue.code) {
    case "invalid_value": {
      const values = issue.values.map(String);
      return `${name}: ${shown} is not one of ${values.join(", ")}${typeof value === "string" ? didYouMean(value, values) : ""}`;
    }
    case "too_small":
    case "too_big":
      if (issue.origin !== "string") {
        return `${name}: ${shown} is too ${issue.code === "too_big" ? `large, at most ${issue.maximum}` : `small, at least ${issue.minimum}`}`;
      }
      return `${name}: ${shown} ${issue.message}`;
    case "invalid_type":
      return `${name}: ${shown} is not ${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected === "int" ? "integer" : issue.expected}`;
    default:
      return `${name}: ${shown} ${issue.message}`;
  }
}

/** Errors: bad_argument that names every bad argument, what is valid, and the arguments that the tool takes. */
export function parseArguments<S extends z.ZodObject>(tool: string, schema: S, given: unknown): z.output<S> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const known = Object.keys(schema.shape);
  const problems = parsed.error.issues.slice(0, 5).map((issue) => explain(issue, given, known));
  throw new AgensightError("bad_argument", `${problems.join(". ")}.`, {
    hint: `Valid arguments of ${tool}: ${known.join(", ")}.`,
  });
}
