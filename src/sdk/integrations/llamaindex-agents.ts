/** Agents of @llamaindex/workflow: each turn of an agent is a span inside of the workflow's run. */
import { SpanKind, trace } from "@opentelemetry/api";
import { asFields } from "../../model/read-part.js";
import { type CallAttributes, type CallSpan, startCall } from "./call-span.js";
import { quietly } from "./guard.js";
import { readMessage, readMessages, userMessage } from "./llamaindex-messages.js";
import { patchModel } from "./llamaindex-models.js";
import { patchTools } from "./llamaindex-tools.js";
import { before, type Foreign, found, isActive, type Undo } from "./llamaindex-trace.js";
import { activeRun, type Run, type WorkflowKind, watchWorkflow } from "./llamaindex-workflows.js";
import { replaceMethod } from "./replace-method.js";

/** `owner` is an `AgentWorkflow` or its prototype. */
export function patchAgentWorkflow(owner: object): Undo[] {
  return found(
    ...["runStream", "createContext"].map((name) =>
      before(owner, name, (self) => {
        watchWorkflow(self.workflow, agentWorkflow);
        // agents need no class of the library
        for (const agent of self.getAgents()) patchAgent(agent);
      }),
    ),
  );
}

const agentWorkflow: WorkflowKind = {
  name: "AgentWorkflow",
  input(data) {
    const { userInput, chatHistory } = asFields(data) ?? {};
    const messages = readMessages(chatHistory);
    if (userInput !== undefined) messages.push(userMessage(userInput));
    return { "gen_ai.input.messages": messages };
  },
  output: (data) => outputOf(asFields(data)?.message),
};

type Turn = { name: string; call: CallSpan; answer: unknown };
const turns = new WeakMap<Run, Turn>();

/** `owner` is an agent or the prototype of a class of agents. */
export function patchAgent(owner: object): Undo[] {
  return found(
    replaceMethod(owner, "takeStep", (original) => {
      return function (this: Foreign, ...args) {
        const take = () => original.apply(this, args);
        const run = isActive() ? activeRun() : undefined;
        const turn = run && quietly("an agent's turn was not recorded", () => turnOf(run, this, args));
        if (!turn) return take();
        const taken = turn.call.within(take);
        // what the agent said last is its answer; a failure is the run's, which it ends
        return taken instanceof Promise
          ? taken.then((output) => {
              turn.answer = output?.response;
              return output;
            })
          : taken;
      };
    }),
  );
}

/** An agent's turn lasts until another agent of the workflow takes over, or until the run is over. */
function turnOf(run: Run, agent: Foreign, [, , input, tools]: Foreign[]): Turn {
  patchModel(agent.llm);
  patchTools(tools);
  const current = turns.get(run);
  if (current && current.name === agent.name && !current.call.ended) return current;
  if (current) current.call.end(() => outputOf(current.answer));

  const call = startCall({
    name: `invoke_agent ${agent.name}`,
    kind: SpanKind.INTERNAL,
    attributes: () => ({
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": agent.name,
      "gen_ai.agent.description": agent.description,
      "gen_ai.request.model": agent.llm.metadata?.model,
      "gen_ai.input.messages": readMessages(input),
    }),
    parent: trace.setSpan(run.inside, run.call.span),
  });
  const turn = { name: agent.name, call, answer: undefined };
  turns.set(run, turn);
  run.inside = trace.setSpan(run.inside, call.span);
  run.onEnd = (failure) => {
    if (failure) turn.call.fail(failure.error);
    else turn.call.end(() => outputOf(turn.answer));
  };
  return turn;
}

function outputOf(message: unknown): CallAttributes {
  if (!asFields(message)) return {};
  return { "gen_ai.output.messages": [readMessage(message)] };
}
