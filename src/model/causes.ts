/** Which failures of a run were the first ones, by which spans they travelled up, and whether they ended it. Pure. */
import { perRun } from "./per-run.js";
import type { Run, Step } from "./run.js";
import { endOf, findAbove, follows, mostLevels, type RunTree, treeOf } from "./run-tree.js";

export type Cause = {
  step: Step;
  /** the spans that failed because of it, upwards */
  path: Step[];
  /** `open`: what is above it has not ended */
  outcome: "ended" | "recovered" | "open";
};

/**
 * A span that failed passes on the failures below it that say what it says; where none does, those right below it
 * after which no model answered any more. All others had been dealt with before it failed. Linear but for the paths.
 */
export const findCauses = perRun((run): readonly Cause[] => {
  const tree = treeOf(run);
  const above = new Map<Step, Step | null>();
  const below = new Map<Step, Step[]>();
  const lastAnswer = new Map<Step, number>();
  for (const step of tree.topDown) {
    const parent = tree.parent(step);
    const failing = parent?.status === "error" ? parent : ((parent && above.get(parent)) ?? null);
    above.set(step, failing);
    if (step.status !== "error" || !failing) continue;
    const known = below.get(failing);
    if (known) known.push(step);
    else below.set(failing, [step]);
  }
  for (let at = tree.topDown.length - 1; at >= 0; at--) {
    const step = tree.topDown[at] as Step;
    const own = step.kind === "llm" && step.status === "ok" ? step.start_us : Number.NEGATIVE_INFINITY;
    const latest = Math.max(own, lastAnswer.get(step) ?? Number.NEGATIVE_INFINITY);
    const parent = tree.parent(step);
    if (parent) lastAnswer.set(parent, Math.max(latest, lastAnswer.get(parent) ?? Number.NEGATIVE_INFINITY));
  }

  const passesOn = new Map<Step, Step>();
  const hasCause = new Set<Step>();
  for (const [failed, candidates] of below) {
    const echoed = candidates.filter((candidate) => isEcho(failed, candidate));
    const wentOn = lastAnswer.get(failed) ?? Number.NEGATIVE_INFINITY;
    const last = candidates.filter(
      (candidate) => tree.parent(candidate) === failed && !follows(wentOn, endOf(candidate)),
    );
    for (const candidate of echoed.length > 0 ? echoed : last) {
      passesOn.set(candidate, failed);
      hasCause.add(failed);
    }
  }
  const causes = run.steps.filter((step) => step.status === "error" && !hasCause.has(step));
  return causes
    .map((step): Cause => {
      const path: Step[] = [];
      let next = passesOn.get(step);
      for (; next && path.length < mostLevels; next = passesOn.get(next)) path.push(next);
      return { step, path, outcome: outcomeOf(run, tree, path.at(-1) ?? step) };
    })
    .sort((a, b) => endOf(a.step) - endOf(b.step));
});

/** `top`: the uppermost span that a failure reached. */
function outcomeOf(run: Run, tree: RunTree, top: Step): Cause["outcome"] {
  const parent = tree.parent(top);
  if (!parent) return run.trace.status === "ok" ? "recovered" : run.trace.status === "running" ? "open" : "ended";
  if (parent.status === "running" || parent.status === "abandoned") return "open";
  return "recovered";
}

function isEcho(of: Step, step: Step): boolean {
  const [message, inner] = [of.error_message, step.error_message];
  if (message && inner) {
    if (message === inner) return true;
    const [short, long] = message.length < inner.length ? [message, inner] : [inner, message];
    return short.length >= 8 && long.includes(short);
  }
  const type = step.error_type;
  return type !== null && (type === of.error_type || (message?.includes(type) ?? false));
}

/** What frameworks throw to hand over, to interrupt or to stop, and what cancels the slower of two. */
const controlFlow =
  /(?:^|\.)(?:Graph(?:Interrupt|BubbleUp)|NodeInterrupt|ParentCommand|StopIteration|StopAsyncIteration|GeneratorExit|AbortError|CancelledError|CanceledError|Handoff\w*)$/;

export function isControlFlow(step: Step): boolean {
  return step.kind === "guardrail" || (step.error_type !== null && controlFlow.test(step.error_type));
}

/** The span above a failure that answered all the same: what its code made of it. */
export function absorbedBy(tree: RunTree, step: Step): Step | null {
  const calls = ["tool", "retriever", "llm", "embedding", "reranker"];
  return findAbove(tree, step, ({ kind, status }) => status === "ok" && calls.includes(kind));
}
