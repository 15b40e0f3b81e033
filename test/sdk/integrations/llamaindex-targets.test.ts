import * as provider from "@llamaindex/openai";
import * as workflow from "@llamaindex/workflow";
import * as llamaindex from "llamaindex";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openReader } from "../../../src/store/open.js";
import { run, spansIn, workspace } from "../program.js";
import { chunk, completion, events, json, type OpenAIServer, spoken, startOpenAIServer } from "./openai-server.js";
import { built, type Recording, startRecording } from "./recorded.js";
import { spanTree } from "./span-tree.js";

const integrations = await built<typeof import("../../../src/sdk/integrations.js")>("sdk/integrations.js");
const { OpenAI, OpenAIEmbedding } = provider;
const { tool } = llamaindex;

let server: OpenAIServer;
let recording: Recording;
let undos: (() => void)[] = [];

beforeAll(async () => {
  server = await startOpenAIServer();
  recording = startRecording();
});
afterEach(() => {
  for (const undo of undos) undo();
  undos = [];
  expect(recording.told()).toEqual([]);
});
afterAll(async () => {
  await recording.stop();
  await server.close();
});

function instrument(target?: unknown): () => void {
  const undo = integrations.instrumentLlamaIndex(target);
  undos.push(undo);
  return undo;
}

const openai = (more: object = {}) => new OpenAI({ apiKey: "k", baseURL: server.url, model: "gpt-4.1-mini", ...more });
const hello = { messages: [{ role: "user" as const, content: "Hello" }] };

async function treeOf(work: () => unknown): Promise<string> {
  server.reply(json(completion()));
  return spanTree(await recording.of(work));
}

test("a class of models is recorded, and others are not", async () => {
  instrument(OpenAI);
  const { OpenAIResponses } = provider;
  expect(await treeOf(() => openai().chat(hello))).toBe("chat gpt-4.1-mini");
  const other = new OpenAIResponses({ apiKey: "k", baseURL: server.url, maxRetries: 0 });
  expect(await treeOf(() => other.chat(hello).catch(() => {}))).toBe("");
});

test("one model is recorded, and another of its class is not", async () => {
  const [chosen, other] = [openai(), openai()];
  instrument(chosen);
  expect(await treeOf(() => chosen.chat(hello))).toBe("chat gpt-4.1-mini");
  expect(await treeOf(() => other.chat(hello))).toBe("");
});

test("one agent is recorded with its model and its tools", async () => {
  const weather = tool(() => "rain", {
    name: "weather",
    description: "",
    parameters: { type: "object", properties: {} } as never,
  });
  const agent = workflow.agent({ name: "forecaster", llm: openai(), tools: [weather] });
  instrument(agent);
  const call = { index: 0, id: "call_1", type: "function", function: { name: "weather", arguments: "{}" } };
  const asks = [chunk([[{ role: "assistant", tool_calls: [call] }]]), chunk([[{}, "tool_calls"]])];
  server.reply(events(asks), events(spoken(["Rain."])));
  expect(spanTree(await recording.of(() => agent.run("Weather?")))).toBe(
    `invoke_workflow AgentWorkflow
  invoke_agent forecaster
    chat gpt-4.1-mini
    execute_tool weather
    chat gpt-4.1-mini`,
  );
});

test("one tool and one embedding model are recorded", async () => {
  const weather = tool(() => "rain", {
    name: "weather",
    description: "",
    parameters: { type: "object", properties: {} } as never,
  });
  const model = new OpenAIEmbedding({ apiKey: "k", baseURL: server.url });
  instrument(weather);
  instrument(model);
  expect(await treeOf(() => weather.call({}))).toBe("execute_tool weather");
  server.reply(json({ object: "list", data: [{ index: 0, embedding: "AACAPw==" }] }));
  expect(spanTree(await recording.of(() => model.getTextEmbeddings(["a"])))).toBe("embeddings text-embedding-ada-002");
});

test.each([
  ["llamaindex", llamaindex],
  ["@llamaindex/openai", provider],
])("the module %s is recorded", async (_name, module) => {
  instrument(module);
  expect(await treeOf(() => openai().chat(hello))).toBe("chat gpt-4.1-mini");
});

test("the modules of agents and workflows are recorded", async () => {
  instrument(workflow);
  const agent = workflow.agent({ name: "greeter", llm: openai() });
  server.reply(events(spoken(["Hi."])));
  expect(spanTree(await recording.of(() => agent.run("Hello")))).toBe(
    "invoke_workflow AgentWorkflow\n  invoke_agent greeter\n    chat gpt-4.1-mini",
  );
});

test("instrumenting twice records once, and undoing leaves everything as it was", async () => {
  const before = [
    OpenAI.prototype.chat,
    Object.getPrototypeOf(llamaindex.ToolCallLLM),
    workflow.FunctionAgent.prototype.takeStep,
  ];
  const llm = openai();
  const [first, second] = [instrument(), instrument()];
  instrument(OpenAI);
  instrument(llm);
  expect(await treeOf(() => llm.chat(hello))).toBe("chat gpt-4.1-mini");
  expect(await treeOf(() => openai().complete({ prompt: "Hello" }))).toBe("chat gpt-4.1-mini");
  first();
  second();
  first();
  for (const undo of undos) undo();
  const after = [
    OpenAI.prototype.chat,
    Object.getPrototypeOf(llamaindex.ToolCallLLM),
    workflow.FunctionAgent.prototype.takeStep,
  ];
  expect(after).toEqual(before);
  expect(after.map((value, index) => value === before[index])).toEqual([true, true, true]);
  expect(await treeOf(() => Promise.all([llm.chat(hello), openai().chat(hello)]))).toBe("");
});

test("what cannot be recorded is told to diag", () => {
  for (const target of ["llamaindex", 7, {}, () => {}, null]) {
    instrument(target);
    expect(recording.told()).toEqual([expect.stringContaining("instrumentLlamaIndex takes nothing, a module")]);
  }
});

test("with instrumentOpenAI too, the client's span is inside of the model's, and tokens count once", {
  timeout: 60_000,
}, async () => {
  const space = workspace();
  const vectors = {
    object: "list",
    model: "e",
    data: [{ index: 0, embedding: "AACAPw==" }],
    usage: { prompt_tokens: 7, total_tokens: 7 },
  };
  server.reply((response, received) => {
    const over = { id: `chatcmpl-${server.received.length}` };
    const stream = [...spoken(["Hi."]), chunk([], { usage: completion().usage })].map((part) => ({ ...part, ...over }));
    const body = received.path.endsWith("/embeddings") ? vectors : completion(over);
    (received.body.stream ? events(stream) : json(body))(response, received);
  });
  expect(await run("llamaindex-openai.mjs", { db: space.db, args: [server.url] })).toMatchObject({
    code: 0,
    stderr: "",
  });
  expect(spanTree(await spansIn(space.db))).toMatchInlineSnapshot(`
    "everything
      chat gpt-4.1-mini
        chat gpt-4.1-mini
      chat gpt-4.1-mini
        chat gpt-4.1-mini
      invoke_workflow AgentWorkflow
        invoke_agent greeter
          chat gpt-4.1-mini
            chat gpt-4.1-mini
      embeddings text-embedding-ada-002
        embeddings text-embedding-ada-002"
  `);
  const reader = await openReader(space.db);
  const [trace] = (await reader.listTraces({ limit: 1 })).traces;
  reader.close();
  expect(trace).toMatchObject({
    llm_calls: 3,
    input_tokens: 307,
    cached_tokens: 180,
    output_tokens: 60,
    agents: ["greeter"],
  });
  space.remove();
});
