/** no_errors: nothing failed, or nothing but what is allowed. */
import type { CheckDetail, RuleOf } from "../check.js";
import { type Failure, findFailures } from "../failures.js";
import { nameOf, phrase, recorded } from "../phrase.js";
import type { Step } from "../run.js";
import { nameMatches } from "./glob.js";
import { toolName } from "./run-calls.js";
import { detail, judge, type Outcome, type Subject } from "./subject.js";

type Rule = RuleOf<"no_errors">;

const became: Record<Exclude<Failure, "passed_on">, string> = {
  ended: "the run failed with it",
  recovered: "the run got over it",
  open: "what called it has not ended",
};

export function checkErrors(rule: Rule, subject: Subject): Outcome {
  const failures: CheckDetail[] = [];
  const doubts: CheckDetail[] = [];
  for (const { run } of subject.runs) {
    const fates = findFailures(
      run.steps.map((step) => ({
        span_id: step.span_id,
        parent_span_id: step.parent_span_id,
        is_error: step.status === "error",
        is_open: step.end_us === null,
      })),
    );
    for (const [index, step] of run.steps.entries()) {
      const fate = fates[index];
      if (fate === null || fate === undefined || fate === "passed_on" || isAllowed(rule, step)) continue;
      if (rule.allow_recovered && fate === "recovered") continue;
      (rule.allow_recovered && fate === "open" ? doubts : failures).push(told(step, became[fate]));
    }
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
