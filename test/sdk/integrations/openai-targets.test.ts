import { OpenAIEmbeddings } from "@langchain/openai";
import { OpenAIEmbedding } from "@llamaindex/openai";
import * as module7 from "openai";
import * as module6 from "openai6";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { completion, json, type OpenAIServer, startOpenAIServer } from "./openai-server.js";
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

describe.each([
  ["openai 6", module6 as unknown as typeof module7],
  ["openai 7", module7],
])("instrumentOpenAI and %s", (_, library) => {
  let client: module7.OpenAI;
  beforeEach(() => {
    server.reply(json(completion()));
    client = new library.OpenAI({ apiKey: "k", baseURL: server.url });
    recording.told();
  });
  const call = (one: module7.OpenAI) => one.chat.completions.create({ model: "m", messages: [] });
  const spansOf = async (...clients: module7.OpenAI[]) =>
    (await recording.of(() => Promise.all(clients.map(call)))).length;

  test.each<[string, () => unknown]>([
    ["the module", () => library],
    ["its default export alone", () => ({ default: library.default })],
    ["the class", () => library.OpenAI],
    ["the class for Azure", () => library.AzureOpenAI],
    ["a class that extends it", () => class extends library.OpenAI {}],
  ])("records every client of %s until it is undone, also those that exist", async (_, target) => {
    const undo = instrumentOpenAI(target());
    const later = new library.OpenAI({ apiKey: "k", baseURL: server.url });
    expect(await spansOf(client, later, client.withOptions({ maxRetries: 1 }))).toBe(3);
    undo();
    undo();
    expect(await spansOf(client, later)).toBe(0);
    expect(recording.told()).toEqual([]);
  });

  test("records one client alone", async () => {
    const undo = instrumentOpenAI(client);
    const other = new library.OpenAI({ apiKey: "k", baseURL: server.url });
    expect(await spansOf(client, other)).toBe(1);
    expect(Object.keys(client.chat.completions)).toEqual(Object.keys(other.chat.completions));
    undo();
    expect(await spansOf(client, other)).toBe(0);
  });

  test("records a call once, however often and at how many places it was asked to", async () => {
    const undos = [library.OpenAI, client, library, client].map((target) => instrumentOpenAI(target));
    expect(await spansOf(client)).toBe(1);
    for (const undo of undos) undo();
    expect(await spansOf(client)).toBe(0);
    expect(client.chat.completions.create).toBe(library.OpenAI.Chat.Completions.prototype.create);
  });

  test("leaves alone what it does not know, and says so", () => {
    for (const target of [null, 7, "openai", {}, class {}, () => {}, { OpenAI: {} }]) {
      expect(() => instrumentOpenAI(target)()).not.toThrow();
      expect(recording.told()).toEqual([expect.stringContaining("neither OpenAI's class")]);
    }
  });
});

test.each([
  [
    "LangChain",
    (baseURL: string) => new OpenAIEmbeddings({ apiKey: "k", configuration: { baseURL } }).embedQuery("Hello"),
  ],
  ["LlamaIndex", (baseURL: string) => new OpenAIEmbedding({ apiKey: "k", baseURL }).getTextEmbedding("Hello")],
])("instrumentOpenAI() records the client that %s brings along, too", async (_, embed) => {
  const data = [{ object: "embedding", index: 0, embedding: [0.5, 0.25] }];
  server.reply(json({ object: "list", data, model: "m", usage: { prompt_tokens: 3, total_tokens: 3 } }));
  const undo = instrumentOpenAI();
  const spans = await recording.of(() => embed(server.url));
  undo();
  expect(spans).toMatchObject([{ kind: "embedding", input_tokens: 3 }]);
});
