/** Agents that call themselves over and over, and work that is handed to an agent which hands it back untouched. */
import type { Finding } from "../diagnosis.js";
import { count } from "../format.js";
import { bareName, handOffTarget } from "../hand-off.js";
import { likeness, readAsked } from "../near-same.js";
import { joinPhrases, nameOf, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { spentOn } from "../spent-on.js";
import { orderTopDown } from "../trace-order.js";

const fewestSelfCalls = 3;
const alike = 0.75;
/** More text than this is work, whatever it says. */
const longestRefusal = 600;
const longestAnnouncement = 200;
/** Agents that a sentence names. */
const mostNamed = 6;

/** What is said of another one's work. */
const passing =
  /\b(?:helps?|handles?|takes?|knows?|deals?|responsible|in charge|transfer\w*|hand\w*|pass\w*|forward\w*|rout(?:e|ing)|connect\w*|refer\w*|redirect\w*|belongs?|question for|case for|over to|ask|looks? (?:after|into))\b/i;

const refusal =
  /\b(?:hand|transfer|pass|rout|send|return|giv)\w{0,4} (?:\w+ ){0,4}(?:back|over)\b|\bnot (?:my|our|mine|ours|for (?:me|us)|within my|something i)\b|\b(?:can(?:not|[’']t)|unable to) help (?:you )?(?:with|here)\b|\bwrong (?:agent|team|department|place|specialist)\b|\b(?:outside|out of) (?:of )?(?:my|our|scope)\b/i;

/** Time that one agent has the work, in start order. */
type Turn = { agent: string; steps: Step[] };

export function loopsOfAgents(run: Run): Finding[] {
  return [...handBacks(run), ...selfCalls(run)];
}

function turnsOf({ steps }: Run): Turn[] {
  const turns: Turn[] = [];
  for (const step of steps) {
    if (step.agent === null || !(step.call !== null || step.kind === "retriever" || isHandOff(step.name))) continue;
    const last = turns.at(-1);
    if (last?.agent === step.agent) last.steps.push(step);
    else turns.push({ agent: step.agent, steps: [step] });
  }
  return turns;
}

/** Turns one after the other in which nobody did anything of its own, and the ones around them. */
type Stretch = { turns: Turn[]; before: Turn | null; after: Turn | null; isDispatch: boolean };
type Circle = { from: string; agents: string[]; passed: Turn[]; handed: Step[] };

/** Work that came back to an agent which had had it, by way of agents that only passed it on; one finding for each circle of agents. */
function handBacks(run: Run): Finding[] {
  const circles = new Map<string, Circle>();
  for (const { turns, before, after, isDispatch } of untouchedStretches(run)) {
    const holders = [...(before && !isDispatch ? [before] : []), ...turns, ...(after ? [after] : [])];
    if (new Set(holders.map(({ agent }) => agent)).size === holders.length) continue;
    const from = (before ?? (turns[0] as Turn)).agent;
    const passed = turns.filter(({ agent }) => agent !== from);
    const agents = [...new Set(passed.map(({ agent }) => agent))];
    const key = JSON.stringify([from, ...agents]);
    const circle = circles.get(key) ?? { from, agents, passed: [], handed: [] };
    circles.set(key, circle);
    circle.passed.push(...passed);
    for (const [i, turn] of turns.entries()) {
      const giver = turns[i - 1] ?? before;
      if (turn.agent === from || giver?.agent !== from) continue;
      const step = giver.steps.findLast((each) => isHandOff(each.tool ?? each.name)) ?? giver.steps.at(-1);
      if (step) circle.handed.push(step);
    }
  }
  return [...circles.values()].filter(({ passed }) => passed.length > 0).map((circle) => describeCircle(run, circle));
}

function untouchedStretches(run: Run): Stretch[] {
  const turns = turnsOf(run);
  const stretches: Stretch[] = [];
  /** agents that had the work before the stretch and the turn before it */
  const had = new Set<string>();
  for (let i = 0; i < turns.length; i++) {
    const from = i;
    while (i < turns.length && passesOnUntouched(run, turns[i] as Turn)) i++;
    const stretch = turns.slice(from, i);
    // who gave the work out, and gives it out again when it was worked on
    const isDispatch = stretch.every(({ agent }) => had.has(agent));
    if (i > from)
      stretches.push({ turns: stretch, before: turns[from - 1] ?? null, after: turns[i] ?? null, isDispatch });
    for (const { agent } of turns.slice(Math.max(0, from - 1), i)) had.add(agent);
  }
  return stretches;
}

function describeCircle(run: Run, { from, agents, passed, handed }: Circle): Finding {
  const steps = passed.flatMap((turn) => turn.steps);
  const calls = steps.filter((step) => step.call === "llm").length;
  const spent = phrase`${count(calls)} model ${calls === 1 ? "call" : "calls"}`;
  const [first] = agents as [string];
  const times = passed.length === 1 ? phrase`` : phrase` ${count(passed.length)} times`;
  return {
    kind: "loop",
    severity: "warning",
    summary:
      agents.length === 1
        ? phrase`Agent ${nameOf(from)} handed the work to ${nameOf(first)}, which handed it back${times} without doing anything of its own; ${spent} of ${nameOf(first)} went on it.`
        : phrase`The work that agent ${nameOf(from)} handed on went round in a circle: ${joinPhrases(
            agents.slice(0, mostNamed).map((name) => phrase`${nameOf(name)}`),
            ", ",
          )}${agents.length > mostNamed ? phrase` and ${count(agents.length - mostNamed)} more` : phrase``} passed it on${times} without doing anything of their own; ${spent} of theirs went on it.`,
    evidence: [...handed, ...steps].map((step) => step.span_id),
    saves: spentOn(run, steps),
  };
}

/** By the name of a tool, or of a span that tells of it. */
function isHandOff(name: string): boolean {
  return handOffTarget(name) !== null || /^hand[_ -]?off\b/i.test(name);
}

/** It used no tool but the one that hands over, and said nothing, or that this is for another one. */
function passesOnUntouched(run: Run, { steps }: Turn): boolean {
  let handed = false;
  const targets: string[] = [];
  let text = "";
  for (const step of steps) {
    if (isHandOff(step.tool ?? step.name)) {
      handed = true;
      targets.push(handOffTarget(step.tool ?? step.name) ?? "");
    } else if (step.call !== "llm") return false;
    if (step.call !== "llm") continue;
    for (const { parts } of run.contents(step).said) {
      for (const part of parts) {
        if (part.type === "text") text += `${part.content}\n`;
        if (part.type !== "tool_call") continue;
        if (!isHandOff(part.name)) return false;
        handed = true;
        targets.push(handOffTarget(part.name) ?? "");
      }
    }
  }
  if (text.length > longestRefusal) return false;
  if (text.trim() === "") return handed;
  return refusal.test(text) || (handed && announces(text, targets));
}

/** All that it says is who is to do it. */
function announces(text: string, targets: readonly string[]): boolean {
  if (text.length > longestAnnouncement || !passing.test(text)) return false;
  const said = bareName(text);
  return targets.some((target) => bareName(target) !== "" && said.includes(bareName(target)));
}

/** An agent inside itself inside itself, asked the same each time. */
function selfCalls(run: Run): Finding[] {
  const { order, parent } = orderTopDown(run.steps);
  /** the chain of its own name that each step lies in, innermost last */
  const chains = new Map<Step, Step[]>();
  const asked = new Set<Step>();
  let deepest: Step[] = [];
  for (const i of order) {
    const step = run.steps[i] as Step;
    const above = run.steps[parent[i] as number];
    const chain = (above && chains.get(above)) ?? [];
    if (step.call === "llm") for (const each of chain.slice(-1)) asked.add(each);
    const inner = chain.at(-1);
    if (step.kind !== "agent") chains.set(step, chain);
    else if (inner && inner.agent === step.agent && asksSame(run, inner, step)) {
      const longer = chain.length < 64 ? [...chain, step] : chain;
      chains.set(step, longer);
      if (longer.length > deepest.length) deepest = longer;
    } else chains.set(step, [step]);
  }
  const working = deepest.filter((step) => asked.has(step));
  const [first, second] = working;
  if (!first || !second || working.length < fewestSelfCalls || first.agent === null) return [];
  return [
    {
      kind: "loop",
      severity: "warning",
      summary: phrase`Agent ${nameOf(first.agent)} called itself with the same task, ${count(working.length)} deep.`,
      evidence: working.map((step) => step.span_id),
      saves: spentOn(run, [second]),
    },
  ];
}

function asksSame(run: Run, outer: Step, inner: Step): boolean {
  const [a, b] = [run.contents(outer).input, run.contents(inner).input];
  return a !== null && b !== null && likeness(readAsked(a), readAsked(b)) >= alike;
}
