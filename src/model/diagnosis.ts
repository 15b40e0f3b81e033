/** What a diagnosis of a run is made of. */
import * as z from "zod";
import type { CriticalPath } from "./critical-path.js";
import type { Phrase } from "./phrase.js";
import type { Run, Step } from "./run.js";
import { Coverage } from "./summary.js";

export const findingKinds = [
  "error_chain",
  "slow_step",
  "loop",
  "retry",
  "rate_limit",
  "context_growth",
  "cache_break",
  "truncated_output",
  "ignored_result",
  "empty_result",
  "slow_first_token",
  "idle_gap",
  "unfinished",
  "missing_telemetry",
] as const;

export const severities = ["critical", "warning", "info"] as const;

/** What would not have been spent without it; null = none, or unknown. */
const Saves = z.object({ ms: z.number().nullable(), tokens: z.number().nullable(), usd: z.number().nullable() });

export type FindingKind = (typeof findingKinds)[number];

const Finding = z.object({
  kind: z.enum(findingKinds),
  severity: z.enum(severities),
  summary: z.string(),
  /** span ids, the most telling first; every number of the summary can be found in them */
  evidence: z.array(z.string()),
  saves: Saves,
});

/** The JSON answer. A clean run has no finding above `info`. */
export const DiagnosisAnswer = z.object({ verdict: z.string(), findings: z.array(Finding), coverage: Coverage });

export type Finding = Omit<z.infer<typeof Finding>, "summary"> & { summary: Phrase };
export type Diagnosis = {
  trace_id: string;
  verdict: Phrase;
  /** best first, causes before what they explain */
  findings: Finding[];
  /** its notes begin with how many spans were looked at */
  coverage: z.infer<typeof Coverage>;
};

/** A call of another run. Times in µs. */
export type OtherCall = Pick<Step, "output_tokens" | "first_token_us"> & { duration_us: number };

/** What detectors share. */
export type Surroundings = {
  path: CriticalPath;
  /** calls of the same tool or model in the runs before this one that ended well, where those are few also of the runs after it; reads the store */
  elsewhere(step: Step): OtherCall[];
};

/** Looks for one kind of fault; pure. */
export type Detector = (run: Run, around: Surroundings) => Finding[];
