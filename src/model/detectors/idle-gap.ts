/** Time that the run waited for and in which nothing was recorded. */
import type { Stretch } from "../critical-path.js";
import type { Detector, Finding, Surroundings } from "../diagnosis.js";
import { duration } from "../format.js";
import { readAnswer, readAsked } from "../near-same.js";
import { workerOf } from "../path-work.js";
import { perRun } from "../per-run.js";
import { nameOf, type Phrase, phrase } from "../phrase.js";
import { isRateLimit } from "../rate-limits.js";
import type { Run, Step } from "../run.js";
import { stepPhrase } from "../step-phrase.js";
import { type ToolUse, toolUses } from "../tool-uses.js";
import { asksPerson } from "../waiting-for-people.js";
import { workKey } from "../work-label.js";

/** µs, and share of the run */
const leastGap = 3e6;
const leastShare = 0.2;
const most = 3;
/** Calls, and their longest wait against the shortest. */
const fewestPolls = 3;
const mostPolls = 1_000;
const regular = 3;

type Gap = Stretch & { before: Step | null; after: Step | null };

export const detectIdleGaps: Detector = (run, around) => {
  const { path } = around;
  const total = path.end_us - path.start_us;
  const long = gapsOf(around)
    .filter((gap) => gap.to_us - gap.from_us >= Math.max(leastGap, leastShare * total))
    .map((gap) => ({ ...gap, from_us: Math.max(gap.from_us, busyUntil(run, around, gap)) }))
    .filter((gap) => gap.to_us - gap.from_us >= Math.max(leastGap, leastShare * total))
    .sort((a, b) => b.to_us - b.from_us - (a.to_us - a.from_us));
  return long.slice(0, most).flatMap((gap) => describe(run, gap, total));
};

/** Neighbouring stretches without work, as one. */
function gapsOf({ path }: Surroundings): Gap[] {
  const gaps: Gap[] = [];
  let before: Step | null = null;
  let open: Gap | null = null;
  for (const stretch of path.stretches) {
    const worker = workerOf(path, stretch);
    if (worker) {
      if (open) open.after = worker;
      open = null;
      before = worker;
    } else if (open) open.to_us = stretch.to_us;
    else {
      open = { ...stretch, before, after: null };
      gaps.push(open);
    }
  }
  return gaps;
}

/** Work that was recorded within the gap although nothing waited for it: the gap begins when it is over. */
function busyUntil(run: Run, { path }: Surroundings, gap: Gap): number {
  let until = gap.from_us;
  for (const step of run.steps) {
    if (step.start_us >= gap.to_us || path.hasChildren(step)) continue;
    until = Math.max(until, Math.min(gap.to_us, path.end(step)));
  }
  return until;
}

function describe(run: Run, gap: Gap, total: number): Finding[] {
  const { before, after, step } = gap;
  const us = gap.to_us - gap.from_us;
  const again = before?.status === "error" && after !== null && workKey(before) === workKey(after);
  if (again && before && isRateLimit(before)) return [];
  const person = waitsForPerson(run, gap);
  const polled = person ? null : pollingIn(run, gap);
  const where =
    before && after
      ? phrase`between ${stepPhrase(before)} and ${stepPhrase(after)}`
      : after
        ? phrase`before ${stepPhrase(after)}, the first that was recorded`
        : before
          ? phrase`after ${stepPhrase(before)}, the last that was recorded`
          : phrase`within it`;
  const whose = step
    ? phrase`the own time of ${stepPhrase(step)}: its code, or something that is not recorded`
    : phrase`outside every span`;
  const why = person ?? polled ?? (again ? phrase`it waited before it tried again` : whose);
  return [
    {
      kind: "idle_gap",
      severity: person || polled || again ? "info" : "warning",
      summary: phrase`Nothing was recorded for ${duration(us / 1000)} (${Math.round((100 * us) / total)} % of the run) ${where}; ${why}.`,
      evidence: [before, after, step].flatMap((each) => (each ? [each.span_id] : [])),
      saves: { ms: person || polled ? null : Math.round(us) / 1000, tokens: null, usd: null },
    },
  ];
}

/** Calls that asked the same of one tool, as regularly as a program does, until the answer was another. */
function pollingIn(run: Run, gap: Gap): Phrase | null {
  const polls = pollsOf(run).find(([first, last]) => first.end_us <= gap.from_us && last.start_us >= gap.to_us);
  return polls ? phrase`${nameOf(polls[0].name)} was asked again and again until its answer changed` : null;
}

/** First and last call of each. */
const pollsOf = perRun((run): readonly [ToolUse, ToolUse][] => {
  const groups = new Map<string, ToolUse[]>();
  for (const use of toolUses(run)) {
    const key = JSON.stringify([use.name, readAsked(use.input ?? "").key]);
    const group = groups.get(key);
    if (group) group.push(use);
    else groups.set(key, [use]);
  }
  return [...groups.values()].flatMap((uses): [ToolUse, ToolUse][] => {
    const [first, last] = [uses[0], uses.at(-1)];
    if (!first || !last || uses.length < fewestPolls || uses.some(({ failure, output }) => failure || output === null))
      return [];
    const waits = uses.slice(1).map((use, i) => use.start_us - (uses[i] as ToolUse).end_us);
    const [least, longest] = [Math.min(...waits.slice(0, mostPolls)), Math.max(...waits.slice(0, mostPolls))];
    const before = uses.at(-2)?.output ?? "";
    const hasChanged = readAnswer(before).key !== readAnswer(last.output ?? "").key;
    return hasChanged && least > 0 && longest <= regular * least ? [[first, last]] : [];
  });
});

/** The step before or after asked a person, or what follows answers a new message of one. */
function waitsForPerson(run: Run, { before, after, step }: Gap): Phrase | null {
  for (const each of [before, after, step])
    if (each && asksPerson(each)) return phrase`${stepPhrase(each)} waits for a person`;
  if (after?.kind !== "llm") return null;
  const { continues, added } = run.conversation(after);
  const turn = added.some(
    ({ message }) => message.role === "user" && message.parts.some((part) => part.type === "text"),
  );
  return continues && turn ? phrase`the next message of the user came then` : null;
}
