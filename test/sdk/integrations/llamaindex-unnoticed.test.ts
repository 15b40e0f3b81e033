import { OpenAI } from "@llamaindex/openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run, spansIn, workspace } from "../program.js";
import {
  type Answer,
  chunk,
  completion,
  events,
  failing,
  json,
  type OpenAIServer,
  type Received,
  spoken,
  startOpenAIServer,
} from "./openai-server.js";
import { built, startRecording } from "./recorded.js";
import { spanTree } from "./span-tree.js";

const { instrumentLlamaIndex } = await built<typeof import("../../../src/sdk/integrations.js")>("sdk/integrations.js");

let server: OpenAIServer;
const space = workspace();

const conversation = `chat gpt-4.1-mini
chat gpt-4.1-mini
chat gpt-4.1-mini
chat gpt-4.1-mini ERROR NotFoundError
invoke_workflow AgentWorkflow
  invoke_agent forecaster
    chat gpt-4.1-mini
    execute_tool weather
    chat gpt-4.1-mini
invoke_workflow AgentWorkflow
  invoke_agent forecaster
    chat gpt-4.1-mini
    execute_tool weather ERROR RangeError
    chat gpt-4.1-mini
invoke_workflow AgentWorkflow
  invoke_agent triage
    chat gpt-4.1-mini
    execute_tool handOff
  invoke_agent forecaster
    chat gpt-4.1-mini
    execute_tool weather
    chat gpt-4.1-mini
invoke_workflow AgentWorkflow
  invoke_agent forecaster
    chat gpt-4.1-mini
    execute_tool weather
    chat gpt-4.1-mini
execute_tool weather
invoke_workflow
  step handler
    chat gpt-4.1-mini
embeddings text-embedding-ada-002
query RetrieverQueryEngine
  retrieval VectorIndexRetriever
    embeddings text-embedding-ada-002
  synthesize CompactAndRefine
    chat gpt-4.1-mini
chat_engine ContextChatEngine
  retrieval VectorIndexRetriever
    embeddings text-embedding-ada-002
  chat gpt-4.1-mini`;

beforeAll(async () => {
  server = await startOpenAIServer();
  server.reply(converse);
});
afterAll(async () => {
  await server.close();
  space.remove();
});

const lastChunk = chunk([], { usage: completion().usage });

function calls(name: string, args: object): Answer {
  const call = { index: 0, id: "call_1", type: "function", function: { name, arguments: JSON.stringify(args) } };
  return events([
    chunk([[{ role: "assistant", content: null, tool_calls: [call] }]]),
    chunk([[{}, "tool_calls"]]),
    lastChunk,
  ]);
}

/** Whoever asks about the weather gets a tool call: the one for handing off where there is one, and then an answer. */
const converse: Answer = (response, received) => answerTo(received)(response, received);

function answerTo({ path, body }: Received): Answer {
  if (path.includes("nowhere")) return failing(404, "not_found");
  if (path.endsWith("/embeddings")) {
    const embedding = Buffer.from(new Float32Array([1, 0.5]).buffer).toString("base64");
    const data = (body.input as string[]).map((_, index) => ({ index, embedding }));
    return json({ object: "list", model: "e", data, usage: { prompt_tokens: 3, total_tokens: 3 } });
  }
  if (!body.stream) return json(completion());
  const messages = body.messages as { role: string; content: string }[];
  const city = messages.map(({ content }) => /^weather: (.*)/.exec(content)?.[1]).find(Boolean);
  const isHandedOff = messages.some(({ content }) => content.includes("is now handling"));
  if (city && !isHandedOff && JSON.stringify(body.tools).includes("handOff"))
    return calls("handOff", { toAgent: "forecaster", reason: "weather" });
  const { role, content = "" } = messages.at(-1) ?? {};
  if (city && (role !== "tool" || content.includes("is now handling"))) return calls("weather", { city });
  return events([...spoken(["It ", "rains."]), lastChunk], /reading|working/.test(content) ? "hang" : "done");
}

describe.each(["llamaindex.mjs", "llamaindex.cjs"])("a program (%s)", (name) => {
  test("sees the same answers, streams, errors and events as without us, and everything is recorded", {
    timeout: 60_000,
  }, async () => {
    const db = `${space.db}-${name}`;
    const [plain, recorded] = await Promise.all([
      run(name, { args: [server.url] }),
      run(name, { db, args: [server.url, "llamaindex"] }),
    ]);
    expect(plain).toMatchObject({ code: 0, stdout: "" });
    expect(recorded.messages).toEqual(plain.messages);
    expect(recorded).toMatchObject({ code: 0, stdout: "", stderr: plain.stderr });
    const [seen] = plain.messages as [Record<string, unknown>];
    expect(seen).toMatchObject({ agent: "It rains.", handOff: "It rains.", workflow: ["It is sunny."] });
    expect(spanTree(await spansIn(db))).toBe(conversation);
  });
});

test("a rejection that nobody handles stays one, with its reason", { timeout: 60_000 }, async () => {
  const db = `${space.db}-unhandled`;
  const [plain, recorded] = await Promise.all([
    run("llamaindex-unhandled.mjs", { args: [server.url] }),
    run("llamaindex-unhandled.mjs", { db, args: [server.url, "recorded"] }),
  ]);
  expect(plain.messages).toMatchInlineSnapshot(`
    [
      {
        "reasons": [
          "NotFoundError: 404 refused with not_found",
          "NotFoundError: 404 refused with not_found",
          "RangeError: out of range",
        ],
      },
    ]
  `);
  expect(recorded).toMatchObject({ code: 0, messages: plain.messages, stderr: plain.stderr });
  expect(spanTree(await spansIn(db))).toMatchInlineSnapshot(`
    "chat gpt-4.1-mini ERROR NotFoundError
    invoke_workflow AgentWorkflow ERROR NotFoundError
      invoke_agent broken ERROR NotFoundError
        chat gpt-4.1-mini ERROR NotFoundError
      invoke_workflow ERROR RangeError
        step handler ERROR RangeError"
  `);
});

test("what is under way when the program ends is recorded, as far as it got", { timeout: 60_000 }, async () => {
  const db = `${space.db}-left`;
  expect(await run("llamaindex-left.mjs", { db, args: [server.url] })).toMatchObject({ code: 0, stderr: "" });
  const spans = await spansIn(db);
  expect(spanTree(spans)).toMatchInlineSnapshot(`
    "chat gpt-4.1-mini
    chat gpt-4.1-mini
    invoke_workflow AgentWorkflow
      invoke_agent slow
        chat gpt-4.1-mini"
  `);
  const ends = spans.map((span) => [span.status, span.attributes["agensight.stream.end"]]);
  expect(ends).toMatchInlineSnapshot(`
    [
      [
        "ok",
        "unread",
      ],
      [
        "ok",
        "cancelled",
      ],
      [
        "ok",
        undefined,
      ],
      [
        "ok",
        undefined,
      ],
      [
        "ok",
        "unread",
      ],
    ]
  `);
});

test("a workflow that waits for ever is over when nobody holds it", { timeout: 60_000 }, async () => {
  const db = `${space.db}-forgotten`;
  expect(await run("llamaindex-forgotten.mjs", { db, node: ["--expose-gc"] })).toMatchObject({
    signal: "SIGKILL",
    stderr: "",
  });
  expect(spanTree(await spansIn(db))).toBe("invoke_workflow start\n  step start");
});

describe("a failure in our own code", () => {
  const fail = () => {
    throw new Error("unreadable");
  };
  const tool = {
    metadata: { name: "weather", description: "", parameters: {} },
    call: () => ({ toJSON: fail }) as never,
  };
  const unreadable = Object.defineProperty({ ...tool.metadata }, "parameters", { get: fail });
  const llm = () => new OpenAI({ apiKey: "k", baseURL: server.url, model: "gpt-4.1-mini" });
  const hello = [{ role: "user" as const, content: "Hello" }];
  const undos: (() => void)[] = [];

  test.each<[what: string, work: () => Promise<unknown>, result: unknown]>([
    [
      "before a call",
      () => Object.defineProperty(llm(), "metadata", { get: fail }).chat({ messages: hello }),
      expect.objectContaining({ message: { role: "assistant", content: "It is sunny.", options: {} } }),
    ],
    [
      "in what a call is given",
      () =>
        chosen(Object.assign(llm(), { chat: async (_: object) => "fine" })).chat({ tools: [{ metadata: unreadable }] }),
      "fine",
    ],
    [
      "in what a stream brings",
      async () => {
        const chunks: string[] = [];
        for await (const part of await streaming().chat({ messages: hello, stream: true })) chunks.push(part.delta);
        return chunks;
      },
      ["It ", "rains."],
    ],
  ])("%s is told to diag and to nobody else", async (_what, work, result) => {
    const recording = startRecording();
    undos.push(instrumentLlamaIndex());
    let got: unknown;
    await recording.of(async () => (got = await work()));
    expect(got).toEqual(result);
    expect(recording.told().join()).toContain("unreadable");
    for (const undo of undos.splice(0)) undo();
    await recording.stop();
  });

  function streaming() {
    const model = llm();
    model.chat = async function* chat() {
      for (const delta of ["It ", "rains."]) yield Object.defineProperty({ delta }, "raw", { get: fail });
    } as never;
    return chosen(model);
  }

  function chosen<T>(target: T): T {
    undos.push(instrumentLlamaIndex(target));
    return target;
  }
});
