import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAI } from "@langchain/openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  chunk,
  completion,
  events,
  failing,
  json,
  type OpenAIServer,
  spoken,
  startOpenAIServer,
} from "./openai-server.js";
import { built, type Recording, startRecording } from "./recorded.js";

const { instrumentLangChain } = await built<typeof import("../../../src/sdk/integrations.js")>("sdk/integrations.js");

let server: OpenAIServer;
let recording: Recording;
let undo: () => void;
beforeAll(async () => {
  server = await startOpenAIServer();
  recording = startRecording();
  undo = instrumentLangChain();
});
beforeEach(() => server.reply(json(completion())));
afterAll(async () => {
  undo();
  await recording.stop();
  await server.close();
});

const chat = (over: object = {}) =>
  new ChatOpenAI({
    model: "gpt-4.1-mini",
    apiKey: "sk-secret",
    maxRetries: 0,
    configuration: { baseURL: server.url },
    ...over,
  });
const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
const parsed = (span: { attributes: Record<string, unknown> } | undefined, key: string) =>
  JSON.parse(String(span?.attributes[key]));

async function all(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

describe("A call of a chat model", () => {
  test("is one span with what was asked, what came back and what it took", async () => {
    const settings = {
      temperature: 0.2,
      topP: 0.9,
      maxTokens: 50,
      stop: ["END"],
      presencePenalty: 0.1,
      frequencyPenalty: 0.3,
    };
    const [span, ...others] = await recording.of(() =>
      chat(settings).invoke([
        ["system", "Be brief."],
        ["human", "How is the weather?"],
      ]),
    );
    expect(others).toEqual([]);
    expect(span).toMatchObject({
      name: "chat gpt-4.1-mini",
      kind: "llm",
      status: "ok",
      provider: "openai",
      request_model: "gpt-4.1-mini",
      response_model: "gpt-4.1-mini-2026-04-14",
      input_tokens: 100,
      cached_tokens: 60,
      output_tokens: 20,
      reasoning_tokens: 5,
      finish_reason: "stop",
    });
    expect(span?.attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.request.temperature": 0.2,
      "gen_ai.request.top_p": 0.9,
      "gen_ai.request.max_tokens": 50,
      "gen_ai.request.stop_sequences": ["END"],
      "gen_ai.request.presence_penalty": 0.1,
      "gen_ai.request.frequency_penalty": 0.3,
      "gen_ai.response.id": "chatcmpl-1",
      "gen_ai.response.finish_reasons": ["stop"],
      "server.address": "127.0.0.1",
      "server.port": server.port,
    });
    expect(parsed(span, "gen_ai.input.messages")).toEqual([
      { role: "system", parts: [{ type: "text", content: "Be brief." }] },
      { role: "user", parts: [{ type: "text", content: "How is the weather?" }] },
    ]);
    expect(parsed(span, "gen_ai.output.messages")).toEqual([
      { role: "assistant", parts: [{ type: "text", content: "It is sunny." }], finish_reason: "stop" },
    ]);
    expect(JSON.stringify(span)).not.toContain("sk-secret");
  });

  test("keeps tool definitions, calls and answers as such", async () => {
    const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } };
    const asked = { role: "assistant", content: null, refusal: null, tool_calls: [call] };
    server.reply(json(completion({ choices: [{ index: 0, message: asked, finish_reason: "tool_calls" }] })));
    const weather = tool(() => "rain", {
      name: "weather",
      description: "Tells the weather",
      schema: z.object({ city: z.string() }),
    });
    const [first, second] = await recording.of(async () => {
      const model = chat().bindTools([weather]);
      const answer = await model.invoke("Oslo?");
      await model.invoke([["human", "Oslo?"], answer, { role: "tool", tool_call_id: "call_1", content: "rain" }]);
    });
    expect(first).toMatchObject({ kind: "llm", finish_reason: "tool_call" });
    expect(parsed(first, "gen_ai.tool.definitions")).toMatchObject([{ function: { name: "weather" } }]);
    const toolCall = { type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Oslo" } };
    expect(parsed(first, "gen_ai.output.messages")).toEqual([
      { role: "assistant", parts: [toolCall], finish_reason: "tool_calls" },
    ]);
    expect(parsed(second, "gen_ai.input.messages").slice(1)).toEqual([
      { role: "assistant", parts: [toolCall] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "rain" }] },
    ]);
  });

  test("keeps of images and recordings their size and hash, never their bytes", async () => {
    const image = Buffer.from("not really a picture").toString("base64");
    const [span] = await recording.of(() =>
      chat().invoke([
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image_url", image_url: { url: `data:image/png;base64,${image}` } },
            { type: "image_url", image_url: { url: "https://example.org/cat.png" } },
            { type: "input_audio", input_audio: { data: image, format: "wav" } },
          ],
        },
      ]),
    );
    const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(parsed(span, "gen_ai.input.messages")[0].parts).toEqual([
      { type: "text", content: "What is it?" },
      { type: "blob", modality: "image", mime_type: "image/png", size: 20, sha256 },
      { type: "uri", modality: "image", uri: "https://example.org/cat.png" },
      { type: "blob", modality: "audio", mime_type: "wav", size: 20, sha256 },
    ]);
    expect(JSON.stringify(span)).not.toContain(image);
  });

  test("with structured output is a workflow around one call", async () => {
    const message = { role: "assistant", content: '{"city":"Oslo"}', refusal: null };
    server.reply(json(completion({ choices: [{ index: 0, message, finish_reason: "stop" }] })));
    const spans = await recording.of(async () => {
      const answer = await chat()
        .withStructuredOutput(z.object({ city: z.string() }))
        .invoke("Where?");
      expect(answer).toEqual({ city: "Oslo" });
    });
    expect(spans.map(({ name, kind }) => [name, kind])).toEqual([
      ["invoke_workflow RunnableSequence", "workflow"],
      ["chat gpt-4.1-mini", "llm"],
    ]);
    expect(spans[1]?.parent_span_id).toBe(spans[0]?.span_id);
    expect(spans[1]?.attributes["gen_ai.output.type"]).toBe("json");
    expect(spans[0]?.attributes).toMatchObject({ "input.value": "Where?", "output.value": '{"city":"Oslo"}' });
  });

  test("that is refused by the model keeps the refusal", async () => {
    const content = [{ type: "refusal", refusal: "I will not." }];
    const output = [{ type: "message", id: "msg_1", role: "assistant", status: "completed", content }];
    const tokens = { input_tokens: 9, output_tokens: 4, total_tokens: 13, input_tokens_details: { cached_tokens: 2 } };
    server.reply(json({ id: "resp_1", object: "response", status: "completed", model: "m", output, usage: tokens }));
    const [span] = await recording.of(() => chat({ useResponsesApi: true }).invoke("Do harm."));
    expect(span).toMatchObject({ status: "ok", input_tokens: 9, cached_tokens: 2, output_tokens: 4 });
    expect(span?.attributes["gen_ai.response.id"]).toBe("resp_1");
    expect(parsed(span, "gen_ai.output.messages")[0].parts).toEqual([{ type: "refusal", content: "I will not." }]);
  });

  test("in a batch is a span for each", async () => {
    const spans = await recording.of(() => chat().batch(["one", "two", "three"]));
    expect(spans.map(({ kind }) => kind)).toEqual(["llm", "llm", "llm"]);
    const said = spans.map((span) => parsed(span, "gen_ai.input.messages")[0].parts[0].content);
    expect(said.sort()).toEqual(["one", "three", "two"]);
  });
});

test("A plain language model is recorded as text completion", async () => {
  const choices = [{ text: "sunny", index: 0, logprobs: null, finish_reason: "stop" }];
  server.reply(
    json({ id: "cmpl-1", object: "text_completion", created: 1, model: "gpt-3.5-turbo-instruct", choices, usage }),
  );
  const model = new OpenAI({
    model: "gpt-3.5-turbo-instruct",
    apiKey: "k",
    temperature: 0.5,
    configuration: { baseURL: server.url },
  });
  const [span] = await recording.of(() => model.invoke("The weather is"));
  expect(span).toMatchObject({
    name: "text_completion gpt-3.5-turbo-instruct",
    kind: "llm",
    provider: "openai",
    input_tokens: 100,
    output_tokens: 20,
    finish_reason: "stop",
  });
  expect(parsed(span, "gen_ai.input.messages")).toEqual([
    { role: "user", parts: [{ type: "text", content: "The weather is" }] },
  ]);
  expect(parsed(span, "gen_ai.output.messages")).toEqual([
    { role: "assistant", parts: [{ type: "text", content: "sunny" }], finish_reason: "stop" },
  ]);
});

describe("A streamed answer", () => {
  const streamed = [...spoken(["It is ", "sunny."]), chunk([], { usage })];

  test.each([
    ["stream", async () => all(await chat().stream("Hello"))],
    ["streamEvents", async () => all(chat().streamEvents("Hello", { version: "v2" }))],
  ])("by %s is one span with the time of the first chunk and the number of chunks", async (_, ask) => {
    server.reply(events(streamed));
    const [span, ...others] = await recording.of(() => ask());
    expect(others).toEqual([]);
    expect(span).toMatchObject({
      kind: "llm",
      status: "ok",
      input_tokens: 100,
      output_tokens: 20,
      finish_reason: "stop",
      response_model: "gpt-4.1-mini-2026-04-14",
    });
    expect(parsed(span, "gen_ai.output.messages")[0].parts).toEqual([{ type: "text", content: "It is sunny." }]);
    const { "gen_ai.response.time_to_first_chunk": first, "agensight.stream.chunks": chunks } = span?.attributes ?? {};
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual((span?.duration_ms ?? 0) / 1000);
    expect(chunks).toBeGreaterThanOrEqual(3);
  });

  test("that is broken off by its consumer ends with what had come, and is no error", async () => {
    server.reply(events(spoken(["It is ", "sunny."]), "hang"));
    const [span] = await recording.of(async () => {
      for await (const part of await chat().stream("Hello")) if (part.text) break;
      await new Promise(setImmediate);
    });
    expect(span).toMatchObject({ status: "ok", attributes: { "agensight.stream.end": "cancelled" } });
    expect(parsed(span, "gen_ai.output.messages")[0].parts[0].content).toMatch(/^It is /);
  });

  test("that the connection cuts off is an error with what had come", async () => {
    server.reply(events(spoken(["It is "]).slice(0, 2), "cut"));
    const [span] = await recording.of(async () => {
      await expect(all(await chat().stream("Hello"))).rejects.toThrow("terminated");
    });
    expect(span).toMatchObject({ status: "error", error_message: "terminated" });
    expect(parsed(span, "gen_ai.output.messages")[0].parts).toEqual([{ type: "text", content: "It is " }]);
  });
});

describe("A call that fails", () => {
  test.each([
    [400, "BadRequestError"],
    [401, "AuthenticationError"],
    [429, "RateLimitCapacityError"],
    [500, "InternalServerError"],
  ])("with %i is an error of its type", async (status, type) => {
    server.reply(failing(status, "no"));
    const [span] = await recording.of(() => expect(chat().invoke("Hello")).rejects.toThrow("no"));
    expect(span).toMatchObject({ status: "error", attributes: { "http.response.status_code": status } });
    expect(span?.attributes["error.type"]).toBe(type);
  });

  test("once and is then repeated by LangChain is one span that went well", async () => {
    server.reply(failing(503, "busy", { "retry-after-ms": "1" }), json(completion()));
    const [span, ...others] = await recording.of(() => chat({ maxRetries: 1 }).invoke("Hello"));
    expect(server.received).toHaveLength(2);
    expect(others).toEqual([]);
    expect(span).toMatchObject({ status: "ok", output_tokens: 20 });
  });

  test("because it is aborted, or takes too long, ends then", async () => {
    server.reply(() => {});
    const [aborted, late] = await recording.of(async () => {
      const stop = new AbortController();
      const asked = chat().invoke("Hello", { signal: stop.signal });
      await expect.poll(() => server.received.length).toBe(1);
      stop.abort();
      await expect(asked).rejects.toThrow();
      await expect(chat().invoke("Hello", { timeout: 50 })).rejects.toThrow();
    });
    expect([aborted?.status, late?.status]).toEqual(["error", "error"]);
    expect(aborted?.attributes["error.type"]).toMatch(/Abort/);
    expect(late?.attributes["error.type"]).toMatch(/Timeout|Abort/);
  });

  test("hands over to a fallback, and both are recorded", async () => {
    server.reply(failing(400, "no"), json(completion()));
    const [around, failed, worked] = await recording.of(() => chat().withFallbacks([chat()]).invoke("Hello"));
    expect(around).toMatchObject({ kind: "workflow", status: "ok" });
    expect(failed).toMatchObject({ kind: "llm", status: "error", parent_span_id: around?.span_id });
    expect(worked).toMatchObject({ kind: "llm", status: "ok", parent_span_id: around?.span_id });
  });
});
