/** What two runs differ in, in a sentence or two: the outcome first, then the time, the steps, what models were given. */

import { findFailures } from "../failures.js";
import { duration, money, plural } from "../format.js";
import { joinPhrases, nameOf, type Phrase, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { errorPhrase, stepPhrase } from "../step-phrase.js";
import type { PairedSteps } from "./compare-runs.js";
import type { FoundDifference } from "./given-differences.js";
import { inputGrowth } from "./input-growth.js";

/** Totals that lie closer are about the same. */
const leastFactor = 1.3;
const leastMs = 10;
/** A step is named as the reason when it makes that share of the difference. */
const leastPart = 0.3;

export function runVerdict(a: Run, b: Run, pairs: readonly PairedSteps[], given: readonly FoundDifference[]): Phrase {
  const sentences = [
    ...outcome(a, b),
    ...time(a, b, pairs),
    ...costs(a, b),
    ...inputGrowth(a, b),
    stepCounts(pairs, given.length > 0),
    ...givenSentence(given),
  ];
  return joinPhrases(sentences, "; ");
}

const isFailed = ({ trace }: Run) => trace.status === "error";

function outcome(a: Run, b: Run): Phrase[] {
  const [failA, failB] = [firstFailure(a), firstFailure(b)];
  if (isFailed(a) !== isFailed(b)) {
    const [failed, other, step] = isFailed(b) ? ["b", "a", failB] : ["a", "b", failA];
    return [
      step
        ? phrase`${failed} failed where ${other} did not: ${failurePhrase(step)}`
        : phrase`${failed} failed where ${other} did not`,
    ];
  }
  if (a.trace.status !== b.trace.status) return [phrase`a is ${a.trace.status}, b is ${b.trace.status}`];
  if (!failA || !failB) return [];
  const isSame =
    failA.error_type === failB.error_type && failA.error_message === failB.error_message && failA.tool === failB.tool;
  return [
    isSame
      ? phrase`both failed alike: ${failurePhrase(failB)}`
      : phrase`both failed: a: ${failurePhrase(failA)}, b: ${failurePhrase(failB)}`,
  ];
}

const failurePhrase = (step: Step) =>
  phrase`${stepPhrase(step)} failed with ${errorPhrase(step)} (span ${step.span_id})`;

/** The first that ended the run; null when it did not fail. */
function firstFailure(run: Run): Step | null {
  if (!isFailed(run)) return null;
  const failures = findFailures(
    run.steps.map((step) => ({
      span_id: step.span_id,
      parent_span_id: step.parent_span_id,
      is_error: step.status === "error",
      is_open: step.end_us === null,
    })),
  );
  return run.steps[failures.indexOf("ended")] ?? null;
}

const times = (x: number, y: number) => `${Number((x / y).toPrecision(2))} ×`;

function time(a: Run, b: Run, pairs: readonly PairedSteps[]): Phrase[] {
  const [msA, msB] = [a.trace.duration_ms, b.trace.duration_ms];
  if (msA === null || msB === null || msA <= 0 || msB <= 0) return [];
  if (Math.max(msA, msB) < leastFactor * Math.min(msA, msB) || Math.abs(msA - msB) < leastMs) return [];
  const isSlower = msB > msA;
  const head = isSlower
    ? phrase`b is ${times(msB, msA)} slower (${duration(msB)} instead of ${duration(msA)})`
    : phrase`b is ${times(msA, msB)} faster (${duration(msB)} instead of ${duration(msA)})`;
  let most: { pair: PairedSteps; us: number } | null = null;
  for (const pair of pairs) {
    if (pair.a?.own_us === null || pair.b?.own_us === null) continue;
    const us = ((pair.b?.own_us ?? 0) - (pair.a?.own_us ?? 0)) * (isSlower ? 1 : -1);
    if (us > (most?.us ?? 0)) most = { pair, us };
  }
  if (!most || most.us / 1000 < leastPart * Math.abs(msB - msA)) return [phrase`${head}, spread over its steps`];
  const { a: inA, b: inB } = most.pair;
  const took = (us: number) => duration(us / 1000);
  const reason =
    inA && inB
      ? phrase`${stepPhrase(inB.step)} took ${took(inB.own_us as number)} instead of ${took(inA.own_us as number)}`
      : phrase`${stepPhrase((inB ?? inA)?.step as Step)} (${took((inB ?? inA)?.own_us as number)}) is only in ${inB ? "b" : "a"}`;
  return [phrase`${head}: ${reason}`];
}

function costs(a: Run, b: Run): Phrase[] {
  const [usdA, usdB] = [a.trace.cost_usd, b.trace.cost_usd];
  if (!usdA || !usdB || Math.max(usdA, usdB) < leastFactor * Math.min(usdA, usdB)) return [];
  const factor = usdB > usdA ? times(usdB, usdA) : times(usdA, usdB);
  return [phrase`b costs ${factor} ${usdB > usdA ? "more" : "less"} (${money(usdB)} instead of ${money(usdA)})`];
}

/** `isGivenOther`: equal steps are no equal runs where models were given something else. */
function stepCounts(pairs: readonly PairedSteps[], isGivenOther: boolean): Phrase {
  const only = (side: "a" | "b") =>
    pairs.filter((pair) => pair[side] !== null && pair[side === "a" ? "b" : "a"] === null);
  const [onlyA, onlyB] = [only("a"), only("b")];
  const inBoth = pairs.length - onlyA.length - onlyB.length;
  if (onlyA.length + onlyB.length === 0) {
    const changed = pairs.filter(({ changes }) => changes.some(({ what }) => what !== "order")).length;
    const moved = pairs.filter(({ isMoved }) => isMoved);
    const places = moved.flatMap(({ b, changes }) =>
      changes.flatMap(({ what, summary }) => (b && what === "order" ? [phrase`${stepPhrase(b.step)} ${summary}`] : [])),
    );
    const order =
      moved.length === 0 ? [] : phrase`, ${moved.length} in another order${places[0] ? phrase` (${places[0]})` : []}`;
    const rest = changed > 0 ? `, ${changed} of them differ` : moved.length === 0 && !isGivenOther ? ", all equal" : "";
    return phrase`the same ${plural(inBoth, "step")}${order}${rest}`;
  }
  const first = (list: PairedSteps[]) => stepPhrase((list[0]?.a ?? list[0]?.b)?.step as Step);
  const side = (name: string, list: PairedSteps[]) =>
    list.length === 0
      ? []
      : [phrase`${plural(list.length, "step")} only in ${name} (${list.length > 1 ? "first " : ""}${first(list)})`];
  return joinPhrases([...side("b", onlyB), ...side("a", onlyA), phrase`${inBoth} in both`], ", ");
}

function givenSentence(given: readonly FoundDifference[]): Phrase[] {
  const telling = given.filter(({ isMinor }) => !isMinor);
  if (telling.length === 0) return [];
  const words: Record<string, string> = {
    system: "instructions",
    tools: "list of tools",
    model: "model",
    parameters: "settings",
  };
  const kinds = [...new Set(telling.map(({ what }) => what))];
  const agents = [...new Set(telling.flatMap(({ agent }) => (agent === null ? [] : [agent])))];
  const of = agents.length === 1 ? phrase` of ${nameOf(agents[0] as string)}` : [];
  return [phrase`other ${kinds.map((kind) => words[kind]).join(", ")}${of}`];
}
