/** What went wrong in a run, or that nothing did: every detector's findings, causes first. Pure. */
import { criticalPath } from "./critical-path.js";
import { detectCacheBreaks } from "./detectors/cache-break.js";
import { detectContextGrowth } from "./detectors/context-growth.js";
import { detectEmptyResults } from "./detectors/empty-result.js";
import { detectErrorChains } from "./detectors/error-chain.js";
import { detectIdleGaps } from "./detectors/idle-gap.js";
import { detectIgnoredResults } from "./detectors/ignored-result.js";
import { detectLoops } from "./detectors/loop.js";
import { detectMissingTelemetry } from "./detectors/missing-telemetry.js";
import { detectRateLimits } from "./detectors/rate-limit.js";
import { detectRetries } from "./detectors/retry.js";
import { detectSlowFirstTokens } from "./detectors/slow-first-token.js";
import { detectSlowSteps } from "./detectors/slow-step.js";
import { detectTruncatedOutputs } from "./detectors/truncated-output.js";
import { detectUnfinished } from "./detectors/unfinished.js";
import type { Detector, Diagnosis, Surroundings } from "./diagnosis.js";
import { count, plural } from "./format.js";
import { rankFindings } from "./rank-findings.js";
import type { Run } from "./run.js";
import { isSilent } from "./unheard-call.js";
import { verdictOf } from "./verdict.js";

const detectors: readonly Detector[] = [
  detectErrorChains,
  detectRateLimits,
  detectRetries,
  detectTruncatedOutputs,
  detectIgnoredResults,
  detectEmptyResults,
  detectUnfinished,
  detectMissingTelemetry,
  detectLoops,
  detectSlowSteps,
  detectIdleGaps,
  detectSlowFirstTokens,
  detectContextGrowth,
  detectCacheBreaks,
];

export function diagnoseRun(run: Run, elsewhere: Surroundings["elsewhere"]): Diagnosis {
  const around = { path: criticalPath(run.steps), elsewhere };
  const findings = rankFindings(
    detectors.flatMap((detect) => detect(run, around)),
    run.trace,
  );
  return {
    trace_id: run.trace.trace_id,
    verdict: verdictOf(run, findings, around.path),
    findings,
    coverage: {
      matched: findings.length,
      matched_is_minimum: false,
      returned: findings.length,
      next_cursor: null,
      as_of_seq: run.as_of_seq,
      notes: [lookedAt(run), ...unknowns(run)],
    },
  };
}

function lookedAt({ steps, omitted }: Run): string {
  if (omitted === 0) return `${plural(steps.length, "span")} looked at`;
  return `the first ${count(steps.length)} of ${count(steps.length + omitted)} spans looked at, the others were not read`;
}

/** What cannot be judged, because it was not recorded or is not over. */
function unknowns(run: Run): string[] {
  const notes: string[] = [];
  const running = run.steps.filter((step) => step.status === "running").length;
  if (running > 0) notes.push(`${plural(running, "span")} still running`);
  const calls = run.steps.filter((step) => step.call === "llm");
  const silent = calls.filter((step) => isSilent(run, step)).length;
  if (silent > 0) notes.push(`${silent} of ${plural(calls.length, "model call")} without recorded messages`);
  const tools = run.steps.filter((step) => step.call === "tool");
  const unseen = tools.filter((step) => {
    const { input, output } = run.contents(step);
    return input === null && output === null;
  }).length;
  if (unseen > 0) notes.push(`${unseen} of ${plural(tools.length, "tool call")} without recorded arguments and result`);
  const { unpriced_calls: unpriced } = run.trace;
  if (unpriced > 0) notes.push(`${plural(unpriced, "call")} unpriced`);
  return notes;
}
