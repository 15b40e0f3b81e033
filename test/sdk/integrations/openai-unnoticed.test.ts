import { once } from "node:events";
import OpenAI7 from "openai";
import OpenAI6 from "openai6";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Answer,
  chunk,
  completion,
  events,
  failing,
  json,
  message,
  type OpenAIServer,
  response,
  spoken,
  startOpenAIServer,
  told,
} from "./openai-server.js";
import { built, type Recording, startRecording } from "./recorded.js";

const { instrumentOpenAI } = await built<typeof import("../../../src/index.js")>("index.js");

let server: OpenAIServer;
let recording: Recording;
beforeAll(async () => {
  server = await startOpenAIServer();
  recording = startRecording();
});
afterAll(async () => {
  await recording.stop();
  await server.close();
});

const hello = { model: "m", messages: [{ role: "user" as const, content: "Hello" }] };
type Work = (client: OpenAI7) => unknown;

/** What an iterable brings, in order, and how it ends. */
async function all(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    for await (const one of stream) seen.push(one);
  } catch (error) {
    seen.push(shown(error));
  }
  return seen;
}

function shown(error: unknown): unknown {
  if (!(error instanceof Error)) return { thrown: error };
  const { status, code, requestID } = error as { status?: number; code?: string; requestID?: string };
  const head = (error.stack ?? "").split("\n").slice(0, 2);
  return { type: error.constructor.name, name: error.name, message: error.message, status, code, requestID, head };
}

const partly: Answer = events([...spoken(["a", "b"]).slice(0, 3), { error: { message: "overloaded", code: "x" } }]);
const scenarios: [name: string, answers: Answer[], work: Work][] = [
  ["a chat", [json(completion())], (client) => client.chat.completions.create(hello)],
  [
    "withResponse",
    [json(completion())],
    async (client) => (await client.chat.completions.create(hello).withResponse()).data,
  ],
  [
    "asResponse",
    [json(completion())],
    async (client) => (await client.chat.completions.create(hello).asResponse()).text(),
  ],
  [
    "a stream",
    [events(spoken(["a", "b"]))],
    async (client) => all(await client.chat.completions.create({ ...hello, stream: true })),
  ],
  [
    "a stream that fails",
    [partly],
    async (client) => all(await client.chat.completions.create({ ...hello, stream: true })),
  ],
  [
    "a stream that breaks",
    [events(spoken(["a"]), "cut")],
    async (client) => all(await client.chat.completions.create({ ...hello, stream: true })),
  ],
  [
    "a stream with its response",
    [events(spoken(["a"]))],
    async (client) => all((await client.chat.completions.create({ ...hello, stream: true }).withResponse()).data),
  ],
  [
    "both halves of a stream",
    [events(spoken(["a", "b"]))],
    async (client) => {
      const halves = (await client.chat.completions.create({ ...hello, stream: true })).tee();
      return Promise.all(halves.map(all));
    },
  ],
  [
    "the stream helper",
    [events(spoken(["a", "b"]))],
    async (client) => {
      const stream = client.chat.completions.stream(hello);
      return [await all(stream), await stream.finalMessage()];
    },
  ],
  ["parse", [json(completion())], (client) => client.chat.completions.parse(hello)],
  [
    "parse of an answer that is too short",
    [json(completion({ choices: [{ ...completion().choices[0], finish_reason: "length" }] }))],
    (client) =>
      client.chat.completions.parse({
        ...hello,
        response_format: Object.defineProperties(
          { type: "json_schema" as const, json_schema: { name: "n", schema: {} } },
          { $brand: { value: "auto-parseable-response-format" }, $parseRaw: { value: JSON.parse } },
        ),
      }),
  ],
  [
    "a response",
    [json(response([message("Hi")]))],
    (client) => client.responses.create({ model: "m", input: "Hello" }),
  ],
  [
    "a response that is streamed",
    [events(told(["a", "b"], "completed"), "end")],
    async (client) => all(await client.responses.create({ model: "m", input: "Hello", stream: true })),
  ],
  [
    "the response helper",
    [events(told(["a", "b"], "completed"), "end")],
    async (client) => client.responses.stream({ model: "m", input: "Hello" }).finalResponse(),
  ],
  [
    "embeddings",
    [
      json({
        object: "list",
        model: "m",
        data: [{ object: "embedding", index: 0, embedding: "AAAAPw==" }],
        usage: { prompt_tokens: 1, total_tokens: 1 },
      }),
    ],
    (client) => client.embeddings.create({ model: "m", input: "red" }),
  ],
  ["a refusal by the server", [failing(400, "bad")], (client) => client.chat.completions.create(hello)],
  [
    "a refusal that is retried",
    [failing(500, "x", { "retry-after-ms": "1" }), json(completion())],
    (client) => client.chat.completions.create(hello, { maxRetries: 1 }),
  ],
  [
    "a refusal of a stream",
    [failing(401, "key")],
    (client) => client.chat.completions.create({ ...hello, stream: true }),
  ],
  ["a refusal in parse", [failing(429, "slow")], (client) => client.chat.completions.parse(hello)],
  [
    "a refusal in withResponse",
    [failing(429, "slow")],
    (client) => client.chat.completions.create(hello).withResponse(),
  ],
  [
    "a refusal that nobody handles",
    [failing(400, "bad")],
    async (client) => {
      client.chat.completions.create(hello);
      await turns();
    },
  ],
  [
    "a refusal in parse that nobody handles",
    [failing(400, "bad")],
    async (client) => {
      client.chat.completions.parse(hello);
      await turns();
    },
  ],
  [
    "a refusal that is handled late",
    [failing(400, "bad")],
    async (client) => {
      const promise = client.chat.completions.create(hello);
      await turns();
      return promise;
    },
  ],
  ["no body", [json(completion())], (client) => client.chat.completions.create(undefined as never)],
  ["an answer that is null", [json(null)], (client) => client.chat.completions.create(hello)],
  ["an answer that is a list", [json([1, 2])], (client) => client.chat.completions.create(hello)],
  [
    "an answer of other types",
    [json({ id: 1, model: [], choices: "none", usage: { prompt_tokens: "many" } })],
    (client) => client.chat.completions.create(hello),
  ],
  [
    "choices of other types",
    [json({ choices: [null, 7, { message: 8 }, { message: { tool_calls: { no: 1 }, content: [null, 9] } }] })],
    (client) => client.chat.completions.create(hello),
  ],
  [
    "a text",
    [(out) => out.writeHead(200, { "content-type": "text/plain" }).end("hm")],
    (client) => client.chat.completions.create(hello),
  ],
  [
    "chunks of other types",
    [
      events([
        { choices: 1 },
        { choices: [null, { delta: 7 }, { index: {}, delta: { tool_calls: [null, 3] } }] },
        { id: {} },
        chunk([]),
      ]),
    ],
    async (client) => all(await client.chat.completions.create({ ...hello, stream: true })),
  ],
  [
    "events of other types",
    [
      events(
        [{ type: "response.completed", response: 7 }, { type: 3 }, { type: "response.output_text.delta", delta: {} }],
        "end",
      ),
    ],
    async (client) => all(await client.responses.create({ model: "m", input: "Hello", stream: true })),
  ],
  [
    "a request of other types",
    [json(completion())],
    (client) =>
      client.chat.completions.create({ model: 7, messages: "none", tools: [null, 3], stop: { a: 1 } } as never),
  ],
  [
    "a request that refers to itself",
    [json(completion())],
    (client) => {
      const tool: Record<string, unknown> = { type: "function" };
      tool.toJSON = () => ({ type: "function" });
      tool.self = tool;
      return client.chat.completions.create({ ...hello, tools: [tool] } as never);
    },
  ],
  [
    "a request that cannot be read",
    [json(completion())],
    (client) => {
      const seed = {
        get: () => {
          throw new Error("not to be read");
        },
      };
      return client.chat.completions.create(Object.defineProperty({ ...hello }, "seed", seed));
    },
  ],
];

/** Until Node has told of what nobody handles, and would have told of more. */
async function turns(): Promise<void> {
  await once(process, "unhandledRejection");
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done));
}

describe.each([
  ["openai 6", OpenAI6 as unknown as typeof OpenAI7],
  ["openai 7", OpenAI7],
])("A program with %s does not notice that it is recorded", (_, OpenAI) => {
  async function outcome(answers: Answer[], work: Work, isRecorded: boolean) {
    const undo = isRecorded ? instrumentOpenAI(OpenAI) : () => {};
    server.reply(...answers);
    const client = new OpenAI({ apiKey: "k", baseURL: server.url, maxRetries: 0, logLevel: "off" });
    const unhandled: unknown[] = [];
    let late = 0;
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    const told = (reason: unknown) => void unhandled.push(shown(reason));
    const handled = () => void late++;
    process.on("unhandledRejection", told).on("rejectionHandled", handled);
    try {
      const result = await Promise.resolve()
        .then(() => work(client))
        .catch(shown);
      await new Promise((done) => setImmediate(() => setImmediate(done)));
      const received = server.received.map(({ path, headers, text }) => ({ path, headers, text }));
      return { result, received, unhandled, late };
    } finally {
      process.off("unhandledRejection", told).off("rejectionHandled", handled);
      for (const listener of others) process.on("unhandledRejection", listener);
      undo();
    }
  }

  test.each(scenarios)("%s", async (_, answers, work) => {
    const plain = await outcome(answers, work, false);
    let recorded: unknown;
    const spans = await recording.of(async () => {
      recorded = await outcome(answers, work, true);
    });
    expect(recorded).toEqual(plain);
    expect(spans).toHaveLength(1);
    expect(spans[0]?.status).toMatch(/^(ok|error)$/);
  });
});
