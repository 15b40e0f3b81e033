/** schema: arguments, results and answers against a JSON Schema. */
import type { CheckDetail, RuleOf } from "../check.js";
import { nameOf, type Phrase, phrase } from "../phrase.js";
import type { Step } from "../run.js";
import { agentResult, answerOf } from "./answer.js";
import { selectAgents, selectTools } from "./calls-rule.js";
import type { CheckText } from "./json-schema.js";
import { detail, judge, type Outcome, type Subject, unseenCalls } from "./subject.js";

export function checkSchema(rule: RuleOf<"schema">, subject: Subject, check: CheckText): Outcome {
  const failures: CheckDetail[] = [];
  const doubts: CheckDetail[] = [];
  let applied = 0;
  const look = (text: string | null, step: Step, what: Phrase) => {
    applied++;
    if (text === null) {
      doubts.push(detail(phrase`${what} not recorded`, step));
      return;
    }
    const verdict = check(text);
    if (verdict === null) return;
    if ("fault" in verdict) failures.push(detail(phrase`${what}: ${verdict.fault}`, step));
    else doubts.push(detail(phrase`${what}: ${verdict.unknown}`, step));
  };
  for (const run of subject.runs) {
    if (rule.of === "answer") {
      const answer = answerOf(run);
      if (answer === null) continue;
      if ("text" in answer) look(answer.text, answer.step, phrase`answer`);
      else
        (("none" in answer ? failures : doubts) as CheckDetail[]).push(
          detail("none" in answer ? answer.none : answer.unknown, answer.step),
        );
    } else if (rule.tool !== undefined)
      for (const call of selectTools(run, { tool: rule.tool })) {
        if (rule.of === "arguments") look(call.arguments(), call.step, phrase`${nameOf(call.name)} arguments`);
        // a failed call has an error instead
        else if (!call.failed || call.result() !== null)
          look(call.result(), call.step, phrase`${nameOf(call.name)} result`);
      }
    else
      for (const step of selectAgents(run, rule))
        if (step.status !== "error")
          look(agentResult(run, step), step, phrase`${nameOf(step.agent ?? step.name)} result`);
  }
  if (rule.tool !== undefined) doubts.push(...unseenCalls(subject));
  return judge({ failures, doubts, applied }, subject);
}
