/** The failures of a run, those that only results tell of among them, and what became of each. Pure. */
import { findRetries } from "./attempts.js";
import { type Cause, findCauses } from "./causes.js";
import { type Failed, type Handling, handlingOf } from "./handled.js";
import { perRun } from "./per-run.js";
import type { Step } from "./run.js";
import { treeOf } from "./run-tree.js";
import { toolUses } from "./tool-uses.js";

/** `ended`: it ended the run; `open`: what is above it has not ended; else how it was handled. */
export type Fate = Handling | "ended" | "open";

export type RunFailure = Failed & { path: Step[]; outcome: Cause["outcome"]; fate: Fate };

export const findRunFailures = perRun((run): readonly RunFailure[] => {
  const uses = toolUses(run);
  const useOf = new Map(uses.map((use) => [use.step, use]));
  const handling = handlingOf(run, treeOf(run), uses);
  const retried = new Set(
    findRetries(run).flatMap(({ failed, success }) => (success ? failed.map(({ step }) => step) : [])),
  );
  const failures = findCauses(run).map(({ step, path, outcome }): Omit<RunFailure, "fate"> => {
    return { step, path, outcome, top: path.at(-1) ?? step, use: useOf.get(step) ?? null, error: step };
  });
  for (const use of uses) {
    const step = use.shownBy;
    if (use.failure && use.step?.status !== "error")
      failures.push({ step, path: [], outcome: "recovered", top: step, use, error: use.failure });
  }
  return failures.map((failure) => {
    if (failure.outcome !== "recovered") return { ...failure, fate: failure.outcome };
    return { ...failure, fate: retried.has(failure.step) ? "repaired" : handling(failure) };
  });
});
