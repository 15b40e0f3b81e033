/** What failed first, how that travelled up, and what became of it: it ended the run, or nobody took notice, or it was dealt with. */
import { findRetries } from "../attempts.js";
import type { Finding } from "../diagnosis.js";
import { duration, plural } from "../format.js";
import { findLimitedCalls } from "../limited-calls.js";
import { nameOf, type Phrase, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { type Fate, findRunFailures, type RunFailure } from "../run-failures.js";
import { endOf } from "../run-tree.js";
import { errorPhrase, modelOf, stepPhrase } from "../step-phrase.js";
import { pathPhrase } from "../travel-phrase.js";
import { limitFindings, mostEvidence } from "./limit-findings.js";
import { isRateLimitFinding } from "./rate-limit.js";

/** One failure or several that say the same. */
type Group = { failures: RunFailure[]; fate: Fate };

export function detectErrorChains(run: Run): Finding[] {
  const toldElsewhere = new Set<Step>();
  for (const limited of findLimitedCalls(run))
    if (isRateLimitFinding(limited)) for (const { step } of limited.causes) toldElsewhere.add(step);
  for (const { failed, success } of findRetries(run))
    if (success) for (const { step } of failed) toldElsewhere.add(step);

  const groups = new Map<string, Group>();
  for (const failure of findRunFailures(run)) {
    const { fate } = failure;
    if (toldElsewhere.has(failure.step) || fate === "planned") continue;
    const key = `${fate} ${subjectOf(failure)} ${likeMessage(failure.error.error_message ?? failure.error.error_type ?? "")}`;
    const group = groups.get(key);
    if (group) group.failures.push(failure);
    else groups.set(key, { failures: [failure], fate });
  }
  return limitFindings(
    [...groups.values()].map((group) => findingOf(run, group)),
    "failure",
  );
}

/** Causes of what ended a run echo in spans of any name. */
function subjectOf({ outcome, use, step }: RunFailure): string {
  return outcome === "ended" ? "" : `${step.kind} ${use?.name ?? modelOf(step) ?? step.name}`;
}

/** Messages that differ in numbers and ids say the same. */
function likeMessage(message: string): string {
  return message
    .slice(0, 300)
    .toLowerCase()
    .replace(/[\w-]*\d[\w-]*/g, "#");
}

function findingOf(run: Run, { failures, fate }: Group): Finding {
  const [first] = failures as [RunFailure];
  const isRunFault = fate === "ended" || (fate === "swallowed" && run.trace.status === "ok");
  const path = failures.flatMap((failure) => failure.path);
  const also = failures.length > 1 ? ` (and ${plural(failures.length - 1, "more failure")} like it)` : "";
  const steps = new Set([...failures.map(({ step }) => step), ...path]);
  return {
    kind: "error_chain",
    severity: fate === "ended" ? "critical" : isRunFault ? "warning" : "info",
    summary: phrase`${what(first)}${also}${became(run, first)}: ${errorPhrase(first.error)}.`,
    evidence: [...steps].slice(0, mostEvidence).map(({ span_id }) => span_id),
    saves: { ms: null, tokens: null, usd: null },
  };
}

function what({ step, use, error }: RunFailure): Phrase {
  if (use && error !== step)
    return phrase`Tool ${nameOf(use.name)} answered with an error though its call counts as well`;
  const subject = stepPhrase(step);
  return step.end_us === null
    ? phrase`${subject} failed`
    : phrase`${subject} failed after ${duration((endOf(step) - step.start_us) / 1000)}`;
}

function became(run: Run, failure: RunFailure): Phrase {
  const { path, fate } = failure;
  const way = path.length > 0 || fate === "ended" || fate === "open" ? phrase` ${pathPhrase(failure, run)}` : [];
  switch (fate) {
    case "repaired":
      return phrase`${way}, and a later call made up for it`;
    case "absorbed":
      return phrase`${way}, and the span around it answered all the same`;
    case "admitted":
      return phrase`${way}, and the answer says so`;
    case "unknown":
      return phrase`${way}; the run went on, and what it answered was not recorded`;
    case "swallowed":
      return phrase`${way}; nothing made up for it, and the run went on as though nothing had happened`;
    default:
      return way;
  }
}
