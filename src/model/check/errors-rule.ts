/** no_errors: nothing failed, or nothing but what is allowed. */
import type { CheckDetail, RuleOf } from "../check.js";
import { nameOf, phrase, recorded } from "../phrase.js";
import type { Step } from "../run.js";
import { type Fate, findRunFailures } from "../run-failures.js";
import { nameMatches } from "./glob.js";
import { toolName } from "./run-calls.js";
import { detail, judge, type Outcome, type Subject } from "./subject.js";

type Rule = RuleOf<"no_errors">;

const became: Record<Fate, string> = {
  ended: "the run failed with it",
  open: "what called it has not ended",
  planned: "it hands over, interrupts or cancels",
  absorbed: "what called it answered all the same",
  repaired: "a later call made up for it",
  admitted: "the answer says so",
  unknown: "the run went on, and what it answered was not recorded",
  swallowed: "nothing made up for it, and the run went on as though nothing had happened",
};
const gotOver: readonly Fate[] = ["planned", "absorbed", "repaired", "admitted"];
const undecided: readonly Fate[] = ["open", "unknown"];

export function checkErrors(rule: Rule, subject: Subject): Outcome {
  const failures: CheckDetail[] = [];
  const doubts: CheckDetail[] = [];
  for (const { run } of subject.runs)
    for (const { step, fate } of findRunFailures(run)) {
      if (step.status !== "error" || isAllowed(rule, step)) continue;
      if (rule.allow_recovered && gotOver.includes(fate)) continue;
      (rule.allow_recovered && undecided.includes(fate) ? doubts : failures).push(told(step, became[fate]));
    }
  return judge({ failures, doubts, applied: 1 }, subject);
}

function isAllowed({ allow_types = [], allow_tools = [] }: Rule, step: Step): boolean {
  const type = step.error_type;
  if (type !== null && allow_types.some((wanted) => nameMatches(wanted, type))) return true;
  return step.kind === "tool" && allow_tools.some((wanted) => nameMatches(wanted, toolName(step)));
}

function told(step: Step, fate: string): CheckDetail {
  const type = step.error_type === null ? phrase`` : phrase` ${nameOf(step.error_type)}`;
  const message = step.error_message === null ? phrase`` : phrase` ${recorded(step.error_message)}`;
  return detail(phrase`${nameOf(step.tool ?? step.name)} failed:${type}${message} (${fate})`, step);
}
