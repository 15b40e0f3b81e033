/** A run's steps as a comparison sees them: in reading order, each with what it is and what it said. */
import type { Message } from "../message.js";
import { promptText } from "../prompt-text.js";
import type { Run, Step } from "../run.js";
import { modelOf } from "../step-phrase.js";
import { buildTree, type TreeNode, walkTree } from "../tree.js";

/** Runs of more steps are aligned by what their steps are, not by what they said. */
const mostRead = 5000;

export type ComparedStep = {
  step: Step;
  /** kind and name: steps of which it differs are never the same */
  signature: string;
  /** signature of what it is part of */
  parent: string;
  /** µs it took without what it is made of; null while that is not known */
  own_us: number | null;
  /** arguments, or what a model answered; null = not recorded */
  input: string | null;
  output: string | null;
  /** whether a model asked for tools; null where it is no model's step, or its answer is not recorded */
  asks: boolean | null;
};

export type ComparedRun = { run: Run; steps: ComparedStep[]; isRead: boolean };

/** `show`: what recorded texts pass before parts of them are quoted. */
export function comparedRun(run: Run, show: (text: string) => string): ComparedRun {
  const isRead = run.steps.length <= mostRead;
  const steps: ComparedStep[] = [];
  for (const node of walkTree(buildTree(run.steps))) {
    const step = node.span;
    // two recordings of one call are one step
    if ((step.kind === "llm" || step.kind === "embedding" || step.kind === "tool") && step.call === null) continue;
    const messages = isRead && step.kind === "llm" ? run.contents(step).said : [];
    const said = saidText(messages);
    const contents = isRead && step.kind !== "llm" && step.kind !== "agent" ? run.contents(step) : null;
    const shown = (text: string | null | undefined) => (text == null ? null : show(text));
    steps.push({
      step,
      signature: signatureOf(step),
      parent: node.parent ? signatureOf(node.parent.span) : "",
      own_us: ownTime(node),
      input: shown(contents?.input),
      output: shown(said ?? contents?.output),
      asks: said === null ? null : messages.some(({ parts }) => parts.some(({ type }) => type === "tool_call")),
    });
  }
  return { run, steps, isRead };
}

/** Models may differ where the step is the same; numbers in names are ids. */
function signatureOf(step: Step): string {
  const name =
    step.kind === "tool" ? (step.tool ?? step.name) : step.kind === "agent" ? (step.agent ?? step.name) : step.name;
  return step.kind === "llm" || step.kind === "embedding"
    ? step.kind
    : `${step.kind} ${name.slice(0, 200).replace(/\d+/g, "#")}`;
}

function ownTime({ span, children }: TreeNode<Step>): number | null {
  if (span.end_us === null) return null;
  let covered = 0;
  let until = span.start_us;
  for (const { span: child } of children) {
    if (child.end_us === null) return null;
    const from = Math.max(until, child.start_us);
    const to = Math.min(span.end_us, child.end_us);
    if (to > from) covered += to - from;
    until = Math.max(until, to);
  }
  return Math.max(0, span.end_us - span.start_us - covered);
}

/** Without the ids of calls, which differ in every run. */
function saidText(messages: Message[]): string | null {
  if (messages.length === 0) return null;
  const parts = messages.flatMap((message) => message.parts);
  return parts
    .map((part) => {
      if (part.type === "tool_call") return `calls ${part.name} ${JSON.stringify(part.arguments)}`;
      if (part.type === "tool_call_response") return JSON.stringify(part.response);
      return part.type === "media" ? part.summary : part.content;
    })
    .join("\n");
}

/** What a model call was given beside its conversation. */
export type Given = { system: string | null; tools: string | null; model: string | null; parameters: string };

export function givenTo({ run, isRead }: ComparedRun, step: Step): Given {
  if (!isRead) return { system: null, tools: null, model: modelOf(step), parameters: "{}" };
  const { system, tool_definitions, parameters } = run.contents(step);
  const ordered = Object.fromEntries(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    system: promptText(system, opening(run, step)),
    tools: tool_definitions,
    model: modelOf(step),
    parameters: JSON.stringify(ordered),
  };
}

function opening(run: Run, step: Step): Message | undefined {
  const seen = new Set<Step>();
  let first = step;
  for (let before = run.conversation(first).continues; before && !seen.has(before); ) {
    seen.add(before);
    first = before;
    before = run.conversation(first).continues;
  }
  return run.conversation(first).added[0]?.message;
}
