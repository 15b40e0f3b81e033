import { OpenAI, OpenAIEmbedding, OpenAIResponses } from "@llamaindex/openai";
import { BaseLLM, ToolCallLLM, tool } from "llamaindex";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { SpanDetail } from "../../../src/store/reader.js";
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
import { spanTree } from "./span-tree.js";

const { instrumentLlamaIndex } = await built<typeof import("../../../src/sdk/integrations.js")>("sdk/integrations.js");

let server: OpenAIServer;
let recording: Recording;
let undo: () => void;
let llm: OpenAI;

beforeAll(async () => {
  server = await startOpenAIServer();
  recording = startRecording();
  undo = instrumentLlamaIndex();
  llm = openai();
});
afterAll(async () => {
  undo();
  await recording.stop();
  await server.close();
  expect(recording.told()).toEqual([]);
});

function openai(more: object = {}) {
  return new OpenAI({ apiKey: "k", baseURL: server.url, model: "gpt-4.1-mini", maxRetries: 0, ...more });
}

async function one(work: () => unknown): Promise<SpanDetail> {
  const spans = await recording.of(work);
  expect(spans).toHaveLength(1);
  return spans[0] as SpanDetail;
}

const hello = { messages: [{ role: "user" as const, content: "Hello" }] };
const usage = { usage: completion().usage };
const said = (content: string) => ({ role: "assistant", parts: [{ type: "text", content }], finish_reason: "stop" });

async function readAll(stream: AsyncIterable<{ delta?: string; text?: string }>): Promise<string> {
  let text = "";
  for await (const part of stream) text += part.delta ?? part.text;
  return text;
}

describe("a chat", () => {
  test("is one span with request, answer, tokens and what the provider says of it", async () => {
    server.reply(json(completion()));
    const span = await one(() =>
      openai({ maxTokens: 50, topP: 0.9, additionalChatOptions: { seed: 7, stop: "END" } }).chat(hello),
    );
    expect(span).toMatchObject({
      name: "chat gpt-4.1-mini",
      kind: "llm",
      otel_kind: "client",
      status: "ok",
      provider: "openai",
      request_model: "gpt-4.1-mini",
      response_model: "gpt-4.1-mini-2026-04-14",
      response_id: "chatcmpl-1",
      finish_reason: "stop",
      input_tokens: 100,
      cached_tokens: 60,
      output_tokens: 20,
      reasoning_tokens: 5,
      input_messages: [{ role: "user", parts: [{ type: "text", content: "Hello" }] }],
      output_messages: [said("It is sunny.")],
    });
    expect(span.attributes).toMatchObject({
      "gen_ai.request.temperature": 0.1,
      "gen_ai.request.top_p": 0.9,
      "gen_ai.request.max_tokens": 50,
      "gen_ai.request.seed": 7,
      "gen_ai.request.stop_sequences": ["END"],
      "agensight.model.context_window": 1_000_000,
      "server.address": "127.0.0.1",
      "server.port": server.port,
    });
  });

  test("shows tools, their calls and results, and no bytes of images", async () => {
    server.reply(json(completion()));
    const weather = tool(() => "", {
      name: "weather",
      description: "tells the weather",
      parameters: z.object({ city: z.string() }),
    });
    const call = { id: "call_1", name: "weather", input: { city: "Oslo" } };
    const image = { type: "image_url" as const, image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } };
    const span = await one(() =>
      llm.chat({
        tools: [weather],
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: [{ type: "text", text: "And here?" }, image] },
          { role: "assistant", content: "", options: { toolCall: [call] } },
          {
            role: "user",
            content: "sunny",
            options: { toolResult: { id: "call_1", result: "sunny", isError: false } },
          },
        ],
      }),
    );
    expect(JSON.parse(span.attributes["gen_ai.input.messages"] as string)).toEqual([
      { role: "system", parts: [{ type: "text", content: "Be brief." }] },
      {
        role: "user",
        parts: [
          { type: "text", content: "And here?" },
          {
            type: "blob",
            modality: "image",
            mime_type: "image/png",
            size: 8,
            sha256: "4c4b6a3be1314ab86138bef4314dde022e600960d8689a2c8f8631802d20dab6",
          },
        ],
      },
      { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Oslo" } }] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "sunny" }] },
    ]);
    expect(JSON.parse(span.tool_definitions ?? "")).toMatchObject([
      { type: "function", name: "weather", description: "tells the weather", parameters: { required: ["city"] } },
    ]);
  });

  test("that asks for a tool shows the call", async () => {
    const tool_calls = [
      { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } },
    ];
    server.reply(
      json(
        completion({
          choices: [
            { index: 0, message: { role: "assistant", content: null, tool_calls }, finish_reason: "tool_calls" },
          ],
        }),
      ),
    );
    const span = await one(() => llm.chat(hello));
    expect(span.output_messages).toEqual([
      {
        role: "assistant",
        parts: [{ type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Oslo" } }],
        finish_reason: "tool_calls",
      },
    ]);
  });

  test("that the model refuses shows the refusal", async () => {
    const message = { role: "assistant", content: null, refusal: "I cannot help with that." };
    server.reply(json(completion({ choices: [{ index: 0, message, finish_reason: "stop" }] })));
    const span = await one(() => llm.chat(hello));
    expect(span).toMatchObject({ status: "ok", output_messages: [said("I cannot help with that.")] });
  });

  test("of the Responses API has its tokens too", async () => {
    const response = {
      id: "resp_1",
      object: "response",
      status: "completed",
      model: "gpt-4.1-mini-2026-04-14",
      output: [
        {
          type: "message",
          id: "m",
          role: "assistant",
          content: [{ type: "output_text", text: "Hi.", annotations: [] }],
        },
      ],
      usage: {
        input_tokens: 9,
        output_tokens: 4,
        input_tokens_details: { cached_tokens: 3 },
        output_tokens_details: { reasoning_tokens: 1 },
      },
    };
    const model = new OpenAIResponses({ apiKey: "k", baseURL: server.url, model: "gpt-4.1-mini" });
    const answered = {
      status: "ok",
      response_id: "resp_1",
      input_tokens: 9,
      cached_tokens: 3,
      output_tokens: 4,
      reasoning_tokens: 1,
    };
    server.reply(json(response));
    expect(await one(() => model.chat(hello))).toMatchObject({
      ...answered,
      output_messages: [{ ...said("Hi."), finish_reason: "completed" }],
    });

    const created = {
      type: "response.created",
      response: { ...response, status: "in_progress", output: [], usage: null },
    };
    const delta = { type: "response.output_text.delta", item_id: "m", output_index: 0, content_index: 0, delta: "Hi." };
    server.reply(events([created, delta, { type: "response.completed", response }], "end"));
    const streamed = await one(async () => readAll(await model.chat({ ...hello, stream: true })));
    expect(streamed).toMatchObject({ ...answered, finish_reason: "stop" });
  });

  test("fails with the error that the program gets, unchanged", async () => {
    for (const [status, name] of [
      [400, "BadRequestError"],
      [401, "AuthenticationError"],
      [429, "RateLimitError"],
      [500, "InternalServerError"],
    ] as const) {
      server.reply(failing(status, "refused"));
      let caught: unknown;
      const span = await one(() => llm.chat(hello).catch((error: unknown) => (caught = error)));
      expect(caught).toMatchObject({ status });
      expect((caught as Error).constructor.name).toBe(name);
      expect(span).toMatchObject({ status: "error", error_message: (caught as Error).message });
      expect(span.attributes).toMatchObject({ "error.type": name, "http.response.status_code": status });
    }
  });

  test("that succeeds at the second try is one call", async () => {
    server.reply(failing(429, "rate_limit", { "retry-after-ms": "1" }), json(completion()));
    const span = await one(() => openai({ maxRetries: 2 }).chat(hello));
    expect(server.received).toHaveLength(2);
    expect(span).toMatchObject({ status: "ok", input_tokens: 100 });
  });

  test("that takes too long ends with the timeout", async () => {
    server.reply(() => {});
    const span = await one(() =>
      openai({ timeout: 50 })
        .chat(hello)
        .catch(() => {}),
    );
    expect(span).toMatchObject({ status: "error", error_type: "APIConnectionTimeoutError" });
  });

  test("is told from others that run at the same time", async () => {
    server.reply((response, { body }) => {
      const [{ content }] = body.messages as [{ content: string }];
      json(
        completion({
          id: `chatcmpl-${content}`,
          choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
        }),
      )(response, { body } as never);
    });
    const questions = Array.from({ length: 20 }, (_, number) => `question ${number}`);
    const spans = await recording.of(() =>
      Promise.all(questions.map((content) => llm.chat({ messages: [{ role: "user", content }] }))),
    );
    expect(spans.map((span) => span.response_id).sort()).toEqual(
      questions.map((question) => `chatcmpl-${question}`).sort(),
    );
    for (const span of spans) {
      expect(span.output_messages[0]?.parts).toEqual(span.input_messages[0]?.parts);
      expect(span.parent_span_id).toBe(spans[0]?.parent_span_id);
    }
  });
});

describe("a stream", () => {
  const stream = () => llm.chat({ ...hello, stream: true });

  test("ends its span when it was read, with chunks, first token, and tokens where the last chunk has them", async () => {
    server.reply(events([...spoken(["It ", "is ", "sunny."]), chunk([], usage)]));
    let text = "";
    const span = await one(async () => (text = await readAll(await stream())));
    expect(text).toBe("It is sunny.");
    expect(span).toMatchObject({
      status: "ok",
      finish_reason: "stop",
      response_id: "chatcmpl-1",
      input_tokens: 100,
      cached_tokens: 60,
      output_tokens: 20,
      output_messages: [said("It is sunny.")],
    });
    expect(span.first_token_ms).toBeGreaterThan(0);
    expect(span.attributes["agensight.stream.chunks"]).toBe(5);
  });

  test("shows tool calls whose arguments come in pieces, once", async () => {
    const part = (fn: object, more: object = {}) => chunk([[{ tool_calls: [{ index: 0, ...more, function: fn }] }]]);
    server.reply(
      events([
        part({ name: "weather", arguments: "" }, { id: "call_1", type: "function" }),
        part({ arguments: '{"city":' }),
        part({ arguments: '"Oslo"}' }),
        chunk([[{}, "tool_calls"]]),
      ]),
    );
    const span = await one(async () => readAll(await stream()));
    expect(span.output_messages).toEqual([
      {
        role: "assistant",
        parts: [{ type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Oslo" } }],
        finish_reason: "tool_calls",
      },
    ]);
  });

  test("that is broken off ends with what was read", async () => {
    server.reply(events(spoken(["It ", "is "]), "hang"));
    const span = await one(async () => {
      for await (const { delta } of await stream()) if (delta === "It ") break;
    });
    expect(span).toMatchObject({ status: "ok", output_messages: [{ parts: [{ type: "text", content: "It " }] }] });
    expect(span.attributes["agensight.stream.end"]).toBe("cancelled");
  });

  test("that the connection cuts fails, after what was read", async () => {
    server.reply(events(spoken(["It "]).slice(0, 2), "cut"));
    let caught: unknown;
    const span = await one(async () => readAll(await stream()).catch((error) => (caught = error)));
    expect(caught).toBeInstanceOf(Error);
    expect(span).toMatchObject({ status: "error", error_message: (caught as Error).message });
    expect(span.output_messages).toMatchObject([{ parts: [{ type: "text", content: "It " }] }]);
  });

  test("that the server refuses fails when it is read", async () => {
    server.reply(failing(401, "invalid_api_key"));
    const span = await one(async () => readAll(await stream()).catch(() => {}));
    expect(span.attributes).toMatchObject({ "error.type": "AuthenticationError", "http.response.status_code": 401 });
  });

  test("is the same object with the same chunks as without", async () => {
    server.reply(events(spoken(["It ", "is."])));
    const chunksOf = async () => {
      const chunks: unknown[] = [];
      const result = await stream();
      for await (const part of result) chunks.push(part);
      return [Object.prototype.toString.call(result), chunks, await result[Symbol.asyncIterator]().next()];
    };
    const recorded = await chunksOf();
    undo();
    const plain = await chunksOf();
    undo = instrumentLlamaIndex();
    expect(recorded).toEqual(plain);
  });
});

describe("what is built on chat", () => {
  test("complete is one chat, in one piece and streamed", async () => {
    server.reply(json(completion()));
    let text = "";
    expect(await one(async () => ({ text } = await llm.complete({ prompt: "Hello" })))).toMatchObject({
      name: "chat gpt-4.1-mini",
      input_tokens: 100,
      input_messages: [{ role: "user", parts: [{ type: "text", content: "Hello" }] }],
    });
    expect(text).toBe("It is sunny.");

    server.reply(events(spoken(["It ", "is."])));
    const streamed = await one(
      async () => (text = await readAll(await llm.complete({ prompt: "Hello", stream: true }))),
    );
    expect(text).toBe("It is.");
    expect(streamed).toMatchObject({ status: "ok", output_messages: [said("It is.")] });
  });

  test("exec shows the tools that ran, with the ids of their calls, and what failed in them", async () => {
    const calls = ["Oslo", "nowhere"].map((city, index) => ({
      id: `call_${index}`,
      type: "function",
      function: { name: "weather", arguments: JSON.stringify({ city }) },
    }));
    server.reply(
      json(
        completion({
          choices: [
            { index: 0, message: { role: "assistant", content: null, tool_calls: calls }, finish_reason: "tool_calls" },
          ],
        }),
      ),
    );
    const weather = tool({
      name: "weather",
      description: "tells the weather",
      parameters: z.object({ city: z.string() }),
      execute: ({ city }) => {
        if (city === "nowhere") throw new TypeError("no such city");
        return { city, sky: "sunny" };
      },
    });
    let answer: { newMessages: unknown[] } | undefined;
    const spans = await recording.of(async () => (answer = await llm.exec({ ...hello, tools: [weather] })));
    expect(answer?.newMessages).toHaveLength(3);
    expect(spanTree(spans)).toBe("chat gpt-4.1-mini\nexecute_tool weather\nexecute_tool weather ERROR TypeError");
    expect(spans[1]).toMatchObject({
      kind: "tool",
      tool: "weather",
      tool_call_id: "call_0",
      input_value: '{"city":"Oslo"}',
      output_value: '{"city":"Oslo","sky":"sunny"}',
    });
    expect(spans[2]).toMatchObject({ tool_call_id: "call_1", error_message: "no such city" });
  });

  test("structured output is a chat and the tool that checks it", async () => {
    const tool_calls = [
      { id: "call_1", type: "function", function: { name: "format_output", arguments: '{"sky":"sunny"}' } },
    ];
    server.reply(
      json(
        completion({
          choices: [
            { index: 0, message: { role: "assistant", content: null, tool_calls }, finish_reason: "tool_calls" },
          ],
        }),
      ),
    );
    let object: unknown;
    const spans = await recording.of(
      async () => ({ object } = await llm.exec({ ...hello, responseFormat: z.object({ sky: z.string() }) })),
    );
    expect(object).toEqual({ sky: "sunny" });
    expect(spanTree(spans)).toBe("chat gpt-4.1-mini\nexecute_tool format_output");
  });
});

describe("embeddings", () => {
  const vectors = (inputs: unknown) =>
    (inputs as string[]).map((_, index) => ({
      object: "embedding",
      index,
      embedding: Buffer.from(new Float32Array([0.1, 0.2, index]).buffer).toString("base64"),
    }));

  test("are a span a request, with texts, count and dimensions, without the vectors", async () => {
    server.reply((response, received) =>
      json({
        object: "list",
        model: "e",
        data: vectors(received.body.input),
        usage: { prompt_tokens: 3, total_tokens: 3 },
      })(response, received),
    );
    const model = new OpenAIEmbedding({
      apiKey: "k",
      baseURL: server.url,
      model: "text-embedding-3-small",
      embedBatchSize: 2,
    });
    let result: number[][] = [];
    const spans = await recording.of(async () => {
      result = await model.getTextEmbeddingsBatch(["a", "b", "c"]);
      await model.getTextEmbedding("d");
      await model.getQueryEmbedding({ type: "text", text: "e" });
    });
    expect(result).toHaveLength(3);
    expect(server.received).toHaveLength(4);
    expect(
      spans.map((span) => [
        span.name,
        span.attributes["agensight.embeddings.count"],
        span.attributes["gen_ai.embeddings.dimension.count"],
      ]),
    ).toEqual([2, 1, 1, 1].map((count) => ["embeddings text-embedding-3-small", count, 3]));
    expect(spans[0]).toMatchObject({
      kind: "embedding",
      provider: "openai",
      input_messages: [{ role: "user", parts: [{ content: "a" }, { content: "b" }] }],
    });
    expect(JSON.stringify(spans)).not.toContain(String(result[0]?.[0]));
  });

  test("that fail say so", async () => {
    server.reply(failing(400, "too_long"));
    const model = new OpenAIEmbedding({ apiKey: "k", baseURL: server.url, maxRetries: 0 });
    expect(await one(() => model.getTextEmbedding("a").catch(() => {}))).toMatchObject({
      status: "error",
      error_type: "BadRequestError",
    });
  });
});

describe("other providers", () => {
  /** A class of a provider, without the library's decorators. */
  function provider(base: typeof ToolCallLLM, name: string, answer: (stream: boolean) => unknown) {
    const made = class extends (base as unknown as new () => BaseLLM) {
      supportToolCall = true;
      metadata = {
        model: "some-model",
        temperature: 1,
        topP: 1,
        contextWindow: 1000,
        tokenizer: undefined,
        structuredOutput: false,
      };
      async chat({ stream }: { stream?: boolean }): Promise<never> {
        return answer(stream === true) as never;
      }
    };
    Object.defineProperty(made, "name", { value: name });
    return new made() as unknown as OpenAI;
  }
  const message = { role: "assistant", content: "Hi." };

  test("of any class are recorded, with what Anthropic counts apart as input", async () => {
    const first = {
      type: "message_start",
      message: {
        id: "msg_1",
        model: "claude-x",
        usage: { input_tokens: 10, cache_read_input_tokens: 80, cache_creation_input_tokens: 10, output_tokens: 1 },
      },
    };
    const last = { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 7 } };
    const raw = {
      type: "message",
      id: "msg_1",
      model: "claude-x",
      stop_reason: "end_turn",
      usage: { ...first.message.usage, output_tokens: 7 },
    };
    async function* streamed() {
      yield { delta: "", raw: first };
      yield { delta: "Hi.", raw: { type: "content_block_delta" }, options: { thinking: "hm" } };
      yield { delta: "", raw: last };
    }
    const model = provider(ToolCallLLM, "Anthropic", (stream) => (stream ? streamed() : { message, raw }));
    const expected = {
      name: "chat some-model",
      provider: "anthropic",
      response_id: "msg_1",
      response_model: "claude-x",
      finish_reason: "stop",
      input_tokens: 100,
      cached_tokens: 80,
      cache_write_tokens: 10,
      output_tokens: 7,
    };
    expect(await one(() => model.chat(hello))).toMatchObject(expected);
    const span = await one(async () => readAll(await model.chat({ ...hello, stream: true })));
    expect(span).toMatchObject({
      ...expected,
      output_messages: [
        {
          parts: [
            { type: "reasoning", content: "hm" },
            { type: "text", content: "Hi." },
          ],
        },
      ],
    });
  });

  test("of Gemini's and Ollama's form have their tokens", async () => {
    const gemini = {
      response: {
        responseId: "g_1",
        modelVersion: "gemini-x",
        candidates: [{ finishReason: "STOP" }],
        usageMetadata: {
          promptTokenCount: 10,
          candidatesTokenCount: 5,
          thoughtsTokenCount: 2,
          cachedContentTokenCount: 4,
        },
      },
    };
    expect(
      await one(() => provider(ToolCallLLM, "Gemini", () => ({ message, raw: gemini })).chat(hello)),
    ).toMatchObject({
      provider: "gcp.gemini",
      response_id: "g_1",
      finish_reason: "stop",
      input_tokens: 10,
      cached_tokens: 4,
      output_tokens: 7,
      reasoning_tokens: 2,
    });
    const ollama = { model: "llama", done: true, done_reason: "stop", prompt_eval_count: 11, eval_count: 6 };
    expect(
      await one(() => provider(ToolCallLLM, "Ollama", () => ({ message, raw: ollama })).chat(hello)),
    ).toMatchObject({
      provider: "ollama",
      response_model: "llama",
      finish_reason: "stop",
      input_tokens: 11,
      output_tokens: 6,
    });
  });

  test("whose class extends BaseLLM itself are recorded when the library calls them, and as a target", async () => {
    const model = provider(BaseLLM as typeof ToolCallLLM, "ReplicateLLM", () => ({ message, raw: null }));
    expect(await recording.of(() => model.chat(hello))).toHaveLength(0);
    expect(await one(() => model.complete({ prompt: "Hello" }))).toMatchObject({
      name: "chat some-model",
      provider: "replicate",
    });
    const other = provider(BaseLLM as typeof ToolCallLLM, "ReplicateLLM", () => ({ message, raw: null }));
    const undoOne = instrumentLlamaIndex(other);
    expect(await one(() => other.chat(hello))).toMatchObject({ status: "ok" });
    undoOne();
  });

  test("that derive from another provider's class and call it are one span", async () => {
    class Retrying extends OpenAI {
      override chat(params: never): never {
        return super.chat(params) as never;
      }
    }
    server.reply(json(completion()));
    const span = await one(() =>
      new Retrying({ apiKey: "k", baseURL: server.url, model: "gpt-4.1-mini" }).chat(hello as never),
    );
    expect(span).toMatchObject({ provider: "openai", input_tokens: 100 });
  });
});
