/** Which steps do the same work, and how sentences name several of them. Pure. */
import { count } from "./format.js";
import { nameOf, type Phrase, phrase } from "./phrase.js";
import type { Step } from "./run.js";
import { modelOf, stepPhrase } from "./step-phrase.js";

/** So many steps of the same work: `33 calls to gpt-4o`, `tool fetch (7 times)`. */
export function workLabel(step: Step, times: number): Phrase {
  const model = modelOf(step);
  if (times === 1) return stepPhrase(step);
  if (step.kind === "llm" && model !== null) return phrase`${count(times)} calls to ${nameOf(model)}`;
  return phrase`${stepPhrase(step)} (${count(times)} times)`;
}

/** Steps with one key do the same work: calls of one tool, of one model, spans of one name. */
export function workKey(step: Step): string {
  const name =
    step.kind === "tool" ? step.tool : step.kind === "llm" || step.kind === "embedding" ? modelOf(step) : null;
  return `${step.kind}\n${name ?? step.name}`;
}
