/** The calls of a run as rules see them: of tools, whether they left spans or only messages, of models, of agents. */
import type { Finding } from "../diagnosis.js";
import type { MessagePart } from "../message.js";
import { jsonText } from "../read-part.js";
import type { Run, Step } from "../run.js";

export type ToolCall = {
  name: string;
  agent: string | null;
  /** the tool's span; for a call that left none, that of the model which asked for it */
  step: Step;
  /** it left a span */
  recorded: boolean;
  start_us: number;
  /** null = it has not ended, or nobody knows when */
  end_us: number | null;
  failed: boolean;
  /** as text; null = not recorded */
  arguments(): string | null;
  result(): string | null;
};

/** Functions, because messages are read only for the rules that ask. */
export type RunCalls = {
  run: Run;
  /** in start order */
  tools(): ToolCall[];
  /** calls of language models, and of embeddings */
  models: Step[];
  agents: Step[];
  /** model calls whose answers were not recorded, where tools leave no spans: any of them may have asked for one */
  unseen(): Step[];
  /** of a diagnosis of the run */
  findings(): Finding[];
};

type Requested = { name: string; arguments: unknown; step: Step };
type Returned = { response: unknown; step: Step };

export function callsOf(run: Run, findings: () => Finding[]): RunCalls {
  const tools = run.steps.filter((step) => step.call === "tool");
  const models = run.steps.filter((step) => step.call === "llm" || step.call === "embedding");
  const byId = new Map(run.steps.map((step) => [step.span_id, step]));
  const agents = run.steps.filter((step) => {
    if (step.kind !== "agent") return false;
    const above = step.parent_span_id === null ? undefined : byId.get(step.parent_span_id);
    // two instrumentations, or a framework's layers, tell of one agent
    return above === undefined || above.kind !== "agent" || above.agent !== step.agent || above === step;
  });

  const messages = once(() => readMessages(run, models));
  return {
    run,
    tools: once(() =>
      [...tools.map((step) => recordedCall(run, step, messages)), ...requestedCalls(tools, messages())].sort(
        (a, b) => a.start_us - b.start_us,
      ),
    ),
    models,
    agents,
    findings: once(findings),
    unseen: once(() =>
      tools.length > 0
        ? []
        : models.filter((step) => step.call === "llm" && step.status === "ok" && run.contents(step).said.length === 0),
    ),
  };
}

type Messages = ReturnType<typeof readMessages>;

/** What its span does not hold is looked for in the messages around it. */
function recordedCall(run: Run, step: Step, messages: () => Messages): ToolCall {
  return {
    name: toolName(step),
    agent: step.agent,
    step,
    recorded: true,
    start_us: step.start_us,
    end_us: step.end_us,
    failed: step.status === "error",
    arguments: once(() => {
      const { input, tool_call_id } = run.contents(step);
      if (input !== null || tool_call_id === null) return input;
      const asked = messages().requested.get(tool_call_id);
      return asked === undefined ? null : jsonText(asked.arguments);
    }),
    result: once(() => {
      const { output, tool_call_id } = run.contents(step);
      if (output !== null || tool_call_id === null) return output;
      const returned = messages().returned.get(tool_call_id);
      return returned === undefined ? null : jsonText(returned.response);
    }),
  };
}

/** Calls that models asked for and that left no span. */
function requestedCalls(tools: readonly Step[], { requested, returned }: Messages): ToolCall[] {
  const spanned = new Set(tools.map(toolName));
  const calls: ToolCall[] = [];
  for (const [id, { name, arguments: given, step }] of requested) {
    const answer = returned.get(id);
    // where other tools leave spans, one that leaves none and answers nothing was not run
    if (spanned.has(name) || (tools.length > 0 && answer === undefined)) continue;
    calls.push({
      name,
      agent: step.agent,
      step,
      recorded: false,
      start_us: step.end_us ?? step.start_us,
      end_us: answer === undefined || answer.step === step ? null : answer.step.start_us,
      failed: false,
      arguments: () => (given === null ? null : jsonText(given)),
      result: () => (answer === undefined ? null : jsonText(answer.response)),
    });
  }
  return calls;
}

export function toolName(step: Step): string {
  return step.tool ?? step.name;
}

/** The response's model where known, and the requested one. */
export function modelNames(step: Step): string[] {
  return [step.response_model, step.request_model].filter((name) => name !== null);
}

function readMessages(run: Run, models: readonly Step[]) {
  const requested = new Map<string, Requested>();
  const returned = new Map<string, Returned>();
  const note = (part: MessagePart, step: Step, fallback: string) => {
    if (part.type === "tool_call") {
      const id = part.id ?? fallback;
      if (!requested.has(id)) requested.set(id, { name: part.name, arguments: part.arguments, step });
    } else if (part.type === "tool_call_response" && part.id !== null && !returned.has(part.id))
      returned.set(part.id, { response: part.response, step });
  };
  for (const step of models) {
    for (const { message } of run.conversation(step).added)
      for (const part of message.parts) if (part.type === "tool_call_response") note(part, step, "");
    for (const [index, part] of run
      .contents(step)
      .said.flatMap(({ parts }) => parts)
      .entries())
      note(part, step, `${step.span_id}:${index}`);
  }
  return { requested, returned };
}

function once<V>(make: () => V): () => V {
  let made: { value: V } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
