/** What tools and retrievers were used in a run, who asked for it and who got the result: from spans and from messages. Pure. */
import type { MessagePart } from "./message.js";
import { perRun } from "./per-run.js";
import { jsonText } from "./read-part.js";
import { failureIn } from "./result-text.js";
import type { Run, Step } from "./run.js";
import { findAbove, type RunTree, treeOf } from "./run-tree.js";

export type ToolUse = {
  name: string;
  /** its span; null where only messages tell of it */
  step: Step | null;
  /** the span that shows its result: its own, else that of the call that was sent it */
  shownBy: Step;
  /** the model call that asked for it; null = a program did, or it is not recorded */
  asked: Step | null;
  /** the first model call that was sent its result */
  heardBy: Step | null;
  start_us: number;
  end_us: number;
  /** null = not recorded */
  input: string | null;
  output: string | null;
  /** what went wrong, by its span's status or by what its result says */
  failure: { error_type: string | null; error_message: string | null } | null;
};

type Call = { asked: Step; id: string | null; name: string; input: string; used: boolean };
type Answer = { heardBy: Step; id: string | null; output: string };

/** In the order of their starts. */
export const toolUses = perRun((run): readonly ToolUse[] => {
  const tree = treeOf(run);
  const { calls, answers } = conversations(run);
  const byId = new Map<string, Call>();
  const byName = new Map<string, Call[]>();
  for (const call of calls) {
    if (call.id !== null && !byId.has(call.id)) byId.set(call.id, call);
    const named = byName.get(call.name);
    if (named) named.push(call);
    else byName.set(call.name, [call]);
  }
  const answerTo = new Map<string, Answer>();
  for (const answer of answers) if (answer.id !== null && !answerTo.has(answer.id)) answerTo.set(answer.id, answer);

  const uses = run.steps
    .filter((step) => isUse(tree, step))
    .map((step): ToolUse => {
      const contents = run.contents(step);
      const name = step.tool ?? step.name;
      const id = contents.tool_call_id;
      const call = (id === null ? undefined : byId.get(id)) ?? firstUnused(byName.get(name), step, contents.input);
      if (call) call.used = true;
      const answer = answerTo.get(id ?? call?.id ?? "");
      const output = contents.output ?? answer?.output ?? null;
      const input = contents.input ?? call?.input ?? null;
      return {
        name,
        step,
        shownBy: contents.output === null && answer ? answer.heardBy : step,
        asked: call?.asked ?? null,
        heardBy: answer?.heardBy ?? null,
        start_us: step.start_us,
        end_us: step.end_us ?? step.start_us,
        input,
        output,
        failure: step.status === "error" ? step : step.kind === "tool" ? failureOf(name, output, input) : null,
      };
    });
  for (const call of calls) {
    const answer = call.used || call.id === null ? undefined : answerTo.get(call.id);
    if (!answer) continue;
    const { asked, name, input } = call;
    const { heardBy, output } = answer;
    const start_us = asked.end_us ?? asked.start_us;
    const end_us = Math.max(start_us, heardBy.start_us);
    const failure = failureOf(name, output, input);
    uses.push({ name, step: null, shownBy: heardBy, asked, heardBy, start_us, end_us, input, output, failure });
  }
  return uses.sort((a, b) => a.start_us - b.start_us);
});

function failureOf(name: string, output: string | null, input: string | null): ToolUse["failure"] {
  const failure = output === null ? null : failureIn(name, output, input);
  return failure && { error_type: failure.type, error_message: failure.message };
}

/** Spans that repeat another one's call are none: a retriever within a retriever or a tool. */
function isUse(tree: RunTree, step: Step): boolean {
  if (step.kind === "tool") return step.call === "tool";
  if (step.kind !== "retriever") return false;
  const above = findAbove(tree, step, ({ kind }) => kind !== "other" && kind !== "workflow");
  return above?.kind !== "retriever" && above?.kind !== "tool";
}

/** Calls of one tool that may wait for their spans at once. */
const mostWaiting = 100;

function firstUnused(calls: Call[] | undefined, step: Step, input: string | null): Call | undefined {
  while (calls?.[0]?.used) calls.shift();
  const open = calls?.slice(0, mostWaiting).filter((call) => !call.used && call.asked.start_us <= step.start_us) ?? [];
  return open.find((call) => call.input === input) ?? open[0];
}

/** What models asked for in this run, and the results that calls were sent for the first time. */
function conversations(run: Run): { calls: Call[]; answers: Answer[] } {
  const calls: Call[] = [];
  const answers: Answer[] = [];
  const asked = new Set<string>();
  for (const step of run.steps) {
    if (step.kind !== "llm") continue;
    for (const { message } of run.conversation(step).added)
      for (const part of message.parts)
        if (part.type === "tool_call_response")
          answers.push({ heardBy: step, id: part.id, output: jsonText(part.response ?? "") });
    for (const part of callsIn(run, step)) {
      if (part.id !== null && asked.has(part.id)) continue;
      if (part.id !== null) asked.add(part.id);
      calls.push({ asked: step, id: part.id, name: part.name, input: jsonText(part.arguments ?? ""), used: false });
    }
  }
  return { calls, answers };
}

/** Hand-overs run no tool, and have no result. */
export function isHandOver(name: string): boolean {
  return /^(?:transfer_?(?:to|back)|hand_?(?:off|over)|delegate_?to|route_?to)/i.test(name);
}

type ToolCallPart = Extract<MessagePart, { type: "tool_call" }>;

export function callsIn(run: Run, step: Step): ToolCallPart[] {
  return run.contents(step).said.flatMap(({ parts }) => parts.filter((part) => part.type === "tool_call"));
}
