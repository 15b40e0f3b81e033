import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { BaseRetriever } from "@langchain/core/retrievers";
import { RunnableLambda, RunnableSequence } from "@langchain/core/runnables";
import { StructuredTool, tool } from "@langchain/core/tools";
import { Command, END, interrupt, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { createAgent, createMiddleware } from "langchain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { SpanDetail } from "../../../src/store/reader.js";
import { built, type Recording, startRecording } from "./recorded.js";

const { instrumentLangChain } = await built<typeof import("../../../src/sdk/integrations.js")>("sdk/integrations.js");
const { startSpan } = await built<typeof import("../../../src/index.js")>("index.js");

let recording: Recording;
let undo: () => void;
beforeAll(() => {
  recording = startRecording();
  undo = instrumentLangChain();
});
afterAll(async () => {
  undo();
  await recording.stop();
});

/** Answers with one after the other. */
class Scripted extends BaseChatModel {
  private answers: BaseMessage[];
  constructor(answers: BaseMessage[]) {
    super({});
    this.answers = [...answers];
  }
  _llmType() {
    return "scripted";
  }
  override bindTools(tools: unknown[]) {
    return this.withConfig({ tools } as object);
  }
  override invocationParams(options?: object) {
    return { model: "scripted-1", ...options };
  }
  async _generate() {
    return startSpan("request", async () => {
      await new Promise(setImmediate);
      const message = this.answers.shift() ?? new AIMessage("done");
      return { generations: [{ text: message.text, message }] };
    });
  }
}

const says = (text: string) => new Scripted([new AIMessage(text)]);
const calls = (name: string, args: object = {}) =>
  new AIMessage({ content: "", tool_calls: [{ id: `call_${name}`, name, args, type: "tool_call" }] });
const hello = { messages: [{ role: "user", content: "Hello" }] };
const double = tool(({ n }) => startSpan("arithmetic", () => String(n * 2)), {
  name: "double",
  description: "Doubles",
  schema: z.object({ n: z.number() }),
});

/** A line for each span, indented under its parent. */
function tree(spans: SpanDetail[]): string[] {
  const ids = new Set(spans.map((span) => span.span_id));
  const below = (parent: string | null, indent: string): string[] =>
    spans
      .filter((span) => (parent === null ? !ids.has(span.parent_span_id ?? "") : span.parent_span_id === parent))
      .flatMap((span) => [
        `${indent}${span.name}${span.status === "ok" ? "" : ` ${span.status}`}`,
        ...below(span.span_id, `${indent}  `),
      ]);
  return below(null, "");
}

describe("An agent", () => {
  test("is an agent, with its model calls and tools, and without LangGraph's machinery", async () => {
    const agent = createAgent({
      name: "mathematician",
      model: new Scripted([calls("double", { n: 2 }), new AIMessage("four")]),
      tools: [double],
      systemPrompt: "Compute.",
    });
    const spans = await recording.of(() =>
      agent.invoke(hello, { configurable: { thread_id: "t-1" }, metadata: { user_id: "ada" } }),
    );
    expect(tree(spans)).toEqual([
      "invoke_agent mathematician",
      "  chat scripted-1",
      "    request",
      "  execute_tool double",
      "    arithmetic",
      "  chat scripted-1",
      "    request",
    ]);
    const [root, chat, , executed] = spans;
    expect(root).toMatchObject({ kind: "agent", agent: "mathematician", session_id: "t-1", user_id: "ada" });
    expect(root?.attributes).toMatchObject({ "gen_ai.conversation.id": "t-1", "session.id": "t-1" });
    expect(JSON.parse(String(root?.attributes["gen_ai.input.messages"]))).toEqual([
      { role: "user", parts: [{ type: "text", content: "Hello" }] },
    ]);
    expect(JSON.parse(String(root?.attributes["gen_ai.output.messages"]))).toEqual([
      { role: "assistant", parts: [{ type: "text", content: "four" }] },
    ]);
    expect(chat).toMatchObject({ kind: "llm", agent: "mathematician", session_id: "t-1" });
    expect(executed).toMatchObject({
      kind: "tool",
      tool: "double",
      agent: "mathematician",
      tool_call_id: "call_double",
    });
    expect(executed?.attributes).toMatchObject({
      "gen_ai.tool.call.arguments": '{"n":2}',
      "gen_ai.tool.call.result": "4",
    });
    expect(new Set(spans.map((span) => span.session_id))).toEqual(new Set(["t-1"]));
  });

  test("without a name is one all the same", async () => {
    const [root] = await recording.of(() => createAgent({ model: says("Hi"), tools: [] }).invoke(hello));
    expect(root).toMatchObject({ name: "invoke_agent", kind: "agent" });
  });

  test("that asks another one through a tool has it below that tool", async () => {
    const expert = createAgent({ name: "expert", model: says("42"), tools: [] });
    const ask = tool(
      async ({ q }) => (await expert.invoke({ messages: [{ role: "user", content: q }] })).messages.at(-1)?.text,
      {
        name: "ask_expert",
        description: "Asks",
        schema: z.object({ q: z.string() }),
      },
    );
    const model = new Scripted([calls("ask_expert", { q: "?" }), new AIMessage("It is 42")]);
    const spans = await recording.of(() => createAgent({ name: "boss", model, tools: [ask] }).invoke(hello));
    expect(tree(spans).filter((line) => !line.endsWith("request"))).toEqual([
      "invoke_agent boss",
      "  chat scripted-1",
      "  execute_tool ask_expert",
      "    invoke_agent expert",
      "      chat scripted-1",
      "  chat scripted-1",
    ]);
    expect(spans.filter((span) => span.agent === "expert").map((span) => span.kind)).toContain("llm");
  });

  test("keeps the steps of middleware", async () => {
    const log = createMiddleware({ name: "Log", beforeModel: () => undefined });
    const spans = await recording.of(() =>
      createAgent({ name: "a", model: says("Hi"), tools: [], middleware: [log] }).invoke(hello),
    );
    expect(tree(spans)).toEqual([
      "invoke_agent a",
      "  invoke_workflow Log.before_model",
      "  chat scripted-1",
      "    request",
    ]);
  });

  test("keeps no bytes of what a tool or a chain hands on", async () => {
    const data = Buffer.from("a picture, ".repeat(50)).toString("base64");
    const draw = tool(
      () =>
        [
          { type: "text", text: "See:" },
          { type: "image", mimeType: "image/png", data },
        ] as never,
      {
        name: "draw",
        description: "Draws",
        schema: z.object({}),
      },
    );
    const spans = await recording.of(async () => {
      await createAgent({ name: "painter", model: new Scripted([calls("draw")]), tools: [draw] }).invoke(hello);
      await RunnableLambda.from((x) => x).invoke({ picture: `data:image/png;base64,${data}` });
    });
    expect(JSON.stringify(spans)).not.toContain(data.slice(0, 40));
    const kept = JSON.parse(String(spans.find((span) => span.tool)?.attributes["gen_ai.tool.call.result"]));
    expect(kept).toMatchObject([{ type: "text" }, { type: "blob", mime_type: "image/png", size: 550 }]);
    expect(spans.at(-1)?.attributes["output.value"]).toContain('"size":550');
  });

  test("whose tool fails shows the failure where it was", async () => {
    const broken = tool(() => Promise.reject(new TypeError("no such town")), {
      name: "broken",
      description: "-",
      schema: z.object({}),
    });
    const agent = createAgent({ name: "a", model: new Scripted([calls("broken")]), tools: [broken] });
    const spans = await recording.of(() => agent.invoke(hello).catch(() => {}));
    const failed = spans.find((span) => span.kind === "tool");
    expect(failed).toMatchObject({ status: "error", error_message: "no such town", tool: "broken" });
    expect(failed?.attributes["error.type"]).toBe("TypeError");
  });
});

describe("Several agents in one graph", () => {
  const handOff = (to: string) =>
    tool(async () => new Command({ goto: to, graph: Command.PARENT, update: { messages: [] } }), {
      name: `transfer_to_${to}`,
      description: "Hands over",
      schema: z.object({}),
    });

  test("that hand over to each other are agents, and a hand-over is no error", async () => {
    const alice = createAgent({
      name: "alice",
      model: new Scripted([calls("transfer_to_bob")]),
      tools: [handOff("bob")],
    });
    const bob = createAgent({ name: "bob", model: says("Hi, Bob here"), tools: [] });
    const team = new StateGraph(MessagesAnnotation)
      .addNode("alice", alice.graph, { ends: ["bob"] })
      .addNode("bob", bob.graph)
      .addEdge(START, "alice")
      .compile({ name: "team" });
    const spans = await recording.of(() => team.invoke(hello));
    expect(tree(spans).filter((line) => !line.endsWith("request"))).toEqual([
      "invoke_workflow team",
      "  invoke_agent alice",
      "    chat scripted-1",
      "    execute_tool transfer_to_bob",
      "  invoke_agent bob",
      "    chat scripted-1",
    ]);
    expect(spans.map((span) => span.status)).not.toContain("error");
    expect(spans.filter((span) => span.kind === "agent").map((span) => span.agent)).toEqual(["alice", "bob"]);
  });

  test("that are nodes which ask a model where to go on are agents", async () => {
    const node = (goto: string) => async () =>
      new Command({ goto, update: { messages: [await says("go").invoke("?")] } });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("supervisor", node("writer"), { ends: ["writer"] })
      .addNode("writer", node(END), { ends: [END] })
      .addEdge(START, "supervisor")
      .compile();
    const spans = await recording.of(() => graph.invoke(hello));
    expect(tree(spans)).toEqual([
      "invoke_workflow LangGraph",
      "  invoke_agent supervisor",
      "    chat scripted-1",
      "      request",
      "  invoke_agent writer",
      "    chat scripted-1",
      "      request",
    ]);
  });

  test("that are sub-graphs of their own making are agents", async () => {
    const think = async () => ({ messages: [await says("hm").invoke("?")] });
    const researcher = new StateGraph(MessagesAnnotation).addNode("think", think).addEdge(START, "think").compile();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("researcher", researcher)
      .addEdge(START, "researcher")
      .compile({ name: "desk" });
    const spans = await recording.of(() => graph.invoke(hello));
    expect(tree(spans)).toEqual([
      "invoke_workflow desk",
      "  invoke_agent researcher",
      "    invoke_workflow think",
      "      chat scripted-1",
      "        request",
    ]);
  });

  test("that is a loop of model and tools by hand is an agent", async () => {
    const model = new Scripted([calls("double", { n: 1 }), new AIMessage("two")]).bindTools([double]);
    const loop = new StateGraph(MessagesAnnotation)
      .addNode("agent", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
      .addNode("tools", new ToolNode([double]))
      .addEdge(START, "agent")
      .addConditionalEdges("agent", ({ messages }) =>
        (messages.at(-1) as AIMessage).tool_calls?.length ? "tools" : END,
      )
      .addEdge("tools", "agent")
      .compile({ name: "by_hand" });
    const spans = await recording.of(() => loop.invoke(hello));
    expect(tree(spans).filter((line) => !line.endsWith("request"))).toEqual([
      "invoke_agent by_hand",
      "  chat scripted-1",
      "  execute_tool double",
      "    arithmetic",
      "  chat scripted-1",
    ]);
  });
});

describe("What is no agent", () => {
  test("is a workflow: a graph with its nodes, also side by side", async () => {
    const step = async () => ({ messages: [new AIMessage("x")] });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("left", async () => ({ messages: [await says("l").invoke("?")] }))
      .addNode("right", async () => ({ messages: [await says("r").invoke("?")] }))
      .addNode("join", step)
      .addEdge(START, "left")
      .addEdge(START, "right")
      .addEdge(["left", "right"], "join")
      .compile({ name: "pipeline" });
    const spans = await recording.of(() => graph.invoke(hello));
    expect(spans[0]).toMatchObject({ name: "invoke_workflow pipeline", kind: "workflow" });
    expect(tree(spans).slice(1).sort()).toEqual([
      "      request",
      "      request",
      "    chat scripted-1",
      "    chat scripted-1",
      "  invoke_workflow join",
      "  invoke_workflow left",
      "  invoke_workflow right",
    ]);
    expect(spans.map((span) => span.kind)).not.toContain("agent");
  });

  test("is a workflow: a chain, whose inner parts show only where they have a name of their own", async () => {
    const chain = RunnableSequence.from([
      ChatPromptTemplate.fromTemplate("Tell of {town}"),
      says("Nice."),
      new StringOutputParser(),
      RunnableLambda.from((text: string) => text.length).withConfig({ runName: "count" }),
    ]);
    const spans = await recording.of(async () => expect(await chain.invoke({ town: "Oslo" })).toBe(5));
    expect(tree(spans)).toEqual([
      "invoke_workflow RunnableSequence",
      "  chat scripted-1",
      "    request",
      "  invoke_workflow count",
    ]);
    expect(spans[0]?.attributes).toMatchObject({ "input.value": '{"town":"Oslo"}', "output.value": "5" });
  });

  test("and hides chains that LangSmith would hide, but never a model call in them", async () => {
    const hidden = RunnableLambda.from(async () => says("x").invoke("?")).withConfig({
      runName: "inner",
      tags: ["langsmith:hidden"],
    });
    const spans = await recording.of(() =>
      RunnableLambda.from(() => hidden.invoke("a"))
        .withConfig({ runName: "outer" })
        .invoke("a"),
    );
    expect(tree(spans)).toEqual(["invoke_workflow outer", "  chat scripted-1", "    request"]);
  });
});

test("An interrupted run is no error, and the resumed one belongs to the same session", async () => {
  const approve = tool(() => `said ${interrupt("May I?")}`, {
    name: "approve",
    description: "-",
    schema: z.object({}),
  });
  const agent = createAgent({
    name: "careful",
    model: new Scripted([calls("approve"), new AIMessage("Done")]),
    tools: [approve],
    checkpointer: new MemorySaver(),
  });
  const config = { configurable: { thread_id: "t-9" } };
  const spans = await recording.of(async () => {
    const asked = await agent.invoke(hello, config);
    expect((asked as { __interrupt__?: unknown[] }).__interrupt__).toMatchObject([{ value: "May I?" }]);
    await agent.invoke(new Command({ resume: "yes" }), config);
  });
  expect(tree(spans).filter((line) => !line.endsWith("request"))).toEqual([
    "invoke_agent careful",
    "  chat scripted-1",
    "  execute_tool approve",
    "invoke_agent careful",
    "  execute_tool approve",
    "  chat scripted-1",
  ]);
  expect(spans.map((span) => span.status)).not.toContain("error");
  expect(spans.filter((span) => span.tool).map((span) => span.attributes["gen_ai.tool.call.result"])).toEqual([
    undefined,
    "said yes",
  ]);
  expect(new Set(spans.map((span) => span.session_id))).toEqual(new Set(["t-9"]));
});

describe("Spans that the program starts", () => {
  test("in a retriever, a tool of a class and a lambda are below them", async () => {
    class Shelf extends BaseRetriever {
      lc_namespace = ["shelf"];
      override async _getRelevantDocuments() {
        return startSpan("look up", () => [{ pageContent: "A page", metadata: { shelf: 3 } }]);
      }
    }
    class Shout extends StructuredTool {
      name = "shout";
      description = "Shouts";
      schema = z.object({ text: z.string() });
      async _call({ text }: { text: string }) {
        return startSpan("inhale", () => text.toUpperCase());
      }
    }
    const spans = await recording.of(() =>
      RunnableLambda.from(async (question: string) => {
        const [page] = await new Shelf().invoke(question);
        return startSpan("by hand", () => new Shout().invoke({ text: page?.pageContent ?? "" }));
      })
        .withConfig({ runName: "read" })
        .invoke("what?"),
    );
    expect(tree(spans)).toEqual([
      "invoke_workflow read",
      "  retrieval Shelf",
      "    look up",
      "  by hand",
      "    execute_tool shout",
      "      inhale",
    ]);
    const shelf = spans.find((span) => span.kind === "retriever");
    expect(shelf?.attributes).toMatchObject({
      "gen_ai.retrieval.query.text": "what?",
      "gen_ai.retrieval.documents": '[{"content":"A page","metadata":{"shelf":3}}]',
    });
  });

  test("around a run are above it, in parallel runs too", async () => {
    const spans = await recording.of(() =>
      Promise.all(
        ["one", "two"].map((name) =>
          startSpan(name, () => createAgent({ name: `agent ${name}`, model: says("x"), tools: [] }).invoke(hello)),
        ),
      ),
    );
    const above = new Map(spans.map((span) => [span.span_id, span.name]));
    const agents = spans
      .filter((span) => span.kind === "agent")
      .map((span) => [span.name, above.get(span.parent_span_id ?? "")]);
    expect(agents.sort()).toEqual([
      ["invoke_agent agent one", "one"],
      ["invoke_agent agent two", "two"],
    ]);
  });
});

describe("A graph that is streamed", () => {
  /** Says one word and then nothing more, until it is aborted. */
  class Endless extends Scripted {
    override async *_streamResponseChunks(
      _messages: BaseMessage[],
      { signal }: { signal?: AbortSignal },
      manager?: CallbackManagerForLLMRun,
    ) {
      const chunk = new ChatGenerationChunk({ text: "It ", message: new AIMessageChunk({ id: "1", content: "It " }) });
      yield chunk;
      await manager?.handleLLMNewToken("It ", undefined, undefined, undefined, undefined, { chunk });
      await new Promise((_, fail) => signal?.addEventListener("abort", () => fail(signal.reason), { once: true }));
    }
  }
  const waiting = () => createAgent({ name: "patient", model: new Endless([]), tools: [double] });
  const statuses = (spans: SpanDetail[]) => spans.map(({ kind, status }) => `${kind} ${status}`);

  test.each(["messages", "updates"] as const)("in %s and broken off by its consumer is no error", async (mode) => {
    const slow = tool(
      (_, { signal }) => new Promise((_, fail) => signal?.addEventListener("abort", () => fail(signal.reason))),
      {
        name: "slow",
        schema: z.object({}),
      },
    );
    const agent =
      mode === "messages"
        ? waiting()
        : createAgent({ name: "patient", model: new Scripted([calls("slow")]), tools: [slow] });
    const spans = await recording.of(async () => {
      for await (const _ of await agent.stream(hello, { streamMode: mode })) break;
      await new Promise(setImmediate);
      await new Promise(setImmediate);
    });
    expect(spans.map((span) => span.status)).not.toContain("error");
    expect(spans[0]).toMatchObject({
      name: "invoke_agent patient",
      status: "ok",
      attributes: { "agensight.stream.end": "cancelled" },
    });
  });

  test("and aborted by the program's signal has failed", async () => {
    const stop = new AbortController();
    const spans = await recording.of(async () => {
      const stream = await waiting().stream(hello, { streamMode: "messages", signal: stop.signal });
      const read = async () => {
        for await (const _ of stream) stop.abort();
      };
      await expect(read()).rejects.toThrow(/abort/i);
      await new Promise(setImmediate);
      await new Promise(setImmediate);
    });
    expect(statuses(spans)).toEqual(["agent error", "llm error"]);
  });
});
