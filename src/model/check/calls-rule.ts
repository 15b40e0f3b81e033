/** calls: how often something is called. */
import type { CheckDetail, RuleOf } from "../check.js";
import { count, plural } from "../format.js";
import { nameOf, type Phrase, phrase, recorded } from "../phrase.js";
import type { Step } from "../run.js";
import { nameMatches } from "./glob.js";
import type { CheckText } from "./json-schema.js";
import { sameText } from "./json-values.js";
import { modelNames, type RunCalls, type ToolCall } from "./run-calls.js";
import { detail, judge, type Outcome, outcome, passed, type Subject, unfinished, unseenCalls } from "./subject.js";

type Rule = RuleOf<"calls">;
type Selector = { tool?: string | undefined; model?: string | undefined; agent?: string | undefined };

export function selectTools({ tools }: RunCalls, { tool = "*", agent }: Selector): ToolCall[] {
  return tools().filter((call) => nameMatches(tool, call.name) && isBy(agent, call.agent));
}

/** `*` means language models; embeddings are calls of those who name their model. */
export function selectModels({ models }: RunCalls, { model = "*", agent }: Selector): Step[] {
  return models.filter(
    (step) =>
      isBy(agent, step.agent) &&
      (model === "*" ? step.call === "llm" : modelNames(step).some((name) => nameMatches(model, name))),
  );
}

export function selectAgents({ agents }: RunCalls, { agent = "*" }: Selector): Step[] {
  return agents.filter((step) => nameMatches(agent, step.agent ?? step.name));
}

const isBy = (wanted: string | undefined, agent: string | null) =>
  wanted === undefined || (agent !== null && nameMatches(wanted, agent));

/** What a selector stands for, in a sentence. */
function selected({ tool, model, agent }: Selector): Phrase {
  if (tool !== undefined || model !== undefined) {
    const by = agent === undefined ? phrase`` : phrase` by ${nameOf(agent)}`;
    if (tool !== undefined) return tool === "*" ? phrase`a tool${by}` : phrase`${nameOf(tool)}${by}`;
    return model === "*" ? phrase`a model${by}` : phrase`${nameOf(model as string)}${by}`;
  }
  return agent === undefined || agent === "*" ? phrase`an agent` : phrase`${nameOf(agent)}`;
}

export function checkCalls(rule: Rule, subject: Subject, matches: CheckText | null): Outcome {
  if (rule.same_arguments) return checkSameArguments(rule, subject, matches);
  const certain: (ToolCall | Step)[] = [];
  const possible: (ToolCall | Step)[] = [];
  for (const run of subject.runs) {
    if (rule.tool !== undefined) {
      const { sure, unsure } = byArguments(selectTools(run, rule), matches);
      certain.push(...sure);
      possible.push(...unsure);
    } else certain.push(...(rule.model !== undefined ? selectModels(run, rule) : selectAgents(run, rule)));
  }
  const doubts = rule.tool === undefined ? [] : unseenCalls(subject);
  const told = phrase`${selected(rule)} was called ${times(certain.length)}${matches ? " with such arguments" : ""}`;
  if (rule.max !== undefined) {
    if (certain.length > rule.max)
      return outcome("failed", [detail(phrase`${told}, at most ${times(rule.max)} allowed`, ...certain.slice(0, 10))]);
    if (certain.length + possible.length > rule.max) doubts.push(unknownArguments(possible));
  }
  if (rule.min !== undefined && certain.length < rule.min) {
    if (possible.length > 0) doubts.push(unknownArguments(possible));
    const all = [...doubts, ...unfinished(subject)];
    return all.length > 0
      ? outcome("cannot_tell", all)
      : outcome("failed", [detail(phrase`${told}, at least ${times(rule.min)} expected`, ...certain)]);
  }
  // what happens later cannot undo that it was called often enough
  if (rule.max === undefined) return passed;
  return judge({ failures: [], doubts, applied: 1 }, subject);
}

function times(n: number): string {
  return n === 0 ? "0 times" : n === 1 ? "once" : `${count(n)} times`;
}

function byArguments(calls: ToolCall[], matches: CheckText | null): { sure: ToolCall[]; unsure: ToolCall[] } {
  if (matches === null) return { sure: calls, unsure: [] };
  const sure: ToolCall[] = [];
  const unsure: ToolCall[] = [];
  for (const call of calls) {
    const given = call.arguments();
    const verdict = given === null ? { unknown: phrase`` } : matches(given);
    if (verdict === null) sure.push(call);
    else if ("unknown" in verdict) unsure.push(call);
  }
  return { sure, unsure };
}

function unknownArguments(calls: (ToolCall | Step)[]): CheckDetail {
  return detail(phrase`the arguments of ${plural(calls.length, "call")} are not known`, ...calls.slice(0, 5));
}

function checkSameArguments(rule: Rule, subject: Subject, matches: CheckText | null): Outcome {
  const max = rule.max as number;
  const groups = new Map<string, ToolCall[]>();
  const unknown = new Map<string, ToolCall[]>();
  for (const run of subject.runs) {
    const { sure, unsure } = byArguments(selectTools(run, rule), matches);
    for (const call of [...sure, ...unsure]) {
      const given = call.arguments();
      const into = given === null ? unknown : groups;
      const key = given === null ? call.name : `${call.name}\n${sameText(given)}`;
      const group = into.get(key);
      if (group) group.push(call);
      else into.set(key, [call]);
    }
  }
  const failures = [...groups.values()]
    .filter((calls) => calls.length > max)
    .sort((a, b) => b.length - a.length)
    .map((calls) => {
      const [first] = calls as [ToolCall];
      const given = first.arguments() ?? "";
      const shown = given.length > 2000 ? phrase`arguments of ${count(given.length)} characters` : recorded(given);
      return detail(
        phrase`${nameOf(first.name)} was called ${times(calls.length)} with ${shown}, at most ${times(max)} allowed`,
        ...calls.slice(0, 10),
      );
    });
  const doubts = [...unknown.values()].filter((calls) => calls.length > max).map(unknownArguments);
  return judge({ failures, doubts: [...doubts, ...unseenCalls(subject)], applied: 1 }, subject);
}
