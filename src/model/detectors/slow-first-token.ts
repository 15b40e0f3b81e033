/** Streamed model calls whose first token came far later than that of others. */
import type { Detector, Finding } from "../diagnosis.js";
import { count, duration } from "../format.js";
import { medianOf } from "../path-work.js";
import { type Phrase, phrase } from "../phrase.js";
import type { Step } from "../run.js";
import { modelOf, stepPhrase } from "../step-phrase.js";

/** times the usual, and µs above it */
const late = 3;
const leastLost = 2e6;
/** where there is nothing to compare with: µs, and share of the call */
const lateAlone = 10e6;
const lateShare = 0.5;
const few = 3;

type Streamed = Step & { first_token_us: number };

export const detectSlowFirstTokens: Detector = (run, { elsewhere, path }) => {
  const byModel = new Map<string, Streamed[]>();
  for (const step of run.steps) {
    if (step.call !== "llm" || step.first_token_us === null || !(step.first_token_us >= 0)) continue;
    const model = modelOf(step) ?? "";
    byModel.set(model, [...(byModel.get(model) ?? []), step as Streamed]);
  }
  const findings: Finding[] = [];
  for (const calls of byModel.values()) {
    const slowest = calls.reduce((most, call) => (call.first_token_us > most.first_token_us ? call : most));
    if (slowest.first_token_us < leastLost) continue;
    const before = elsewhere(slowest).flatMap((call) => call.first_token_us ?? []);
    const inRun = calls.filter((call) => call !== slowest).map((call) => call.first_token_us);
    const others = inRun.length >= few ? inRun : before.length >= few ? before : [];
    const usual = others.length > 0 ? medianOf(others) : null;
    const found = calls.filter((call) => isLate(call, usual, path.end(call) - call.start_us));
    const lost = found.reduce((sum, call) => sum + call.first_token_us - (usual ?? 0), 0);
    if (found.length > 0) findings.push(finding(found, usual, others === inRun, others.length, lost, calls));
  }
  return findings;
};

function isLate(call: Streamed, usual: number | null, us: number): boolean {
  if (usual === null) return call.first_token_us >= lateAlone && call.first_token_us >= lateShare * us;
  return call.first_token_us > late * usual && call.first_token_us - usual >= leastLost;
}

function finding(
  found: Streamed[],
  usual: number | null,
  peers: boolean,
  others: number,
  lost: number,
  calls: Streamed[],
): Finding {
  found.sort((a, b) => b.first_token_us - a.first_token_us);
  const [first] = found as [Streamed];
  const rest = found.length === 1 ? phrase`` : phrase` (the worst of ${count(found.length)})`;
  const thought = (first.reasoning_tokens ?? 0) > 0;
  const against: Phrase =
    usual === null
      ? phrase`no other streamed call of the model to compare with`
      : phrase`the median of ${count(others)} ${peers ? "others in the run" : "calls of other runs"} is ${duration(usual / 1000)}`;
  const reasoning = thought ? phrase` It reasoned first: ${count(first.reasoning_tokens ?? 0)} tokens.` : phrase``;
  const typical = peers ? calls.find((call) => call.first_token_us === usual) : undefined;
  return {
    kind: "slow_first_token",
    severity: thought && usual === null ? "info" : "warning",
    summary: phrase`The first token of ${stepPhrase(first)} came after ${duration(first.first_token_us / 1000)}${rest}; ${against}.${reasoning}`,
    evidence: [...found, ...(typical ? [typical] : [])].map((call) => call.span_id),
    saves: { ms: usual === null ? null : Math.round(lost) / 1000, tokens: null, usd: null },
  };
}
