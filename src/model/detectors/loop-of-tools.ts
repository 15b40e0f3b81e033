/** The same tools asked the same again and again, although nothing new came back. */
import type { Finding } from "../diagnosis.js";
import { count } from "../format.js";
import { handOffTarget } from "../hand-off.js";
import { answered, asked as askedText, type Lazy, likeness } from "../near-same.js";
import { joinPhrases, nameOf, type Phrase, phrase, recorded } from "../phrase.js";
import { isRateLimit } from "../rate-limits.js";
import { emptiness } from "../result-text.js";
import type { Run, Step } from "../run.js";
import { spentOn } from "../spent-on.js";
import { toolUses } from "../tool-uses.js";

/** Tools that take turns in one loop, and rounds that make one. */
const longestRound = 4;
const fewestRounds = 3;
/** where results were not recorded, so that nobody knows whether something new came back */
const fewestBlindRounds = 5;
/** rounds of polling that nobody minds */
const patience = 8;
/** Shared words of arguments that ask the same: where the same long text came back, and where little or an error did. */
const alike = { sameAnswer: 0.5, littleAnswer: 0.75 };
const longAnswer = 40;
/** not one after the other, but most of what was asked */
const fewestScattered = 6;

/** What an agent asked of a tool, and what came back; null = not recorded. */
type Use = {
  /** of the tool; where tools are not recorded, the model call that asked for it */
  step: Step;
  tool: string;
  asked: Lazy | null;
  /** as they were recorded */
  arguments: string | null;
  answer: Lazy | null;
  failed: boolean;
  /** it failed in a way that may pass */
  maybePassing: boolean;
};

/** Uses in order; the first `period` of them were needed. */
type Loop = { uses: Use[]; period: number };

export function loopsOfTools(run: Run): Finding[] {
  const findings: Finding[] = [];
  for (const uses of usesByAgent(run).values()) {
    const calls = run.steps.filter((step) => step.call === "llm" && step.agent === uses[0]?.step.agent);
    const loops = findLoops(uses, calls);
    const scattered = loops.length > 0 ? null : findScattered(uses);
    for (const loop of scattered ? [scattered] : loops) findings.push(describe(run, loop, calls));
  }
  return findings;
}

function usesByAgent(run: Run): Map<string | null, Use[]> {
  const byAgent = new Map<string | null, Use[]>();
  const agents = new Set(run.steps.flatMap(({ agent, call }) => (call === "llm" && agent !== null ? agent : [])));
  for (const { name, step, asked, shownBy, input, output, failure } of toolUses(run)) {
    // where somebody took the work, who passed it round is told of as a circle of agents
    if (agents.size > 1 && handOffTarget(name) !== null) continue;
    const use: Use = {
      step: step ?? asked ?? shownBy,
      tool: name,
      asked: input === null ? null : askedText(input),
      arguments: input,
      // nothing is nothing, whatever it repeats of the question
      answer: output === null ? null : answered(emptiness(output) === null ? output : ""),
      failed: failure !== null,
      maybePassing: failure !== null && mayPass(failure),
    };
    const own = byAgent.get(use.step.agent);
    if (own) own.push(use);
    else byAgent.set(use.step.agent, [use]);
  }
  return byAgent;
}

function findLoops(uses: Use[], calls: Step[]): Loop[] {
  const ends = endsOf(uses);
  const tallies = {
    blind: tally(uses, isBlind),
    failed: tally(uses, (use) => use.failed),
    maybePassing: tally(uses, (use) => use.maybePassing),
  };
  const loops: Loop[] = [];
  for (let i = 0; i < uses.length; ) {
    const loop = loopFrom(uses, i, calls, ends, tallies);
    if (loop) loops.push(loop);
    i += loop ? loop.uses.length : 1;
  }
  return loops;
}

type Tallies = Record<"blind" | "failed" | "maybePassing", Tally>;
/** How many of the uses from one up to, but not with, another. */
type Tally = (from: number, to: number) => number;

/** Counted once: hostile runs ask for it of every stretch. */
function tally(uses: Use[], holds: (use: Use) => boolean): Tally {
  const before = [0];
  for (const use of uses) before.push((before.at(-1) as number) + (holds(use) ? 1 : 0));
  return (from, to) => (before[to] as number) - (before[from] as number);
}

const isBlind = (use: Use) => use.answer === null && !use.failed;

/** Where the repeats that began at a use end, by period; asked with rising `from`. */
function endsOf(uses: Use[]): (from: number, period: number) => number {
  const known = new Array<number>(longestRound + 1).fill(0);
  return (from, period) => {
    let to = Math.max(from + period, known[period] as number);
    while (to < uses.length && isRepeat(uses[to - period] as Use, uses[to] as Use)) to++;
    known[period] = to;
    return Math.min(to, uses.length);
  };
}

function loopFrom(
  uses: Use[],
  from: number,
  calls: Step[],
  ends: (from: number, period: number) => number,
  tallies: Tallies,
): Loop | null {
  for (let period = 1; period <= longestRound; period++) {
    const rounds = Math.floor((ends(from, period) - from) / period);
    const to = from + rounds * period;
    if (rounds < (tallies.blind(from, to) > 0 ? fewestBlindRounds : fewestRounds)) continue;
    const [first] = uses.slice(from, from + 1) as [Use];
    if (
      period > 1 &&
      uses
        .slice(from, from + period)
        .every((use) => use.tool === first.tool && use.asked?.().key === first.asked?.().key)
    )
      continue;
    if (isPolling(uses, from, to, period) || isRetry(uses, from, to, calls, tallies)) return null;
    return { uses: uses.slice(from, to), period };
  }
  return null;
}

/** Asked again although the answer was known, or had failed the same way; one after the other. */
function isRepeat(before: Use, use: Use): boolean {
  if (before.tool !== use.tool || !before.asked || !use.asked) return false;
  if (before.step !== use.step && (before.step.end_us ?? Number.POSITIVE_INFINITY) > use.step.start_us) return false;
  if (before.step === use.step) return false;
  const like = likeness(before.asked(), use.asked());
  if (like < alike.sameAnswer) return false;
  const bothFailed = before.failed && use.failed;
  if (bothFailed) return like >= alike.littleAnswer;
  if (before.failed !== use.failed) return false;
  if (!before.answer || !use.answer) return like === 1;
  const { key } = use.answer();
  if (before.answer().key !== key) return false;
  return like >= (key.length >= longAnswer ? alike.sameAnswer : alike.littleAnswer);
}

/** Asked until something new came, or for what is not ready yet; a tool that only waits may lie in between. */
function isPolling(uses: Use[], from: number, to: number, period: number): boolean {
  if (period > 2 || to - from > patience * period) return false;
  const polls = uses.slice(from, to).filter(({ tool }) => !waits(tool));
  const [first] = polls;
  if (!first || polls.length * period !== to - from) return false;
  const next = uses.slice(to, to + 2).find(({ tool }) => !waits(tool));
  const came = next && next.tool === first.tool && next.asked?.().key === first.asked?.().key && !next.failed;
  if (came && next.answer?.().key !== first.answer?.().key) return true;
  const pending =
    /\b(pending|running|queued|in[_ ]progress|processing|not (yet )?(ready|finished|done)|waiting|started)\b/;
  return pending.test(first.answer?.().key.slice(0, 300) ?? "") && polls.length < patience;
}

function waits(tool: string): boolean {
  return /^(?:sleep|wait|delay|pause)/i.test(tool);
}

/** Tried again after failures that may pass, or by the program without asking the model in between: `retry` tells of it. */
function isRetry(uses: Use[], from: number, to: number, calls: Step[], { failed, maybePassing }: Tallies): boolean {
  if (failed(from, to) < to - from) return false;
  if (maybePassing(from, to) === to - from) return true;
  const [first, last] = [(uses[from] as Use).step, (uses[to - 1] as Use).step];
  const next = calls[startedBefore(calls, first.start_us + 1)];
  return next === undefined || next.start_us >= last.start_us;
}

/** How many of the calls, which are in start order, started before a time. */
function startedBefore(calls: Step[], us: number): number {
  let [low, high] = [0, calls.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((calls[middle] as Step).start_us < us) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mayPass(failure: { error_type: string | null; error_message: string | null }): boolean {
  const text = `${failure.error_type ?? ""} ${(failure.error_message ?? "").slice(0, 1000)}`;
  return (
    isRateLimit(failure) ||
    /time[d -]?out|econn|eai_again|socket|network|unavailable|\b50[0234]\b|temporar|try again/i.test(text)
  );
}

function findScattered(uses: Use[]): Loop | null {
  if (!mostlyOneTool(uses)) return null;
  const byQuestion = new Map<string, Use[]>();
  for (const use of uses) {
    if (!use.asked || (!use.answer && !use.failed)) continue;
    const key = `${use.tool}\n${use.asked().key}\n${use.failed ? "" : use.answer?.().key}`;
    const same = byQuestion.get(key);
    if (same) same.push(use);
    else byQuestion.set(key, [use]);
  }
  for (const same of byQuestion.values())
    if (same.length >= fewestScattered && same.length > uses.length / 2 && !overlap(same))
      return { uses: same, period: 1 };
  return null;
}

function mostlyOneTool(uses: Use[]): boolean {
  const counts = new Map<string, number>();
  for (const { tool } of uses) counts.set(tool, (counts.get(tool) ?? 0) + 1);
  return [...counts.values()].some((n) => n >= fewestScattered && n > uses.length / 2);
}

function overlap(uses: Use[]): boolean {
  return uses.some((use, i) => (uses[i - 1]?.step.end_us ?? 0) > use.step.start_us);
}

function describe(run: Run, { uses, period }: Loop, calls: Step[]): Finding {
  const round = uses.slice(0, period);
  const repeats = uses.slice(period);
  const led = ledOnlyTo(run, uses, period, calls);
  const wasted = [...new Set([...repeats.map((use) => use.step), ...led])];
  const [first] = uses as [Use];
  const same = uses.every((use) => use.asked?.().key === first.asked?.().key);
  const what: Phrase =
    period === 1
      ? phrase`Tool ${nameOf(first.tool)} was called ${count(uses.length)} times with ${same ? "the same" : "nearly the same"} arguments${shown(first)}`
      : phrase`${count(uses.length / period)} rounds of the same calls: ${joinPhrases(
          round.map((use) => phrase`${nameOf(use.tool)}${shown(use)}`),
          ", ",
        )}`;
  const outcome = uses.every((use) => use.failed)
    ? "every one failed"
    : uses.some((use) => use.answer === null && !use.failed)
      ? "what came back was not recorded"
      : "nothing new came back";
  const after =
    led.length > 0
      ? phrase`; ${count(led.length)} model ${led.length === 1 ? "call" : "calls"} led only to repeats`
      : phrase``;
  return {
    kind: "loop",
    severity: "warning",
    summary: phrase`${what}; ${outcome}${after}.`,
    evidence: [...new Set([...uses.map((use) => use.step.span_id), ...led.map((step) => step.span_id)])],
    saves: spentOn(run, wasted),
  };
}

function shown({ arguments: asked }: Use): Phrase {
  return asked === null ? phrase`` : phrase` ${recorded(asked)}`;
}

/** Model calls of the same agent before a repeat that asked for nothing else. */
function ledOnlyTo(run: Run, uses: Use[], period: number, calls: Step[]): Step[] {
  const tools = new Set(uses.map((use) => use.tool));
  const led: Step[] = [];
  let at = 0;
  for (let i = period; i < uses.length; i++) {
    const from = (uses[i - 1] as Use).step;
    const to = (uses[i] as Use).step;
    while (at < calls.length && (calls[at] as Step).start_us <= from.start_us) at++;
    for (; at < calls.length && (calls[at] as Step).start_us < to.start_us; at++) {
      const call = calls[at] as Step;
      const asked = run
        .contents(call)
        .said.flatMap(({ parts }) => parts.flatMap((part) => (part.type === "tool_call" ? part.name : [])));
      if (asked.every((name) => tools.has(name))) led.push(call);
    }
  }
  return led;
}
