/** Two runs side by side: which steps stand for each other, and what differs. */
import type { RunComparison, StepChange, StepPair } from "../comparison.js";
import { firstIndex } from "../first-index.js";
import { duration, plural } from "../format.js";
import { nameOf, type Phrase, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { errorPhrase, stepPhrase } from "../step-phrase.js";
import { type Aligned, align } from "./align.js";
import { givenDifferences } from "./given-differences.js";
import { type ComparedRun, type ComparedStep, comparedRun } from "./run-steps.js";
import { runVerdict } from "./run-verdict.js";
import { textDifference } from "./text-difference.js";

/** Own times that are told apart: by factor, and by their share of the longer run. */
const leastFactor = 1.5;
const leastShare = 0.05;
const leastUs = 10_000;

export type PairedSteps = { a: ComparedStep | null; b: ComparedStep | null; isMoved: boolean; changes: StepChange[] };

/** `show`: what recorded texts pass before parts of them are quoted. */
export function compareRuns(runA: Run, runB: Run, show: (text: string) => string): RunComparison {
  const [a, b] = [comparedRun(runA, show), comparedRun(runB, show)];
  const { pairs: aligned, isRough } = alignSteps(a, b);
  const longest = Math.max(runA.trace.duration_ms ?? 0, runB.trace.duration_ms ?? 0) * 1000;
  const pairs = withMoved(aligned, a.steps, b.steps).map(
    (pair): PairedSteps => ({ ...pair, changes: pair.a && pair.b ? changesOf(pair.a, pair.b, longest) : [] }),
  );
  addPlaces(pairs, a.steps);
  const calls = pairs.flatMap(({ a: inA, b: inB }): [ComparedStep, ComparedStep][] =>
    inA && inB && inA.step.kind === "llm" && isSameAgent(inA, inB) ? [[inA, inB]] : [],
  );
  const given = givenDifferences(a, b, calls, show);
  const notes = [
    ...(isRough ? ["the runs are long: steps were aligned piece by piece, so that some may stand apart"] : []),
    ...(a.isRead && b.isRead ? [] : ["the runs are long: arguments, results and prompts were not compared"]),
    ...(
      [
        ["a", runA],
        ["b", runB],
      ] as const
    ).flatMap(([name, run]) => [
      ...(run.omitted > 0 ? [`${plural(run.omitted, "span")} of ${name} were not read: it is very large`] : []),
      ...(run.trace.status === "running" || run.trace.status === "incomplete"
        ? [`${name} is ${run.trace.status}`]
        : []),
    ]),
  ];
  return {
    verdict: runVerdict(runA, runB, pairs, given),
    a: runA.trace,
    b: runB.trace,
    given: given.map(({ isMinor: _, ...told }) => told),
    steps: told(pairs),
    coverage: {
      matched: pairs.length,
      matched_is_minimum: false,
      returned: pairs.length,
      next_cursor: null,
      as_of_seq: runB.as_of_seq,
      notes,
    },
  };
}

/** Compared in one direction and turned around for the other, so that ties fall alike. */
function alignSteps(a: ComparedRun, b: ComparedRun): ReturnType<typeof align> {
  if (a.run.trace.trace_id > b.run.trace.trace_id) {
    const { pairs, isRough } = alignSteps(b, a);
    return { pairs: pairs.map(([inB, inA]): Aligned => [inA, inB]), isRough };
  }
  const numbers = new Map<string, number>();
  const number = (key: string) => {
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  };
  const columns = ({ steps }: ComparedRun) => {
    const column = (key: (step: ComparedStep) => string) => Int32Array.from(steps, (step) => number(key(step)));
    return {
      signature: column((step) => `s ${step.signature}`),
      agent: column((step) => `a ${step.step.agent}`),
      parent: column((step) => `p ${step.parent}`),
      input: column((step) => `i ${step.input}`),
      output: column((step) => `o ${step.output}`),
      whole: column((step) =>
        JSON.stringify([step.signature, step.step.agent, step.parent, step.input, step.output, step.step.status]),
      ),
    };
  };
  const [ofA, ofB] = [columns(a), columns(b)];
  const [agentsA, agentsB] = [new Set(ofA.agent), new Set(ofB.agent)];
  const none = number("a null");
  /** An agent that the other run has too is not one of another name. */
  const isRenamed = (inA: number, inB: number) =>
    inA === none || inB === none || !(agentsB.has(inA) || agentsA.has(inB));
  return align({
    a: ofA.whole,
    b: ofB.whole,
    fitness(i, j) {
      if (ofA.signature[i] !== ofB.signature[j] || isOtherMeaning(a.steps[i], b.steps[j])) return 0;
      const isSame = ofA.agent[i] === ofB.agent[j];
      if (!isSame && !isRenamed(ofA.agent[i] as number, ofB.agent[j] as number)) return 0;
      return (
        (isSame ? 8 : 6) +
        (ofA.input[i] === ofB.input[j] ? 4 : 0) +
        (ofA.output[i] === ofB.output[j] ? 2 : 0) +
        (ofA.parent[i] === ofB.parent[j] ? 1 : 0)
      );
    },
  });
}

/** A final answer does not stand for a call that asks for a tool. */
function isOtherMeaning(a: ComparedStep | undefined, b: ComparedStep | undefined): boolean {
  return a !== undefined && b !== undefined && a.asks !== null && b.asks !== null && a.asks !== b.asks;
}

/** Of what only one side has, the same step on the other side, elsewhere: work side by side begins in any order. */
function withMoved(aligned: Aligned[], a: ComparedStep[], b: ComparedStep[]): Omit<PairedSteps, "changes">[] {
  // a model call is known by what it answered
  const key = ({ signature, step, input, output }: ComparedStep) =>
    JSON.stringify([signature, step.agent, step.kind === "llm" ? output : input]);
  const waiting = new Map<string, number[]>();
  for (const [i, j] of aligned) {
    if (j >= 0) continue;
    const own = key(a[i] as ComparedStep);
    waiting.set(own, [...(waiting.get(own) ?? []), i]);
  }
  const movedTo = new Map<number, number>();
  const moved = new Set<number>();
  for (const [i, j] of aligned) {
    if (i >= 0) continue;
    const from = waiting.get(key(b[j] as ComparedStep))?.shift();
    if (from === undefined) continue;
    movedTo.set(j, from);
    moved.add(from);
  }
  return aligned.flatMap(([i, j]) => {
    if (j < 0 && moved.has(i)) return [];
    const from = i < 0 ? (movedTo.get(j) ?? -1) : i;
    return [{ a: a[from] ?? null, b: b[j] ?? null, isMoved: i < 0 && from >= 0 }];
  });
}

/** Says of moved steps where they stand in each run: next to the nearest tool or agent that stayed. */
function addPlaces(pairs: PairedSteps[], stepsOfA: ComparedStep[]): void {
  const stayed = pairs.filter(({ a, b, isMoved }) => a && b && !isMoved);
  const order = new Map(stepsOfA.map((step, i) => [step, i]));
  const placeInA = (of: ComparedStep) => order.get(of) as number;
  let before = 0;
  for (const pair of pairs) {
    const { a, isMoved } = pair;
    if (!isMoved) {
      if (pair.a && pair.b) before++;
      continue;
    }
    if (!a) continue;
    const from = placeInA(a);
    // those that stayed keep their order in both runs
    const beforeInA = firstIndex(stayed, (each) => placeInA(each.a as ComparedStep) > from);
    if (beforeInA === before) continue;
    const isEarlier = before < beforeInA;
    const passed = isEarlier ? stayed.slice(before, beforeInA) : stayed.slice(beforeInA, before);
    const isNamed = ({ b }: PairedSteps) => b?.step.kind !== "llm";
    const first = passed.find(isNamed) ?? passed[0];
    const last = passed.findLast(isNamed) ?? passed.at(-1);
    if (!first?.b || !last?.b) continue;
    const [near, other] = isEarlier ? [first.b, last.b] : [last.b, first.b];
    const far = other === near ? "it" : stepPhrase(other.step);
    pair.changes.unshift({
      what: "order",
      summary: isEarlier
        ? phrase`before ${stepPhrase(near.step)} instead of after ${far}`
        : phrase`after ${stepPhrase(near.step)} instead of before ${far}`,
    });
  }
}

function changesOf(a: ComparedStep, b: ComparedStep, longestUs: number): StepChange[] {
  const changes: StepChange[] = [];
  const add = (what: StepChange["what"], summary: Phrase) => changes.push({ what, summary });
  const [inA, inB] = [a.step, b.step];
  const state = (step: Step) => (step.status === "error" ? phrase`failed with ${errorPhrase(step)}` : [step.status]);
  if (inA.status !== inB.status || inA.error_type !== inB.error_type || inA.error_message !== inB.error_message)
    add("status", phrase`${state(inA)} → ${state(inB)}`);
  if (inA.agent !== inB.agent) add("agent", phrase`${agentOf(inA)} → ${agentOf(inB)}`);
  const input = textDifference(a.input, b.input);
  if (input) add("arguments", input.words);
  const isFailed = inA.status === "error" || inB.status === "error";
  const output = isFailed ? null : textDifference(a.output, b.output);
  if (output) add(inA.kind === "llm" ? "reply" : "result", output.words);
  if (isOtherTime(a.own_us, b.own_us, longestUs))
    add("duration", [`${duration((a.own_us as number) / 1000)} → ${duration((b.own_us as number) / 1000)}`]);
  return changes;
}

const agentOf = (step: Step): Phrase => (step.agent === null ? ["none"] : [nameOf(step.agent)]);

/** Of different agents there is nothing that they were both given. */
function isSameAgent(a: ComparedStep, b: ComparedStep): boolean {
  return a.step.agent === b.step.agent;
}

function isOtherTime(a: number | null, b: number | null, longestUs: number): boolean {
  if (a === null || b === null) return false;
  const apart = Math.abs(a - b);
  return apart >= leastUs && apart >= leastShare * longestUs && Math.max(a, b) >= leastFactor * Math.min(a, b);
}

/** Equal steps in a row are one entry. */
function told(pairs: readonly PairedSteps[]): StepPair[] {
  const entries: StepPair[] = [];
  for (const { a, b, isMoved, changes } of pairs) {
    const match = !b ? "only_a" : !a ? "only_b" : isMoved ? "moved" : changes.length > 0 ? "changed" : "equal";
    const last = entries.at(-1);
    if (match === "equal" && last?.match === "equal") {
      last.steps++;
      last.summary = [plural(last.steps, "equal step")];
      continue;
    }
    const step = (b ?? a)?.step as Step;
    entries.push({
      match,
      steps: 1,
      summary: match === "equal" ? ["1 equal step"] : stepPhrase(step),
      a: a?.step.span_id ?? null,
      b: b?.step.span_id ?? null,
      changes,
    });
  }
  return entries;
}
