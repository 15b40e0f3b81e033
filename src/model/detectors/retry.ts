/** The same call tried again after a failure. */
import { findRetries, type Retry } from "../attempts.js";
import type { Finding } from "../diagnosis.js";
import { count, duration, plural } from "../format.js";
import { type Phrase, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { type RunTree, stepsFrom, treeOf } from "../run-tree.js";
import { errorPhrase, stepPhrase } from "../step-phrase.js";
import { totalOf } from "../step-totals.js";
import { limitFindings, mostEvidence } from "./limit-findings.js";

/** So many failures in a row are a storm. */
const storm = 3;
/** A large part of a run. */
const largePart = 0.25;

/** Retries that rate limits explain are told by `rate_limit`. */
export function detectRetries(run: Run): Finding[] {
  const tree = treeOf(run);
  const bySubject = new Map<string, Retry[]>();
  for (const retry of findRetries(run)) {
    if (retry.isRateLimited) continue;
    const { subject } = retry.failed[0] as Retry["failed"][0];
    const known = bySubject.get(subject);
    if (known) known.push(retry);
    else bySubject.set(subject, [retry]);
  }
  return limitFindings(
    [...bySubject.values()].map((retries) => findingOf(run, tree, retries)),
    "call",
  );
}

function findingOf(run: Run, tree: RunTree, retries: Retry[]): Finding {
  const failed = retries.flatMap((retry) => retry.failed);
  const lost = retries.map((retry) => lostIn(run, retry));
  const lost_us = lost.reduce((sum, { us }) => sum + us, 0);
  const deciding = [...new Set(lost.flatMap(({ deciding: steps }) => steps))];
  const spent = totalOf([...failed.map(({ step }) => step), ...deciding]);
  const gaveUp = retries.filter(({ success }) => success === null);
  const share = lost_us / Math.max(1, tree.end_us - tree.start_us);
  const isStorm =
    retries.some((retry) => retry.failed.length >= storm && (retry.success === null || share >= largePart)) ||
    (failed.length > storm && share >= largePart);
  const [first] = failed;
  const outcome: Phrase =
    gaveUp.length === 0
      ? phrase`, then succeeded`
      : gaveUp.length === retries.length
        ? phrase` and never succeeded`
        : phrase`; ${plural(gaveUp.length, "time")} it was given up`;
  const tokens: Phrase = spent.tokens
    ? deciding.length > 0
      ? phrase`; ${plural(deciding.length, "model call")} between them used ${count(spent.tokens)} tok`
      : phrase` and ${count(spent.tokens)} tok`
    : [];
  const successes = retries.flatMap(({ success }) => (success ? [success.step.span_id] : []));
  return {
    kind: "retry",
    severity: isStorm ? "warning" : "info",
    summary: phrase`${stepPhrase((first as Retry["failed"][0]).step)} failed ${failed.length === 1 ? "once" : `${count(failed.length)} times`}${
      retries.length > 1 ? phrase` in ${plural(retries.length, "call")}` : ""
    }${outcome}: ${errorPhrase((first as Retry["failed"][0]).failure as Step)}. The failed attempts and the waiting between them took ${duration(lost_us / 1000)}${tokens}.`,
    evidence: [
      ...failed.map(({ step }) => step.span_id),
      ...successes,
      ...deciding.map(({ span_id }) => span_id),
    ].slice(0, mostEvidence),
    saves: { ms: lost_us / 1000, tokens: spent.tokens, usd: spent.usd },
  };
}

/** The time of the failed attempts and of what lies between them and the next one, unless other work was done there. */
function lostIn(run: Run, { failed, success }: Retry): { us: number; deciding: Step[] } {
  const deciding: Step[] = [];
  let us = 0;
  for (const [index, attempt] of failed.entries()) {
    us += attempt.end_us - attempt.start_us;
    const next = failed[index + 1] ?? success;
    if (!next) continue;
    const between = stepsFrom(run, attempt.end_us, next.start_us).filter((step) => step.call !== null);
    if (between.some((step) => step.call !== "llm" && step.status === "ok")) continue;
    us += Math.max(0, next.start_us - attempt.end_us);
    if (attempt.step.kind === "tool") deciding.push(...between.filter((step) => step.call === "llm"));
  }
  return { us, deciding };
}
