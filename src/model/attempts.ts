/** Calls that were tried again after they failed: which attempts belong together, and what they took. Pure. */
import { findCauses } from "./causes.js";
import { lastHeard } from "./last-heard.js";
import { perRun } from "./per-run.js";
import { isRateLimit } from "./rate-limits.js";
import type { Run, Step } from "./run.js";
import { endOf, follows, type RunTree, treeOf } from "./run-tree.js";
import { compareArguments } from "./similar-arguments.js";
import { toolUses } from "./tool-uses.js";

export type Attempt = {
  /** whose attempt it is: a tool's, a model call's, a span's name */
  subject: string;
  /** in which surroundings: the agent, the conversation, the parent */
  place: string;
  step: Step;
  start_us: number;
  end_us: number;
  input: string | null;
  failure: { error_type: string | null; error_message: string | null } | null;
};

/** Attempts in time order; all failed but `success`. */
export type Retry = { failed: Attempt[]; success: Attempt | null; isRateLimited: boolean };

/** Chains that are followed at once for one subject; of more, the oldest are let go. */
const mostOpen = 8;

export const findRetries = perRun((run): readonly Retry[] => {
  const tree = treeOf(run);
  const open = new Map<string, Attempt[][]>();
  const retries: Retry[] = [];
  const close = (failed: Attempt[], success: Attempt | null) => {
    if (failed.length > 1 || success)
      retries.push({ failed, success, isRateLimited: failed.every(({ failure }) => failure && isRateLimit(failure)) });
  };
  for (const attempt of attemptsOf(run, tree)) {
    const key = `${attempt.subject}\n${attempt.place}`;
    const chains = open.get(key) ?? [];
    const at = chains.findIndex((chain) => isNext(chain.at(-1) as Attempt, attempt));
    const chain = at < 0 ? null : (chains[at] as Attempt[]);
    if (attempt.failure) {
      if (chain) chain.push(attempt);
      else {
        chains.push([attempt]);
        if (chains.length > mostOpen) close(chains.shift() as Attempt[], null);
      }
    } else if (chain) {
      chains.splice(at, 1);
      close(chain, attempt);
    }
    open.set(key, chains);
  }
  for (const chains of open.values()) for (const chain of chains) close(chain, null);
  return retries;
});

function isNext(failed: Attempt, next: Attempt): boolean {
  return follows(next.start_us, failed.end_us) && compareArguments(failed.input, next.input) !== "other";
}

/** What failed of itself or succeeded, in the order of starts; what failed because of something below it is no attempt. */
function attemptsOf(run: Run, tree: RunTree): Attempt[] {
  const causes = new Set(findCauses(run).map(({ step }) => step));
  const attempts: Attempt[] = [];
  for (const { step, name, input, failure, start_us, end_us } of toolUses(run)) {
    if (!step || step.end_us === null || (step.status === "error" && !causes.has(step))) continue;
    attempts.push({ subject: `${step.kind} ${name}`, place: step.agent ?? "", step, start_us, end_us, input, failure });
  }
  for (const step of run.steps) {
    if (step.kind === "tool" || step.kind === "retriever" || step.end_us === null) continue;
    if (step.status === "error" ? !causes.has(step) : step.status !== "ok") continue;
    attempts.push({
      subject: step.kind === "llm" ? "llm" : `${step.kind} ${step.name}`,
      place: placeOf(run, tree, step),
      step,
      start_us: step.start_us,
      end_us: endOf(step),
      input: null,
      failure: step.status === "error" ? step : null,
    });
  }
  return attempts.sort((a, b) => a.start_us - b.start_us);
}

/** Model calls are one when they are sent the same messages; other spans when they have one parent. */
function placeOf(run: Run, tree: RunTree, step: Step): string {
  const { last, count } = step.kind === "llm" ? lastHeard(run, step) : { last: null, count: 0 };
  if (last) return `${step.agent ?? ""} ${count} ${last.key}`;
  return `below ${tree.parent(step)?.span_id ?? ""}`;
}
