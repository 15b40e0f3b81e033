/** Agents that call themselves over and over, and work that is handed to an agent which hands it back untouched. */
import type { Finding } from "../diagnosis.js";
import { count } from "../format.js";
import { handOffTarget } from "../hand-off.js";
import { likeness, readAsked } from "../near-same.js";
import { nameOf, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { spentOn } from "../spent-on.js";
import { orderTopDown } from "../trace-order.js";

const fewestSelfCalls = 3;
const alike = 0.75;
/** More text than this is work, whatever it says. */
const longestRefusal = 600;

const refusal =
  /\b(?:hand|transfer|pass|rout|send|return|giv)\w{0,4} (?:\w+ ){0,4}(?:back|over)\b|\bnot (?:my|our|within my|something i)\b|\bwrong (?:agent|team|department|place|specialist)\b|\b(?:outside|out of) (?:of )?(?:my|our|scope)\b/i;

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

/** One finding for each pair of agents. */
function handBacks(run: Run): Finding[] {
  const turns = turnsOf(run);
  const bounced = new Map<string, { from: string; turn: Turn; turns: Turn[]; handed: Step[]; rounds: number }>();
  for (let i = 1; i + 1 < turns.length; i++) {
    const [before, turn, after] = turns.slice(i - 1, i + 2) as [Turn, Turn, Turn];
    if (before.agent !== after.agent || !handsBackUntouched(run, turn)) continue;
    const key = JSON.stringify([before.agent, turn.agent]);
    const found = bounced.get(key) ?? { from: before.agent, turn, turns: [], handed: [], rounds: 0 };
    bounced.set(key, found);
    found.turns.push(turn);
    found.rounds++;
    const handed = before.steps.findLast((step) => isHandOff(step.tool ?? step.name)) ?? before.steps.at(-1);
    if (handed) found.handed.push(handed);
  }
  return [...bounced.values()].map(({ from, turn, turns: wasted, handed, rounds }): Finding => {
    const steps = wasted.flatMap((each) => each.steps);
    const calls = steps.filter((step) => step.call === "llm").length;
    const times = rounds === 1 ? phrase`` : phrase` ${count(rounds)} times`;
    return {
      kind: "loop",
      severity: "warning",
      summary: phrase`Agent ${nameOf(from)} handed the work to ${nameOf(turn.agent)}, which handed it back${times} without doing anything of its own; ${count(calls)} model ${calls === 1 ? "call" : "calls"} of ${nameOf(turn.agent)} went on it.`,
      evidence: [...handed, ...steps].map((step) => step.span_id),
      saves: spentOn(run, steps),
    };
  });
}

/** By the name of a tool, or of a span that tells of it. */
function isHandOff(name: string): boolean {
  return handOffTarget(name) !== null || /^hand[_ -]?off\b/i.test(name);
}

/** It used no tool but the one that hands over, and said nothing, or that this is not for it. */
function handsBackUntouched(run: Run, { steps }: Turn): boolean {
  let handed = false;
  let text = "";
  for (const step of steps) {
    if (isHandOff(step.tool ?? step.name)) handed = true;
    else if (step.call !== "llm") return false;
    if (step.call !== "llm") continue;
    for (const { parts } of run.contents(step).said) {
      for (const part of parts) {
        if (part.type === "text") text += `${part.content}\n`;
        if (part.type !== "tool_call") continue;
        if (!isHandOff(part.name)) return false;
        handed = true;
      }
    }
  }
  if (text.length > longestRefusal) return false;
  return text.trim() === "" ? handed : refusal.test(text);
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
