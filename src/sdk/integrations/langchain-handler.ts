/** The callback handler that records LangChain: starts and ends a span for each run that is worth one. */
import { SpanKind } from "@opentelemetry/api";
import type { CallAttributes } from "./call-span.js";
import { type Fields, fieldsOf } from "./fields.js";
import { quietly } from "./guard.js";
import {
  agentNameOf,
  graphAround,
  inheritedOf,
  isHandOff,
  isModelRequest,
  isSubgraph,
  readChain,
  serializedName,
} from "./langchain-chain.js";
import { type Message, readMessages } from "./langchain-messages.js";
import { hasTools, type ModelStart, modelName, requestAttributes, responseAttributes } from "./langchain-model.js";
import {
  addChunk,
  beginRun,
  cancelledAnswer,
  closeRun,
  currentRun,
  isBrokenOff,
  openRun,
  partialAnswer,
  type Run,
} from "./langchain-runs.js";
import { documentAttributes, inputAttributes, outputAttributes, toolResult } from "./langchain-values.js";

/**
 * What `@langchain/core` takes for a handler. `awaitHandlers`: it is called right when something happens, not from the
 * queue that `LANGCHAIN_CALLBACKS_BACKGROUND` stands for. All methods return at once and never throw: LangChain would
 * print that.
 */
export const handler = quiet({
  handleChatModelStart(llm: unknown, messages: unknown, id: string, parentId: unknown, extra: unknown, ...more: Rest) {
    const input = Array.isArray(messages) ? messages.flat() : [];
    beginModel(
      "chat",
      { serialized: llm, extra, metadata: fieldsOf(more[1]) },
      () => readMessages(input),
      id,
      parentId,
      more,
    );
  },
  handleLLMStart(llm: unknown, prompts: unknown, id: string, parentId: unknown, extra: unknown, ...more: Rest) {
    const input = Array.isArray(prompts) ? prompts : [];
    const start = { serialized: llm, extra, metadata: fieldsOf(more[1]) };
    beginModel("text_completion", start, () => readMessages(input), id, parentId, more);
  },
  handleLLMNewToken(token: unknown, _index: unknown, id: string) {
    const run = openRun(id);
    if (run && !run.isFollowed) addChunk(run, token);
  },
  handleChatModelStreamEvent(_event: unknown, id: string) {
    const run = openRun(id);
    if (run && !run.isFollowed) addChunk(run, undefined);
  },
  handleLLMEnd(result: unknown, id: string) {
    closeRun(id, ({ call }) => call.end(() => responseAttributes(result)));
  },
  handleLLMError(error: unknown, id: string) {
    closeRun(id, (run) => fail(run, error, () => ({ ...partialAnswer(run), ...statusCode(error) })));
  },

  handleChainStart(chain: unknown, inputs: unknown, id: string, parentId: unknown, tags: unknown, ...more: Rest) {
    const [meta, runType, runName, extra] = more;
    const parent = parentOf(parentId);
    const metadata = fieldsOf(meta);
    const found = readChain({ serialized: chain, runName, runType, tags, metadata }, parent);
    // a stream's input is known at its end
    const isDeferred = fieldsOf(extra).lc_defers_inputs === true;
    const input = () => (isDeferred || found.kind === "node" ? {} : inputAttributes(inputs));
    const run = beginRun({
      id,
      parent,
      kind: found.kind,
      name: found.name,
      shown: found.shown,
      spanName: `invoke_workflow ${found.name}`,
      spanKind: SpanKind.INTERNAL,
      inherited: inheritedOf(metadata),
      ...sessionOf(metadata),
      attributes: () => ({
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": found.name,
        ...userOf(metadata),
        ...input(),
      }),
      owner: meta,
    });
    if (found.shown === "taken" && parent) {
      parent.isTaken = true;
      run.call?.set(input);
    }
    if (found.agent !== undefined) becomeAgent(run, found.agent);
    const graph = isModelRequest(found) ? graphAround(run) : undefined;
    if (graph) becomeAgent(graph, agentNameOf(graph));
  },
  handleChainEnd(outputs: unknown, id: string, _parentId: unknown, _tags: unknown, kwargs: unknown) {
    const run = openRun(id);
    if (run?.kind === "node" && run.callsModel && isHandOff(outputs)) becomeAgent(run, run.name);
    const attributes = () => ({
      ...(fieldsOf(kwargs).inputs === undefined ? {} : inputAttributes(fieldsOf(kwargs).inputs)),
      ...outputAttributes(outputs),
    });
    if (run && !run.ownsCall) run.call?.set(attributes);
    closeRun(id, ({ call, isTaken }) => call.end(isTaken ? undefined : attributes));
  },
  handleChainError(error: unknown, id: string) {
    closeRun(id, (run) => fail(run, error));
  },

  handleToolStart(tool: unknown, input: unknown, id: string, parentId: unknown, _tags: unknown, ...more: Rest) {
    const [meta, runName, callId] = more;
    const name = typeof runName === "string" && runName !== "" ? runName : serializedName(tool);
    const metadata = fieldsOf(meta);
    const parent = parentOf(parentId);
    beginRun({
      id,
      parent,
      kind: "tool",
      name,
      shown: "own",
      spanName: `execute_tool ${name}`,
      spanKind: SpanKind.INTERNAL,
      inherited: inheritedOf(metadata),
      ...sessionOf(metadata),
      attributes: () => ({
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "gen_ai.tool.call.id": callId,
        "gen_ai.tool.call.arguments": input,
        ...userOf(metadata),
      }),
      owner: meta,
    });
    const graph = graphAround(parent);
    // a model that asks for tools and gets them run: that is an agent, by whatever means it was built
    if (graph?.asksForTools) becomeAgent(graph, agentNameOf(graph));
  },
  handleToolEnd(output: unknown, id: string) {
    closeRun(id, (run) => {
      const attributes = () => ({ "gen_ai.tool.call.result": toolResult(output) });
      if (fieldsOf(output).status === "error") fail(run, toolResult(output), attributes);
      else run.call.end(attributes);
    });
  },
  handleToolError(error: unknown, id: string) {
    closeRun(id, (run) => fail(run, error));
  },

  handleRetrieverStart(
    retriever: unknown,
    query: unknown,
    id: string,
    parentId: unknown,
    _tags: unknown,
    ...more: Rest
  ) {
    const [meta, runName] = more;
    const name = typeof runName === "string" && runName !== "" ? runName : serializedName(retriever);
    const metadata = fieldsOf(meta);
    beginRun({
      id,
      parent: parentOf(parentId),
      kind: "retriever",
      name,
      shown: "own",
      spanName: `retrieval ${name}`,
      spanKind: SpanKind.CLIENT,
      inherited: inheritedOf(metadata),
      ...sessionOf(metadata),
      attributes: () => ({
        "gen_ai.operation.name": "retrieval",
        "gen_ai.data_source.id": name,
        "gen_ai.retrieval.query.text": query,
        ...userOf(metadata),
      }),
      owner: meta,
    });
  },
  handleRetrieverEnd(documents: unknown, id: string) {
    closeRun(id, ({ call }) => call.end(() => documentAttributes(documents)));
  },
  handleRetrieverError(error: unknown, id: string) {
    closeRun(id, (run) => fail(run, error));
  },
});

type Rest = unknown[];

function beginModel(
  operation: string,
  start: ModelStart,
  input: () => Message[],
  id: string,
  parentId: unknown,
  [, meta]: Rest,
): void {
  const { metadata } = start;
  const parent = parentOf(parentId);
  const name = modelName(start) ?? serializedName(start.serialized);
  beginRun({
    id,
    parent,
    kind: "model",
    name,
    shown: "own",
    spanName: `${operation} ${name}`,
    spanKind: SpanKind.CLIENT,
    inherited: inheritedOf(metadata),
    ...sessionOf(metadata),
    attributes: () => ({
      "gen_ai.operation.name": operation,
      ...userOf(metadata),
      ...requestAttributes(start, input()),
    }),
    owner: meta,
  });
  for (let at = parent; at && (at.kind === "chain" || at.kind === "node"); at = at.parent) at.callsModel = true;
  const graph = graphAround(parent);
  if (!graph) return;
  if (isSubgraph(graph)) becomeAgent(graph, agentNameOf(graph));
  else if (hasTools(start)) graph.asksForTools = true;
}

function becomeAgent(run: Run, name: string | null): void {
  if (run.isAgent || !run.call) return;
  run.isAgent = true;
  run.call.set(() => ({ "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name }));
  run.call.span.updateName(name === null ? "invoke_agent" : `invoke_agent ${name}`);
}

/** Where LangChain does not hand the parent down, it is the run whose code called. */
function parentOf(parentId: unknown): Run | undefined {
  return openRun(parentId) ?? currentRun();
}

/** LangGraph interrupts a run and hands over to another by throwing. */
function fail(run: Parameters<Parameters<typeof closeRun>[1]>[0], error: unknown, read?: () => CallAttributes): void {
  if (fieldsOf(error).is_bubble_up === true) run.call.end(read);
  else if (isBrokenOff(run) && isAbort(error)) run.call.end(() => cancelledAnswer(run));
  else run.call.fail(error, read);
}

/** LangGraph's own is a plain error. */
function isAbort(error: unknown): boolean {
  const { name, message } = fieldsOf(error);
  return /Abort/.test(String(name)) || message === "Abort";
}

function statusCode(error: unknown): CallAttributes {
  const { status } = fieldsOf(error);
  return typeof status === "number" ? { "http.response.status_code": status } : {};
}

function sessionOf(metadata: Fields): { session: string | undefined } {
  const { session_id, sessionId, thread_id, threadId, conversation_id, conversationId } = metadata;
  return { session: firstText(session_id, sessionId, thread_id, threadId, conversation_id, conversationId) };
}

function userOf({ user_id, userId }: Fields): CallAttributes {
  return { "user.id": firstText(user_id, userId) };
}

function firstText(...values: unknown[]): string | undefined {
  const found = values.find((value) => (typeof value === "string" && value !== "") || typeof value === "number");
  return found === undefined ? undefined : String(found);
}

// biome-ignore lint/suspicious/noExplicitAny: the arguments that LangChain calls with
type Callbacks = Record<string, (...args: any[]) => void>;

function quiet(callbacks: Callbacks): Record<string, unknown> {
  const methods = Object.entries(callbacks).map(([name, method]) => [
    name,
    (...args: unknown[]) => quietly(`LangChain's ${name} was not recorded`, () => method(...args)),
  ]);
  return {
    name: "agensight",
    awaitHandlers: true,
    raiseError: false,
    ignoreLLM: false,
    ignoreChain: false,
    ignoreAgent: false,
    ignoreRetriever: false,
    ignoreCustomEvent: true,
    lc_serializable: false,
    copy(this: unknown) {
      return this;
    },
    toJSON: () => ({ name: "agensight" }),
    ...Object.fromEntries(methods),
  };
}
