/** The model calls of a run and what each was sent, as far as it was recorded. */
import type { MessagePart } from "../message.js";
import type { Heard, Run, Step } from "../run.js";
import { isUnheard } from "../unheard-call.js";
import { readToolList, type ToolList } from "./tool-list.js";
import { headUnit, type Unit, unitsOf } from "./units.js";

/** What travels beside the messages. */
export type Head = {
  system: Unit | null;
  tools: Unit | null;
  toolList: ToolList | null;
};

export type Sent = {
  step: Step;
  /** the span that tells what it was sent: itself, or another one of the same call */
  teller: Step;
  head: Head;
};

/** One object for one text or message, so that what stands in several prompts is known again. */
export type Parts = { of(heard: Heard): Unit[]; sent(step: Step): Sent };

/** How far above a call another span of it may stand. */
const nearby = 4;

export function openParts(run: Run, byId: ReadonlyMap<string, Step>): Parts {
  const executions = indexExecutions(run);
  const callNames = new Map<string, string>();
  const units = new Map<number, Unit[]>();
  const heads = new Map<string, Unit>();
  const lists = new Map<string, { list: ToolList; unit: Unit }>();
  const listsByText: typeof lists = new Map();
  const tellers = findTellers(run, byId);

  function execution(part: MessagePart): { tool: string | null; span: Step | null } {
    if (part.type !== "tool_call_response") return { tool: null, span: null };
    const span = executions(part);
    return { tool: (part.id === null ? null : callNames.get(part.id)) ?? span?.tool ?? null, span };
  }
  const system = (text: string): Unit => {
    const known = heads.get(text) ?? headUnit("system", text);
    heads.set(text, known);
    return known;
  };
  const tools = (json: string) => {
    let known = lists.get(json);
    if (!known) {
      const list = readToolList(json);
      // Marks of the cache apart, the same definitions are the same unit.
      known = listsByText.get(list.text) ?? { list, unit: headUnit("tools", list.text) };
      listsByText.set(list.text, known);
      lists.set(json, known);
    }
    return known;
  };
  return {
    of(heard) {
      let known = units.get(heard.key);
      if (!known) {
        for (const part of heard.message.parts)
          if (part.type === "tool_call" && part.id !== null) callNames.set(part.id, part.name);
        known = unitsOf(heard, execution);
        units.set(heard.key, known);
      }
      return known;
    },
    sent(step) {
      const teller = tellers.get(step) ?? step;
      const { system: instructions, tool_definitions: definitions } = run.contents(teller);
      const list = definitions === null ? null : tools(definitions);
      return {
        step,
        teller,
        head: {
          system: instructions === null || instructions === "" ? null : system(instructions),
          tools: list?.unit ?? null,
          toolList: list?.list ?? null,
        },
      };
    },
  };
}

/** Two instrumentations may tell of one call, one of its tokens and the other of its messages. */
function findTellers(run: Run, byId: ReadonlyMap<string, Step>): Map<Step, Step> {
  const found = new Map<Step, Step>();
  for (const step of run.steps) {
    if (step.kind !== "llm") continue;
    let above = step.parent_span_id === null ? undefined : byId.get(step.parent_span_id);
    for (let i = 0; i < nearby && above; i++) {
      if (above.kind === "llm") {
        if (step.call === "llm" && above.call === null && isUnheard(run, step)) found.set(step, above);
        if (step.call === null && above.call === "llm" && isUnheard(run, above)) found.set(above, step);
        break;
      }
      above = above.parent_span_id === null ? undefined : byId.get(above.parent_span_id);
    }
  }
  return found;
}

/** Finds the execution that gave a result, by the call's id; without one by the result itself. */
function indexExecutions(run: Run): (part: MessagePart & { type: "tool_call_response" }) => Step | null {
  let byCall: Map<string, Step> | undefined;
  const byResult = new Map<string, Step>();
  return (part) => {
    if (!byCall) {
      byCall = new Map();
      for (const step of run.steps) {
        if (step.kind !== "tool") continue;
        const { tool_call_id: id, output } = run.contents(step);
        if (id !== null) byCall.set(id, step);
        if (output !== null && output !== "") byResult.set(output, step);
      }
    }
    const response = typeof part.response === "string" ? part.response : JSON.stringify(part.response);
    return (part.id === null ? undefined : byCall.get(part.id)) ?? byResult.get(response) ?? null;
  };
}
