/** A run's final answer, and an agent's. */
import { firstIndex } from "../first-index.js";
import { type Phrase, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import type { RunCalls } from "./run-calls.js";

/** `none`: there is none, for sure; `unknown`: it was not recorded; null: the run calls no model and its root answers nothing. */
export type Answer =
  | { text: string; step: Step }
  | { none: Phrase; step: Step }
  | { unknown: Phrase; step: Step }
  | null;

/** What the model call that ended last said; where the run calls no model, what its root returned. */
export function answerOf({ run, models }: RunCalls): Answer {
  let last: Step | undefined;
  for (const step of models)
    if (step.call === "llm" && (last === undefined || (step.end_us ?? Infinity) >= (last.end_us ?? Infinity)))
      last = step;
  if (last !== undefined) return saidBy(run, last);
  const root = run.steps.find((step) => step.parent_span_id === null);
  const text = root === undefined ? null : run.contents(root).output;
  return root === undefined || text === null ? null : { text, step: root };
}

function saidBy(run: Run, step: Step): Answer {
  const parts = run.contents(step).said.flatMap((message) => message.parts);
  const text = parts.flatMap((part) => (part.type === "text" && part.content !== "" ? [part.content] : [])).join("\n");
  if (parts.some((part) => part.type === "tool_call"))
    return { none: phrase`there is no final answer: the last model call asked for a tool`, step };
  if (text !== "") return { text, step };
  if (step.status === "error") return { none: phrase`there is no final answer: the last model call failed`, step };
  if (parts.length > 0) return { none: phrase`there is no final answer: the last model call gave no text`, step };
  return { unknown: phrase`the answer was not recorded`, step };
}

/** What its span returned; else the last text of a model that was called for it. */
export function agentResult({ run, models }: RunCalls, agent: Step): string | null {
  const { output } = run.contents(agent);
  if (output !== null) return output;
  const end = agent.end_us ?? Number.POSITIVE_INFINITY;
  for (let i = firstIndex(models, ({ start_us }) => start_us > end) - 1; i >= 0; i--) {
    const step = models[i] as Step;
    if (step.start_us < agent.start_us) return null;
    if (step.call !== "llm" || step.agent !== agent.agent) continue;
    const said = saidBy(run, step);
    return said !== null && "text" in said ? said.text : null;
  }
  return null;
}
