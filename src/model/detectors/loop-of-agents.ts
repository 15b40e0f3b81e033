/** Agents that call themselves over and over, and work that is handed to an agent which hands it back untouched. */
import type { Finding } from "../diagnosis.js";
import { count } from "../format.js";
import { bareName, handOffTarget } from "../hand-off.js";
import { likeness, readAsked, type Said } from "../near-same.js";
import { joinPhrases, nameOf, phrase } from "../phrase.js";
import { asFields, jsonText, parseLoose } from "../read-part.js";
import { refuses } from "../refusal-words.js";
import type { Run, Step } from "../run.js";
import { treeOf } from "../run-tree.js";
import { spentOn } from "../spent-on.js";
import { orderTopDown } from "../trace-order.js";

const fewestSelfCalls = 3;
const alike = 0.75;
/** More text than this is work, whatever it says. */
const longestRefusal = 600;
const longestAnnouncement = 200;
/** Agents that a sentence names. */
const mostNamed = 6;

/** An answer of fewer characters may well be right twice. */
const shortestRepeat = 20;
/** Turns of one agent that are laid beside each other. */
const mostCompared = 20;
/** Part of the words of what an agent said that make it part of the final answer. */
const carriedOn = 0.4;

/** Time that one agent has the work, in start order. */
type Turn = { agent: string; steps: Step[] };
/** `weak`: only where the same agent gets the work again before anybody did anything. */
type Passing = "sure" | "weak" | null;
/** Who takes part, and which tools have another agent at work in them. */
type Cast = { names: Set<string>; delegating: Set<string> };

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
  const passing = passingsOf(run, turns);
  const stretches: Stretch[] = [];
  /** agents that had the work before the stretch and the turn before it */
  const had = new Set<string>();
  for (let i = 0; i < turns.length; i++) {
    const from = i;
    while (i < turns.length && passing[i] !== null) i++;
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

function passingsOf(run: Run, turns: Turn[]): Passing[] {
  if (turns.length < 2) return turns.map(() => null);
  const cast = castOf(run);
  const final = lastWords(run, turns.at(-1) as Turn);
  const texts = new Map<string, Said[]>();
  const read = turns.map((turn, i) => readTurn(run, turn, turns[i + 1] ?? null, cast));
  for (const [i, each] of read.entries()) {
    if (!each || each.text.length < shortestRepeat) continue;
    const { agent } = turns[i] as Turn;
    const own = texts.get(agent) ?? [];
    texts.set(agent, own);
    if (own.length < mostCompared) own.push(readAsked(each.text));
  }
  const passing = read.map((each, i): Passing => {
    if (!each) return null;
    const { text, handed, targets } = each;
    if (text === "") return handed ? "sure" : null;
    if (refuses(text) || (handed && announces(text, targets))) return "sure";
    if (i === turns.length - 1 || isCarriedOn(text, final)) return null;
    if (handed && text.length <= longestAnnouncement) return "weak";
    if (text.length < shortestRepeat) return null;
    const said = readAsked(text);
    const like = texts.get((turns[i] as Turn).agent)?.filter((other) => likeness(said, other) >= alike) ?? [];
    return like.length > 1 ? "weak" : null;
  });
  return withoutSingle(turns, passing);
}

/** Who is asked but once until work is done may have answered from what it knows. */
function withoutSingle(turns: Turn[], passing: Passing[]): Passing[] {
  const kept = [...passing];
  for (let i = 0; i < turns.length; i++) {
    const from = i;
    while (i < turns.length && passing[i] !== null) i++;
    const times = new Map<string, number>();
    for (const { agent } of turns.slice(from, i)) times.set(agent, (times.get(agent) ?? 0) + 1);
    for (let at = from; at < i; at++)
      if (passing[at] === "weak" && (times.get((turns[at] as Turn).agent) ?? 0) < 2) kept[at] = null;
  }
  return kept;
}

function castOf(run: Run): Cast {
  const tree = treeOf(run);
  const names = new Set<string>();
  const delegating = new Set<string>();
  for (const step of run.steps) {
    if (step.agent === null) continue;
    names.add(bareName(step.agent));
    if (step.call !== "llm") continue;
    let above = tree.parent(step);
    for (let n = 0; above && n < 64; n++, above = tree.parent(above))
      if (above.kind === "tool" && above.agent !== step.agent) delegating.add(above.tool ?? above.name);
  }
  names.delete("");
  return { names, delegating };
}

function lastWords(run: Run, { steps }: Turn): Set<string> {
  const texts = steps.flatMap((step) => (step.call === "llm" ? run.contents(step).said : []));
  const last = texts.flatMap(({ parts }) => parts.flatMap((part) => (part.type === "text" ? part.content : "")));
  return readAsked(last.join("\n")).words;
}

function isCarriedOn(text: string, final: Set<string>): boolean {
  const words = [...readAsked(text).words];
  return words.length > 0 && words.filter((word) => final.has(word)).length >= carriedOn * words.length;
}

/** What it said, and to whom it handed over; null where it used a tool of its own or said much. */
function readTurn(
  run: Run,
  { agent, steps }: Turn,
  next: Turn | null,
  cast: Cast,
): { text: string; handed: boolean; targets: string[] } | null {
  let handed = false;
  const targets: string[] = next ? [next.agent] : [];
  let text = "";
  const handsOver = (name: string, input: unknown): boolean => {
    const target = handOffTarget(name) ?? (isHandOff(name) ? "" : null);
    if (target !== null) targets.push(target);
    return target !== null || cast.delegating.has(name) || (next !== null && namesNext(name, input, agent, next.agent));
  };
  for (const step of steps) {
    const name = step.tool ?? step.name;
    if (step.call !== "llm") {
      if (!handsOver(name, isHandOff(name) ? null : run.contents(step).input)) return null;
      handed = true;
      continue;
    }
    for (const { parts } of run.contents(step).said) {
      for (const part of parts) {
        if (part.type === "text") text += `${part.content}\n`;
        if (part.type !== "tool_call") continue;
        if (!handsOver(part.name, part.arguments)) return null;
        handed = true;
      }
    }
    if (text.length > longestRefusal) return null;
  }
  text = text.trim();
  if (text !== "" && next && routesTo(text, next.agent, cast)) return { text: "", handed: true, targets };
  return { text, handed, targets };
}

/** A tool that is named for the agent that has the work next, or is told nothing but its name. */
function namesNext(tool: string, input: unknown, own: string, next: string): boolean {
  const name = bareName(next);
  if (name.length < 3 || name === bareName(own)) return false;
  if (bareName(tool).endsWith(name)) return true;
  const text = typeof input === "string" ? input : jsonText(input ?? "");
  const fields = text.length > 4_000 ? null : asFields(parseLoose(text));
  return (
    fields !== null && Object.values(fields).some((value) => typeof value === "string" && bareName(value) === name)
  );
}

/** All it said is the name of the next one, alone or as the choice of a router. */
function routesTo(text: string, next: string, { names }: Cast): boolean {
  const name = bareName(next);
  if (!names.has(name) || name === "") return false;
  if (bareName(text) === name) return true;
  const fields = asFields(parseLoose(text));
  return (
    fields !== null && Object.values(fields).some((value) => typeof value === "string" && bareName(value) === name)
  );
}

/** All that it says is who is to do it. */
function announces(text: string, targets: readonly string[]): boolean {
  if (text.length > longestAnnouncement) return false;
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
