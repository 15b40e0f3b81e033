/** What a rule is asked of: one run, or several in time order; and how an answer about it is put together. */
import type { CheckDetail, CheckStatus } from "../check.js";
import { count, plural } from "../format.js";
import { joinPhrases, type Phrase, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import type { RunCalls, ToolCall } from "./run-calls.js";

export type Subject = {
  /** in time order */
  runs: RunCalls[];
  /** traces that belong to it and are not in `runs` */
  left_out: number;
};

/** Details that one outcome tells; the others are counted. */
const mostDetails = 5;
/** Spans named for details that say the same. */
const mostEvidence = 20;

export type Outcome = { status: CheckStatus; details: CheckDetail[]; more: number };

export const passed: Outcome = { status: "passed", details: [], more: 0 };
const neverApplied: Outcome = { status: "never_applied", details: [], more: 0 };

export function outcome(status: CheckStatus, found: CheckDetail[]): Outcome {
  const details = onceEach(found);
  return { status, details: details.slice(0, mostDetails), more: Math.max(0, details.length - mostDetails) };
}

/** Details that say the same become one, with the spans of all. */
function onceEach(found: CheckDetail[]): CheckDetail[] {
  const same = new Map<string, CheckDetail[]>();
  for (const each of found) {
    const key = JSON.stringify(each.summary);
    const known = same.get(key);
    if (known) known.push(each);
    else same.set(key, [each]);
  }
  return Array.from(same.values(), (all) => {
    const [first] = all as [CheckDetail];
    if (all.length === 1) return first;
    const evidence = [...new Set(all.flatMap((each) => each.evidence))].slice(0, mostEvidence);
    return { summary: phrase`${first.summary} (${count(all.length)} times)`, evidence };
  });
}

export function detail(summary: Phrase, ...evidence: (Step | ToolCall)[]): CheckDetail {
  const ids = evidence.map((each) => ("span_id" in each ? each.span_id : each.step.span_id));
  return { summary, evidence: [...new Set(ids)] };
}

/** What is certain wins: a failure, then what cannot be told, then that all of what applied passed. */
export function judge(
  found: { failures: CheckDetail[]; doubts: CheckDetail[]; applied: number },
  subject: Subject,
): Outcome {
  if (found.failures.length > 0) return outcome("failed", found.failures);
  const doubts = [...found.doubts, ...unfinished(subject)];
  if (doubts.length > 0) return outcome("cannot_tell", doubts);
  return found.applied > 0 ? passed : neverApplied;
}

/** Why more may have happened than is known; empty = all is known. */
export function unfinished(subject: Subject): CheckDetail[] {
  const doubts = subject.runs.flatMap(({ run }) => whyUnfinished(run));
  if (subject.left_out > 0)
    doubts.push({ summary: phrase`${plural(subject.left_out, "trace")} of it not read: too many spans`, evidence: [] });
  return doubts;
}

function whyUnfinished({ trace, steps, omitted }: Run): CheckDetail[] {
  const open = steps.find((step) => step.parent_span_id === null && step.end_us === null);
  if (trace.status === "running") return [detail(phrase`the run has not ended`, ...(open ? [open] : []))];
  if (trace.status === "incomplete")
    return [
      open
        ? detail(phrase`the run never ended: its program is gone`, open)
        : detail(phrase`the run's root span never arrived`),
    ];
  return omitted > 0
    ? [detail(phrase`${count(omitted)} of its ${count(steps.length + omitted)} spans were not read`)]
    : [];
}

/** Doubts about tools that leave no spans. */
export function unseenCalls(subject: Subject): CheckDetail[] {
  const unseen = subject.runs.flatMap((run) => run.unseen());
  if (unseen.length === 0) return [];
  return [
    detail(
      phrase`tools left no spans here, and ${plural(unseen.length, "model call")} no recorded answer`,
      ...unseen.slice(0, 3),
    ),
  ];
}

export function listed(phrases: Phrase[], most = 3): Phrase {
  const shown = joinPhrases(phrases.slice(0, most), ", ");
  return phrases.length > most ? phrase`${shown} (+${phrases.length - most} more)` : shown;
}
