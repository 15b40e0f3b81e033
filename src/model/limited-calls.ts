/** The rate limits that a run met, by what was limited. Pure. */
import { type Cause, findCauses } from "./causes.js";
import { perRun } from "./per-run.js";
import { isRateLimit } from "./rate-limits.js";
import type { Run, Step } from "./run.js";
import { endOf, follows } from "./run-tree.js";
import { isSameModel } from "./same-model.js";
import { modelOf } from "./step-phrase.js";

export type LimitedCalls = {
  /** in the order of their ends */
  causes: Cause[];
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
  const bySubject = new Map<string, Cause[]>();
  const nameOf = new Map<string, string>();
  for (const cause of findCauses(run)) {
    // the innermost span may say less than the one around it
    const told = [cause.step, ...cause.path.filter(({ kind }) => kind === cause.step.kind)];
    if (!told.some(isRateLimit)) continue;
    const subject = subjectOf(cause.step);
    const known =
      nameOf.get(subject) ?? [...bySubject.keys()].find((other) => isSameSubject(other, subject)) ?? subject;
    nameOf.set(subject, known);
    const causes = bySubject.get(known);
    if (causes) causes.push(cause);
    else bySubject.set(known, [cause]);
  }
  return [...bySubject].map(([subject, causes]) => limitedCalls(run, subject, causes));
});

const goodSteps = perRun(({ steps }) => steps.filter(({ status }) => status === "ok"));

function limitedCalls(run: Run, subject: string, causes: Cause[]): LimitedCalls {
  const { kind } = (causes[0] as Cause).step;
  const good = goodSteps(run).filter((step) => step.kind === kind && isSameSubject(subject, subjectOf(step)));
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

function subjectOf(step: Step): string {
  return `${step.kind}\n${(step.kind === "tool" ? step.tool : modelOf(step)) ?? step.name}`;
}

function isSameSubject(a: string, b: string): boolean {
  const [kind, name = ""] = a.split("\n");
  const [otherKind, other = ""] = b.split("\n");
  if (kind !== otherKind) return false;
  return name === other || ((kind === "llm" || kind === "embedding") && isSameModel(name, other));
}
