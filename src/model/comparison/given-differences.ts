/** Differences in what models were given: instructions, tools, model, settings; each told once for all its calls. */
import type { GivenDifference } from "../comparison.js";
import { plural } from "../format.js";
import { joinPhrases, nameOf, type Phrase, phrase } from "../phrase.js";
import { asFields, firstString, jsonText, parseLoose } from "../read-part.js";
import { type ComparedRun, type ComparedStep, type Given, givenTo } from "./run-steps.js";
import { textDifference } from "./text-difference.js";

const mostIds = 20;
const mostTools = 5;

export type FoundDifference = GivenDifference & { isMinor: boolean };

/** `pairs`: model calls that stand for each other. */
export function givenDifferences(
  a: ComparedRun,
  b: ComparedRun,
  pairs: readonly [ComparedStep, ComparedStep][],
  show: (text: string) => string,
): FoundDifference[] {
  const found = new Map<string, FoundDifference>();
  const numbers = new Map<string, number>();
  const numberOf = (text: string | null) => {
    const key = text ?? "\0";
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  };
  for (const [inA, inB] of pairs) {
    const [ofA, ofB] = [givenTo(a, inA.step), givenTo(b, inB.step)];
    for (const what of ["model", "system", "tools", "parameters"] as const) {
      if (ofA[what] === ofB[what]) continue;
      const { agent } = inB.step;
      const key = `${what} ${numberOf(agent)} ${numberOf(ofA[what])} ${numberOf(ofB[what])}`;
      let known = found.get(key);
      if (!known) {
        const told = difference(what, ofA, ofB, show);
        if (told === null) continue;
        known = { what, agent, ...told, a: [], b: [] };
        found.set(key, known);
      }
      if (known.a.length < mostIds) known.a.push(inA.step.span_id);
      if (known.b.length < mostIds) known.b.push(inB.step.span_id);
    }
  }
  return [...found.values()];
}

function difference(
  what: keyof Given,
  a: Given,
  b: Given,
  show: (text: string) => string,
): { summary: Phrase; isMinor: boolean } | null {
  if (what === "model") {
    const name = (model: string | null) => (model === null ? "none recorded" : nameOf(model));
    return { summary: phrase`model ${name(a.model)} → ${name(b.model)}`, isMinor: false };
  }
  if (what === "tools") {
    const summary = toolsDifference(a.tools, b.tools);
    return summary && { summary, isMinor: false };
  }
  const shown = (text: string | null) => (text === null ? null : show(text));
  const found = textDifference(shown(a[what]), shown(b[what]));
  return (
    found && {
      summary: phrase`${what === "system" ? "instructions" : "settings"}: ${found.words}`,
      isMinor: found.isMinor,
    }
  );
}

/** null = the same tools, in whatever order and form. */
function toolsDifference(a: string | null, b: string | null): Phrase | null {
  if (a === null || b === null) return [`list of tools: not recorded in ${a === null ? "a" : "b"}`];
  const [inA, inB] = [toolsOf(a), toolsOf(b)];
  const names = (list: string[]) => {
    const told = joinPhrases(
      list.slice(0, mostTools).map((name) => [nameOf(name)]),
      ", ",
    );
    return list.length > mostTools ? phrase`${told} and ${list.length - mostTools} more` : told;
  };
  const onlyA = [...inA.keys()].filter((name) => !inB.has(name));
  const onlyB = [...inB.keys()].filter((name) => !inA.has(name));
  const changed = [...inA].filter(([name, text]) => inB.has(name) && inB.get(name) !== text).map(([name]) => name);
  const parts = [
    ...(onlyB.length > 0 ? [phrase`b adds ${names(onlyB)}`] : []),
    ...(onlyA.length > 0 ? [phrase`b lacks ${names(onlyA)}`] : []),
    ...(changed.length > 0 ? [phrase`${plural(changed.length, "definition")} changed: ${names(changed)}`] : []),
  ];
  return parts.length === 0 ? null : phrase`list of tools: ${joinPhrases(parts, "; ")}`;
}

/** Definitions by name, in any provider's form, with their keys in one order. */
function toolsOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const add = (value: unknown, depth: number): void => {
    const parsed = parseLoose(value);
    if (Array.isArray(parsed)) {
      if (depth < 4) for (const each of parsed) add(each, depth + 1);
      return;
    }
    const fields = asFields(parsed);
    if (!fields) return;
    const inner = asFields(parseLoose(fields.function)) ?? asFields(fields.toolSpec) ?? fields;
    const many = fields.functionDeclarations ?? fields.function_declarations ?? fields.tools;
    if (Array.isArray(many)) add(many, depth + 1);
    else found.set(firstString(inner.name, fields.name, fields.type) ?? "(unnamed)", jsonText(inOrder(inner, 0)));
  };
  add(text, 0);
  return found;
}

function inOrder(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return depth > 20 ? value : value.map((each) => inOrder(each, depth + 1));
  const fields = asFields(value);
  if (!fields || depth > 20) return value;
  return Object.fromEntries(
    Object.keys(fields)
      .sort()
      .map((key) => [key, inOrder(fields[key], depth + 1)]),
  );
}
