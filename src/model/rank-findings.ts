/** Findings in the order in which a reader needs them: causes before what they explain. Pure. */
import { type Finding, type FindingKind, severities } from "./diagnosis.js";
import type { TraceSummary } from "./summary.js";

/** What a fault of one kind brings about in the same steps. No kind brings about itself, by whatever way. */
const explains: Partial<Record<FindingKind, readonly FindingKind[]>> = {
  rate_limit: ["error_chain", "retry", "unfinished", "idle_gap", "slow_step", "slow_first_token"],
  truncated_output: ["error_chain", "empty_result"],
  loop: [
    ...(["error_chain", "retry", "empty_result", "ignored_result"] as const),
    ...(["context_growth", "cache_break", "slow_step"] as const),
  ],
  error_chain: ["retry", "empty_result", "unfinished", "slow_step"],
  retry: ["idle_gap", "slow_step"],
  context_growth: ["slow_first_token"],
  slow_first_token: ["slow_step"],
  slow_step: ["idle_gap"],
  unfinished: ["idle_gap", "missing_telemetry"],
};

/** Kinds that only tell what their cause took. */
const timeOnly: readonly FindingKind[] = ["slow_step", "idle_gap"];

const severity = (finding: Finding) => severities.indexOf(finding.severity);

/** Severest first, then what would save the largest part of the run; what its cause tells already is left out. */
export function rankFindings(findings: readonly Finding[], trace: TraceSummary): Finding[] {
  const tokens = (trace.input_tokens ?? 0) + (trace.output_tokens ?? 0);
  const part = ({ saves }: Finding) =>
    Math.max(share(saves.ms, trace.duration_ms), share(saves.tokens, tokens), share(saves.usd, trace.cost_usd));
  const sorted = [...findings].sort((a, b) => severity(a) - severity(b) || part(b) - part(a));
  const ranked = new Set<Finding>();
  const place = (finding: Finding) => {
    if (ranked.has(finding)) return;
    const causes = sorted.filter((other) => isCause(other, finding));
    if (causes.some((cause) => severity(cause) <= severity(finding) && tells(cause, finding))) return;
    for (const cause of causes) if (cause.severity !== "info") place(cause);
    ranked.add(finding);
  };
  for (const finding of sorted) place(finding);
  return [...ranked];
}

function share(saved: number | null, total: number | null): number {
  return saved === null || !total ? 0 : saved / total;
}

function isCause(cause: Finding, of: Finding): boolean {
  return Boolean(explains[cause.kind]?.includes(of.kind)) && of.evidence.some((id) => cause.evidence.includes(id));
}

function tells(cause: Finding, of: Finding): boolean {
  const asked = timeOnly.includes(of.kind) ? of.evidence.slice(0, 1) : of.evidence;
  return asked.every((id) => cause.evidence.includes(id));
}
