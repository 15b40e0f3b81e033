/** The rate limits that a run met, by what was limited. Pure. */
import { type Cause, findCauses } from "./causes.js";
import { perRun } from "./per-run.js";
import { isRateLimit } from "./rate-limits.js";
import type { Step } from "./run.js";
import { endOf, follows } from "./run-tree.js";
import { isSameModel } from "./same-model.js";
import { modelOf } from "./step-phrase.js";
import { toolUses } from "./tool-uses.js";

/** `error`: what it or, where the span is ok, its result says */
export type LimitedCall = Cause & { error: { error_type: string | null; error_message: string | null } };

export type LimitedCalls = {
  /** in the order of their ends */
  causes: LimitedCall[];
  /** the first call to succeed after each stretch of them */
  successes: Step[];
  /** from the start of the first to that of the next success, else to the end of the last one; stretches that overlap once */
  waited_us: number;
  /** nothing of the kind succeeded after the last one */
  isLast: boolean;
  /** it ended the run */
  isFatal: boolean;
};

export const findLimitedCalls = perRun((run): readonly LimitedCalls[] => {
  const targetOf = openTargets();
  const causes = new Map<string, LimitedCall[]>();
  const add = (cause: LimitedCall): void => {
    const target = targetOf(cause.step);
    const known = causes.get(target);
    if (known) known.push(cause);
    else causes.set(target, [cause]);
  };
  for (const cause of findCauses(run)) {
    // the innermost span may say less than the one around it
    const told = [cause.step, ...cause.path.filter(({ kind }) => kind === cause.step.kind)];
    if (!told.some(isRateLimit)) continue;
    const error = [cause.step, ...cause.path].find((step) => step.error_message) ?? cause.step;
    add({ ...cause, error });
  }
  const refused = new Set<Step>();
  for (const { step, failure } of toolUses(run)) {
    if (step?.status !== "ok" || !failure || !isRateLimit(failure)) continue;
    refused.add(step);
    add({ step, path: [], outcome: "recovered", error: failure });
  }
  for (const own of refused.size > 0 ? causes.values() : []) own.sort((a, b) => endOf(a.step) - endOf(b.step));
  if (causes.size === 0) return [];
  const good = new Map<string, Step[]>();
  for (const step of run.steps) {
    if (step.status !== "ok" || refused.has(step)) continue;
    const target = targetOf(step);
    if (!causes.has(target)) continue;
    const known = good.get(target);
    if (known) known.push(step);
    else good.set(target, [step]);
  }
  return Array.from(causes, ([target, own]) => limitedCalls(own, good.get(target) ?? []));
});

/** `good`: calls of the same target that succeeded, in start order. */
function limitedCalls(causes: LimitedCall[], good: readonly Step[]): LimitedCalls {
  const lastEnd = causes.reduce((latest, { step }) => Math.max(latest, endOf(step)), Number.NEGATIVE_INFINITY);
  const starts = causes.map(({ step }) => step).sort((a, b) => a.start_us - b.start_us);
  const successes = new Set<Step>();
  let [waited, until, next] = [0, Number.NEGATIVE_INFINITY, 0];
  let isLast = false;
  for (const step of starts) {
    while (next < good.length && !follows((good[next] as Step).start_us, endOf(step))) next++;
    const success = good[next];
    isLast = success === undefined;
    if (success) successes.add(success);
    const end = success?.start_us ?? lastEnd;
    waited += Math.max(0, end - Math.max(step.start_us, until));
    until = Math.max(until, end);
  }
  const isFatal = causes.some(({ outcome }) => outcome === "ended");
  return { causes, successes: [...successes], waited_us: waited, isLast, isFatal };
}

/** Models that go by several names in one run; further ones are told apart by name. */
const mostModels = 20;

/** What a step calls: one text for one tool, or for one model by whatever name. */
function openTargets(): (step: Step) => string {
  const known = new Map<string, string>();
  const models: { kind: Step["kind"]; name: string; target: string }[] = [];
  return (step) => {
    const { kind } = step;
    const name = (kind === "tool" ? step.tool : modelOf(step)) ?? step.name;
    const key = `${kind}\n${name}`;
    let target = known.get(key);
    if (target === undefined) {
      const same = models.find((model) => model.kind === kind && isSameModel(model.name, name));
      target = same?.target ?? key;
      known.set(key, target);
      if (!same && (kind === "llm" || kind === "embedding") && models.length < mostModels)
        models.push({ kind, name, target });
    }
    return target;
  };
}
