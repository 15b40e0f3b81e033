/** Time that the run waited for and in which nothing was recorded. */
import type { Stretch } from "../critical-path.js";
import type { Detector, Finding, Surroundings } from "../diagnosis.js";
import { duration } from "../format.js";
import { workerOf } from "../path-work.js";
import { type Phrase, phrase } from "../phrase.js";
import { isRateLimit } from "../rate-limits.js";
import type { Run, Step } from "../run.js";
import { stepPhrase } from "../step-phrase.js";
import { asksPerson } from "../waiting-for-people.js";
import { workKey } from "../work-label.js";

/** µs, and share of the run */
const leastGap = 3e6;
const leastShare = 0.2;
const most = 3;

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
  const why = person ?? (again ? phrase`it waited before it tried again` : whose);
  return [
    {
      kind: "idle_gap",
      severity: person || again ? "info" : "warning",
      summary: phrase`Nothing was recorded for ${duration(us / 1000)} (${Math.round((100 * us) / total)} % of the run) ${where}; ${why}.`,
      evidence: [before, after, step].flatMap((each) => (each ? [each.span_id] : [])),
      saves: { ms: person ? null : Math.round(us) / 1000, tokens: null, usd: null },
    },
  ];
}

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
