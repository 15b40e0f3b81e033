/** Calls that a provider turned away because there were too many: how many, and how long the run waited for it. */
import type { Finding } from "../diagnosis.js";
import { count, duration } from "../format.js";
import { findLimitedCalls, type LimitedCall, type LimitedCalls } from "../limited-calls.js";
import { type Phrase, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { type RunTree, treeOf } from "../run-tree.js";
import { errorPhrase, stepPhrase } from "../step-phrase.js";
import { pathPhrase } from "../travel-phrase.js";
import { limitFindings, mostEvidence } from "./limit-findings.js";

/** So many are a storm. */
const storm = 3;
/** A large part of a run. */
const largePart = 0.25;

/** A single one that ended the run is told by `error_chain`. */
export function detectRateLimits(run: Run): Finding[] {
  const tree = treeOf(run);
  const limited = findLimitedCalls(run).filter(isRateLimitFinding);
  return limitFindings(
    limited.map((calls) => findingOf(run, tree, calls)),
    "target",
  );
}

/** Whether these are a finding of their own, so that nobody else tells of them. */
export function isRateLimitFinding({ causes, successes }: LimitedCalls): boolean {
  return causes.length > 1 || successes.length > 0;
}

function findingOf(run: Run, tree: RunTree, limited: LimitedCalls): Finding {
  const { causes, successes, waited_us: waited, isLast, isFatal } = limited;
  const fatal = causes.findLast(({ outcome }) => outcome === "ended");
  const [{ step: first, error }] = causes as [LimitedCall];
  const share = waited / Math.max(1, tree.end_us - tree.start_us);
  const isStorm = causes.length >= storm || (causes.length > 1 && share >= largePart);
  const took = duration(waited / 1000);
  const times = causes.length === 1 ? "once" : `${count(causes.length)} times`;
  let outcome: Phrase;
  if (fatal) outcome = phrase` over ${took}, ${pathPhrase(fatal, run)}`;
  else if (isLast) outcome = phrase` over ${took}, and no call to it succeeded after that`;
  else outcome = phrase`; the run waited ${took} for it until the next call succeeded`;
  const path = fatal?.path ?? [];
  return {
    kind: "rate_limit",
    severity: isFatal ? "critical" : isStorm || isLast ? "warning" : "info",
    summary: phrase`${stepPhrase(first)} was turned away ${times} by a rate limit${outcome}. ${errorPhrase(error)}.`,
    evidence: unique([...causes.map(({ step }) => step), ...successes, ...path]),
    saves: { ms: waited / 1000, tokens: null, usd: null },
  };
}

function unique(steps: Step[]): string[] {
  return [...new Set(steps.map(({ span_id }) => span_id))].slice(0, mostEvidence);
}
