/** What differs between two runs, or between two groups of runs: the shapes of the answers. */
import * as z from "zod";
import type { Phrase } from "./phrase.js";
import { Coverage, TraceSummary } from "./summary.js";

/** `only_a`, `only_b`: a step that the other run does not have; `moved`: one that it has elsewhere. */
const stepMatches = ["changed", "moved", "only_a", "only_b", "equal"] as const;

const StepChange = z.object({
  what: z.enum(["status", "model", "parameters", "arguments", "result", "reply", "duration", "agent", "order"]),
  summary: z.string(),
});

const StepPair = z.object({
  match: z.enum(stepMatches),
  /** steps that this entry stands for: more than one only where they are equal */
  steps: z.number(),
  summary: z.string(),
  /** the first of the steps in each run; null = not there */
  a: z.string().nullable(),
  b: z.string().nullable(),
  changes: z.array(StepChange),
});

/** What models were given: told once for all the calls that it holds for. */
const GivenDifference = z.object({
  what: z.enum(["system", "tools", "model", "parameters"]),
  agent: z.string().nullable(),
  summary: z.string(),
  /** calls of each run that show it */
  a: z.array(z.string()),
  b: z.array(z.string()),
});

/** The JSON answer about two runs. */
export const RunComparisonAnswer = z.object({
  verdict: z.string(),
  a: TraceSummary,
  b: TraceSummary,
  given: z.array(GivenDifference),
  /** in order of `b`, what only `a` has where it was */
  steps: z.array(StepPair),
  coverage: Coverage,
});

/** Sums over a group's runs; a mean is over the runs that know the figure, null = none does. Times in ms, money in USD. */
export const GroupFigures = z.object({
  runs: z.number(),
  failed: z.number(),
  duration_p50_ms: z.number().nullable(),
  duration_p95_ms: z.number().nullable(),
  mean_input_tokens: z.number().nullable(),
  mean_cached_tokens: z.number().nullable(),
  mean_output_tokens: z.number().nullable(),
  mean_cost_usd: z.number().nullable(),
  mean_llm_calls: z.number().nullable(),
  mean_errors: z.number().nullable(),
  unpriced_calls: z.number(),
});
export type GroupFigures = z.infer<typeof GroupFigures>;

/** One tool or model in the runs of a group that were looked into. */
const StepFigures = z.object({
  runs: z.number(),
  calls: z.number(),
  calls_per_run: z.number(),
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
  errors: z.number(),
});

const separatorKinds = [
  "failed",
  "service",
  "session",
  "agent",
  "model",
  "user",
  "tool",
  "provider",
  "version",
  "prompt",
  "path",
  "error",
  "name",
  "tool_error",
  "latency",
  "calls",
  "order",
  "duration",
  "input_tokens",
  "output_tokens",
  "cost",
  "llm_calls",
  "errors",
] as const;
export type SeparatorKind = (typeof separatorKinds)[number];

const SeparatorSide = z.object({
  /** runs that have it, of the runs that were looked at; null where it is an amount */
  runs: z.number().nullable(),
  of: z.number(),
  /** the median of an amount (ms, tokens, USD, calls); null where it is not one */
  p50: z.number().nullable(),
  trace_ids: z.array(z.string()),
});

const Separator = z.object({
  kind: z.enum(separatorKinds),
  /** of the tool, agent, model …; null where the kind says it all */
  name: z.string().nullable(),
  summary: z.string(),
  a: SeparatorSide,
  b: SeparatorSide,
  /** how likely chance alone gives as much, corrected for the number of things compared */
  p: z.number(),
  /** false: there are too few runs to say so */
  sure: z.boolean(),
});

const StepRow = z.object({
  kind: z.string(),
  name: z.string(),
  a: StepFigures,
  b: StepFigures,
});

/** The JSON answer about two groups. */
export const GroupComparisonAnswer = z.object({
  verdict: z.string(),
  a: GroupFigures,
  b: GroupFigures,
  /** strongest first */
  separators: z.array(Separator),
  /** things that were compared: what `p` is corrected for */
  compared: z.number(),
  /** runs in both groups */
  shared_runs: z.number(),
  /** of `sampled` runs of each group: what differs first, then by calls */
  steps: z.array(StepRow),
  sampled: z.object({ a: z.number(), b: z.number() }),
  coverage: Coverage,
});

type Worded<T extends { summary: string }> = Omit<T, "summary"> & { summary: Phrase };
export type StepChange = Worded<z.infer<typeof StepChange>>;
export type StepPair = Worded<Omit<z.infer<typeof StepPair>, "changes">> & { changes: StepChange[] };
export type GivenDifference = Worded<z.infer<typeof GivenDifference>>;
export type RunComparison = Omit<z.infer<typeof RunComparisonAnswer>, "verdict" | "given" | "steps"> & {
  verdict: Phrase;
  given: GivenDifference[];
  steps: StepPair[];
};

export type SeparatorSide = z.infer<typeof SeparatorSide>;
export type Separator = Worded<z.infer<typeof Separator>>;
export type StepRow = z.infer<typeof StepRow>;
export type GroupComparison = Omit<z.infer<typeof GroupComparisonAnswer>, "verdict" | "separators"> & {
  verdict: Phrase;
  separators: Separator[];
};
