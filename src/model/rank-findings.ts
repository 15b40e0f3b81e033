/** Findings in the order in which a reader needs them: causes before what they explain. Pure. */
import { type Finding, type FindingKind, severities } from "./diagnosis.js";

/** What a fault of one kind brings about. */
const explains: Partial<Record<FindingKind, readonly FindingKind[]>> = {
  rate_limit: ["retry", "idle_gap", "slow_step", "error_chain"],
  error_chain: ["slow_step", "unfinished", "empty_result", "retry"],
  retry: ["idle_gap", "slow_step"],
  loop: ["context_growth", "retry", "empty_result", "ignored_result", "cache_break", "slow_step"],
  slow_step: ["idle_gap", "slow_first_token"],
  slow_first_token: ["slow_step"],
  unfinished: ["missing_telemetry", "idle_gap"],
  truncated_output: ["error_chain", "empty_result"],
};

const weight = (finding: Finding) => severities.indexOf(finding.severity);

/** Severest first; then what would save most time. What names only spans of a finding that explains it is left out. */
export function rankFindings(findings: readonly Finding[]): Finding[] {
  const sorted = [...findings].sort((a, b) => weight(a) - weight(b) || (b.saves.ms ?? 0) - (a.saves.ms ?? 0));
  const ranked: Finding[] = [];
  for (const finding of sorted) {
    const cause = sorted.find((other) => other !== finding && isCause(other, finding));
    if (cause && finding.evidence.every((id) => cause.evidence.includes(id))) continue;
    ranked.push(finding);
  }
  for (const [index, finding] of [...ranked].entries()) {
    const cause = ranked.find((other) => isCause(other, finding));
    const at = cause ? ranked.indexOf(cause) : -1;
    if (cause && at > ranked.indexOf(finding)) {
      ranked.splice(at, 1);
      ranked.splice(index, 0, cause);
    }
  }
  return ranked;
}

function isCause(cause: Finding, of: Finding): boolean {
  return Boolean(explains[cause.kind]?.includes(of.kind)) && of.evidence.some((id) => cause.evidence.includes(id));
}
