import OpenAI7, { AzureOpenAI as Azure7 } from "openai";
import OpenAI6, { AzureOpenAI as Azure6 } from "openai6";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SpanDetail } from "../../../src/store/reader.js";
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

const { instrumentOpenAI, startSpan } = await built<typeof import("../../../src/index.js")>("index.js");

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

const weather = {
  type: "function" as const,
  function: { name: "weather", description: "Weather of a city", parameters: { type: "object", properties: {} } },
};
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const hello = { model: "gpt-4.1-mini", messages: [{ role: "user" as const, content: "Hello" }] };

describe.each([
  ["openai 6", OpenAI6 as unknown as typeof OpenAI7, Azure6 as unknown as typeof Azure7],
  ["openai 7", OpenAI7, Azure7],
])("With %s", (_, OpenAI, Azure) => {
  let client: OpenAI7;
  let undo: () => void;
  beforeAll(() => {
    undo = instrumentOpenAI(OpenAI);
  });
  afterAll(() => undo());
  beforeEach(() => {
    recording.told();
    client = new OpenAI({ apiKey: "sk-test", baseURL: server.url, maxRetries: 0, logLevel: "off" });
  });

  async function one(answer: Answer, work: () => unknown): Promise<SpanDetail> {
    server.reply(answer);
    const spans = await recording.of(work);
    expect(spans).toHaveLength(1);
    expect(recording.told()).toEqual([]);
    return spans[0] as SpanDetail;
  }

  test("a chat completion is recorded with its request, its answer and its usage", async () => {
    const span = await one(json(completion()), () =>
      client.chat.completions.create({
        model: "gpt-4.1-mini",
        messages: [
          { role: "developer", content: "Be brief." },
          {
            role: "user",
            content: [
              { type: "text", text: "What is this?" },
              { type: "image_url", image_url: { url: `data:image/png;base64,${pixel}` } },
              { type: "image_url", image_url: { url: "https://example.com/cat.png" } },
              { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
            ],
          },
          {
            role: "assistant",
            tool_calls: [
              { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } },
            ],
          },
          { role: "tool", tool_call_id: "call_1", content: "sunny" },
        ],
        tools: [weather],
        temperature: 0.2,
        top_p: 0.9,
        max_completion_tokens: 500,
        stop: "END",
        seed: 7,
        frequency_penalty: 0.1,
        presence_penalty: 0.3,
        response_format: { type: "json_object" },
        service_tier: "flex",
      }),
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
    });
    expect(span.cost_usd).toBeGreaterThan(0);
    expect(span.attributes).toMatchObject({
      "server.address": "127.0.0.1",
      "server.port": server.port,
      "gen_ai.request.temperature": 0.2,
      "gen_ai.request.top_p": 0.9,
      "gen_ai.request.max_tokens": 500,
      "gen_ai.request.stop_sequences": ["END"],
      "gen_ai.request.seed": 7,
      "gen_ai.request.frequency_penalty": 0.1,
      "gen_ai.request.presence_penalty": 0.3,
      "gen_ai.output.type": "json",
      "openai.request.service_tier": "flex",
      "openai.response.service_tier": "default",
      "openai.response.system_fingerprint": "fp_1",
    });
    expect(span.input_messages).toEqual([
      { role: "developer", parts: [{ type: "text", content: "Be brief." }] },
      {
        role: "user",
        parts: [
          { type: "text", content: "What is this?" },
          { type: "media", summary: expect.stringContaining("image/png") },
          { type: "media", summary: expect.stringContaining("https://example.com/cat.png") },
          { type: "media", summary: expect.stringContaining("audio") },
        ],
      },
      { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Oslo" } }] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "sunny" }] },
    ]);
    expect(span.output_messages).toEqual([
      { role: "assistant", parts: [{ type: "text", content: "It is sunny." }], finish_reason: "stop" },
    ]);
    expect(JSON.parse(span.tool_definitions ?? "")).toEqual([{ ...weather.function, type: "function" }]);
    const text = JSON.stringify(span);
    expect(text).toContain('\\"sha256\\"');
    expect(text).not.toContain(pixel.slice(10, 40));
    expect(text).not.toContain("sk-test");
  });

  test("tool calls, several choices, refusals and reasoning of other services are kept", async () => {
    const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } };
    const choice = (index: number, message: object, finish_reason: string) => ({
      index,
      message: { role: "assistant", content: null, refusal: null, ...message },
      logprobs: null,
      finish_reason,
    });
    const choices = [
      choice(0, { tool_calls: [call], reasoning_content: "Which city?" }, "tool_calls"),
      choice(1, { refusal: "I cannot." }, "stop"),
    ];
    const span = await one(json(completion({ choices })), () => client.chat.completions.create({ ...hello, n: 2 }));
    expect(span.attributes["gen_ai.request.choice.count"]).toBe(2);
    expect(span.attributes["gen_ai.response.finish_reasons"]).toEqual(["tool_calls", "stop"]);
    expect(span.output_messages.map(({ parts }) => parts)).toEqual([
      [
        { type: "reasoning", content: "Which city?" },
        { type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Oslo" } },
      ],
      [{ type: "text", content: "I cannot." }],
    ]);
  });

  test("a streamed chat is put together from its chunks, and its request is not changed", async () => {
    const args = (piece: string) => chunk([[{ tool_calls: [{ index: 0, function: { arguments: piece } }] }]]);
    const all = [
      ...spoken(["It is ", "sunny."]).slice(0, -1),
      chunk([
        [{ tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "weather", arguments: "" } }] }],
      ]),
      args('{"city":'),
      args('"Oslo"}'),
      chunk([[{}, "tool_calls"]]),
    ];
    const span = await one(events(all), async () => {
      let count = 0;
      for await (const _ of await client.chat.completions.create({ ...hello, stream: true })) count++;
      expect(count).toBe(all.length);
    });
    expect(server.received[0]?.body).toEqual({ ...hello, stream: true });
    expect(span).toMatchObject({ status: "ok", response_id: "chatcmpl-1", input_tokens: null, output_tokens: null });
    expect(span.attributes).toMatchObject({ "agensight.stream.chunks": all.length, "gen_ai.request.stream": true });
    expect(span.first_token_ms).toBeGreaterThan(0);
    expect(span.output_messages).toEqual([
      {
        role: "assistant",
        parts: [
          { type: "text", content: "It is sunny." },
          { type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Oslo" } },
        ],
        finish_reason: "tool_call",
      },
    ]);
  });

  test("a streamed chat has its usage where the program asks for it", async () => {
    const all = [...spoken(["Hi"]), chunk([], { usage: completion().usage })];
    const span = await one(events(all), async () => {
      const include = { stream: true as const, stream_options: { include_usage: true } };
      for await (const _ of await client.chat.completions.create({ ...hello, ...include }));
    });
    expect(span).toMatchObject({ input_tokens: 100, cached_tokens: 60, output_tokens: 20, finish_reason: "stop" });
  });

  test("parse and the stream helper keep what they make of an answer, in one span each", async () => {
    const structured = completion({
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: '{"city":"Oslo"}', refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
    });
    const response_format = { type: "json_schema" as const, json_schema: { name: "place", strict: true, schema: {} } };
    const $parseRaw = (text: string) => JSON.parse(text);
    const parsable = Object.defineProperties(
      { ...response_format },
      { $brand: { value: "auto-parseable-response-format" }, $parseRaw: { value: $parseRaw } },
    );
    const span = await one(json(structured), async () => {
      const parsed = await client.chat.completions.parse({ ...hello, response_format: parsable });
      expect(parsed.choices[0]?.message.parsed).toEqual({ city: "Oslo" });
    });
    expect(span).toMatchObject({ status: "ok", attributes: { "gen_ai.output.type": "json" } });

    const streamed = await one(events(spoken(["It is ", "sunny."])), async () => {
      const stream = client.chat.completions.stream(hello);
      const deltas: string[] = [];
      stream.on("content", (delta) => deltas.push(delta));
      expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe("It is sunny.");
      expect(deltas.join("")).toBe("It is sunny.");
    });
    expect(streamed.output_messages[0]?.parts).toEqual([{ type: "text", content: "It is sunny." }]);
  });

  test("a response is recorded with its items as messages", async () => {
    const items = [
      {
        type: "reasoning",
        id: "rs_1",
        summary: [{ type: "summary_text", text: "Look it up." }],
        encrypted_content: "xxxx",
      },
      { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "Oslo" } },
      {
        type: "function_call",
        id: "fc_1",
        call_id: "call_2",
        name: "weather",
        arguments: '{"city":"Oslo"}',
        status: "completed",
      },
      { type: "image_generation_call", id: "ig_1", status: "completed", result: pixel, output_format: "png" },
      message("Let me see."),
    ];
    const span = await one(json(response(items, { conversation: { id: "conv_1" } })), async () => {
      const answer = await client.responses.create({
        model: "gpt-5-mini",
        instructions: "Be brief.",
        previous_response_id: "resp_0",
        conversation: "conv_1",
        max_output_tokens: 400,
        text: { format: { type: "json_schema", name: "place", schema: {} } },
        tools: [{ type: "web_search" }, { type: "function", name: "weather", parameters: {}, strict: true }],
        input: [
          {
            role: "user",
            content: [
              { type: "input_text", text: "Weather?" },
              { type: "input_image", detail: "auto", image_url: `data:image/png;base64,${pixel}` },
            ],
          },
          { type: "function_call", call_id: "call_1", name: "weather", arguments: "{}" },
          { type: "function_call_output", call_id: "call_1", output: "which city?" },
        ],
      });
      expect(answer.output_text).toBe("Let me see.");
    });
    expect(span).toMatchObject({
      name: "chat gpt-5-mini",
      kind: "llm",
      response_model: "gpt-5-mini-2026-02-02",
      response_id: "resp_1",
      session_id: "conv_1",
      finish_reason: "tool_call",
      system: "Be brief.",
      input_tokens: 300,
      cached_tokens: 128,
      output_tokens: 80,
      reasoning_tokens: 64,
    });
    expect(span.attributes).toMatchObject({
      "openai.api.type": "responses",
      "openai.request.previous_response_id": "resp_0",
      "gen_ai.output.type": "json",
      "gen_ai.request.max_tokens": 400,
    });
    expect(span.input_messages).toEqual([
      {
        role: "user",
        parts: [
          { type: "text", content: "Weather?" },
          { type: "media", summary: expect.stringContaining("image/png") },
        ],
      },
      { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "weather", arguments: {} }] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "which city?" }] },
    ]);
    expect(span.output_messages[0]?.parts).toEqual([
      { type: "reasoning", content: "Look it up." },
      { type: "tool_call", id: "ws_1", name: "web_search", arguments: { action: { type: "search", query: "Oslo" } } },
      { type: "tool_call", id: "call_2", name: "weather", arguments: { city: "Oslo" } },
      expect.objectContaining({ type: "tool_call", name: "image_generation" }),
      { type: "text", content: "Let me see." },
    ]);
    expect(JSON.stringify(span)).not.toContain(pixel.slice(10, 40));
    expect(JSON.stringify(span)).not.toContain("xxxx");
  });

  test("a streamed response is recorded from its last event, a cut one from what came", async () => {
    const read = async (stream: AsyncIterable<unknown>) => {
      const types: unknown[] = [];
      for await (const event of stream) types.push((event as { type: unknown }).type);
      return types;
    };
    const create = () => client.responses.create({ model: "gpt-5-mini", input: "Hello", stream: true });
    const all = told(["It is ", "sunny."], "completed");
    const whole = await one(events(all, "end"), async () => {
      expect(await read(await create())).toEqual(all.map((event) => (event as { type: unknown }).type));
    });
    expect(whole).toMatchObject({ status: "ok", finish_reason: "stop", input_tokens: 300, cached_tokens: 128 });
    expect(whole.output_messages[0]?.parts).toEqual([{ type: "text", content: "It is sunny." }]);

    const incomplete = { incomplete_details: { reason: "max_output_tokens" } };
    const short = await one(events(told(["It"], "incomplete", incomplete), "end"), async () => read(await create()));
    expect(short).toMatchObject({ status: "ok", finish_reason: "length" });

    const cut = await one(events(told(["It is ", "sunny."]), "cut"), async () =>
      expect(create().then(read)).rejects.toThrow("terminated"),
    );
    expect(cut).toMatchObject({ status: "error", error_type: "TypeError", response_id: "resp_1" });
    expect(cut.output_messages[0]?.parts).toEqual([{ type: "text", content: "It is sunny." }]);
  });

  test("a response that failed is an error, whether it is streamed or not", async () => {
    const over = { status: "failed", error: { code: "rate_limit_exceeded", message: "Too much." }, usage: null };
    const whole = await one(json(response([], over)), () => client.responses.create({ model: "m", input: "Hello" }));
    expect(whole).toMatchObject({ status: "error", error_type: "rate_limit_exceeded", error_message: "Too much." });
    expect(whole.error_stack).toBeNull();

    const read = async () => {
      for await (const _ of await client.responses.create({ model: "m", input: "Hello", stream: true }));
    };
    const streamed = await one(events(told(["It"], "failed", over), "end"), read);
    expect(streamed).toMatchObject({ status: "error", error_type: "rate_limit_exceeded" });

    const error = { type: "error", code: "server_error", message: "Broken.", param: null, sequence_number: 9 };
    const reported = await one(events([...told(["It"]), error], "end"), () => read().catch(() => {}));
    expect(reported).toMatchObject({ status: "error", error_message: expect.stringContaining("Broken.") });
  });

  test("the response helpers keep what they make of an answer, in one span each", async () => {
    const text = { format: { type: "json_schema" as const, name: "place", schema: {} } };
    await one(json(response([message('{"city":"Oslo"}')])), async () => {
      const parsed = await client.responses.parse({ model: "m", input: "Hello", text });
      expect(parsed.output_text).toBe('{"city":"Oslo"}');
    });
    const streamed = await one(events(told(["It is ", "sunny."], "completed"), "end"), async () => {
      const stream = client.responses.stream({ model: "m", input: "Hello" });
      expect((await stream.finalResponse()).output_text).toBe("It is sunny.");
    });
    expect(streamed).toMatchObject({ status: "ok", response_id: "resp_1" });
  });

  test("looking up a stored response is no call of a model", async () => {
    server.reply(json(response([message("Hi")])));
    const spans = await recording.of(() => client.responses.retrieve("resp_1"));
    expect(spans).toEqual([]);
  });

  test("embeddings are recorded without their vectors", async () => {
    const numbers = Buffer.from(new Float32Array([0.5, 0.25, 0.125]).buffer).toString("base64");
    const answer: Answer = (out, received) => {
      const embedding = received.body.encoding_format === "base64" ? numbers : [0.5, 0.25, 0.125];
      const data = [0, 1].map((index) => ({ object: "embedding", index, embedding }));
      const usage = { prompt_tokens: 6, total_tokens: 6 };
      json({ object: "list", data, model: "text-embedding-3-small", usage })(out, received);
    };
    for (const encoding_format of [undefined, "float" as const, "base64" as const]) {
      const span = await one(answer, async () => {
        const input = ["red", "blue"];
        const format = encoding_format ? { encoding_format } : {};
        const { data } = await client.embeddings.create({ model: "text-embedding-3-small", input, ...format });
        if (encoding_format === "base64") expect(data[1]?.embedding).toBe(numbers);
        else expect([...(data[1]?.embedding ?? [])]).toEqual([0.5, 0.25, 0.125]);
      });
      expect(span).toMatchObject({ name: "embeddings text-embedding-3-small", kind: "embedding", input_tokens: 6 });
      expect(span.attributes).toMatchObject({
        "agensight.embeddings.count": 2,
        "gen_ai.embeddings.dimension.count": 3,
      });
      expect(span.attributes["gen_ai.request.encoding_formats"]).toEqual(encoding_format && [encoding_format]);
      expect(JSON.stringify(span.attributes)).not.toContain("0.125");
      expect(span.input_messages[0]?.parts).toEqual([
        { type: "text", content: "red" },
        { type: "text", content: "blue" },
      ]);
    }
  });

  test("the older completions are recorded", async () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    const text = { text: " time", index: 0, logprobs: null, finish_reason: "length" };
    const answer = {
      id: "cmpl-1",
      object: "text_completion",
      created: 1,
      model: "gpt-3.5-turbo-instruct",
      choices: [text],
      usage,
    };
    const span = await one(json(answer), () =>
      client.completions.create({ model: "gpt-3.5-turbo-instruct", prompt: "Once upon a" }),
    );
    expect(span).toMatchObject({
      name: "text_completion gpt-3.5-turbo-instruct",
      kind: "llm",
      finish_reason: "length",
      output_tokens: 2,
    });
    expect(span.output_messages[0]?.parts).toEqual([{ type: "text", content: " time" }]);
  });

  test.each([
    [400, "BadRequestError"],
    [401, "AuthenticationError"],
    [429, "RateLimitError"],
    [500, "InternalServerError"],
  ])("a call that is refused with %d is an error with the library's class", async (status, type) => {
    const span = await one(failing(status, "some_code"), async () => {
      const error = await client.chat.completions.create(hello).catch((reason) => reason);
      expect(error.constructor.name).toBe(type);
    });
    expect(span).toMatchObject({ status: "error", error_type: type, request_model: "gpt-4.1-mini" });
    expect(span.error_message).toContain("refused with some_code");
    expect(span.attributes["http.response.status_code"]).toBe(status);
  });

  test("retries are one span with their number and the final outcome", async () => {
    const soon = { "retry-after-ms": "1" };
    const patient = new OpenAI({ apiKey: "k", baseURL: server.url, maxRetries: 2, logLevel: "off" });
    server.reply(failing(500, "a", soon), failing(429, "b", soon), json(completion()));
    const [good, ...none] = await recording.of(() => patient.chat.completions.create(hello));
    expect([good?.status, good?.attributes["http.request.resend_count"], none]).toEqual(["ok", 2, []]);

    server.reply(failing(500, "a", soon));
    const [bad] = await recording.of(() => patient.chat.completions.create(hello).catch(() => {}));
    expect(bad).toMatchObject({ status: "error", error_type: "InternalServerError" });
    expect(bad?.attributes["http.request.resend_count"]).toBe(2);
  });

  test("a timeout, a refused connection, an abort and a body that is no JSON are errors", async () => {
    const slow = await one(
      () => {},
      () => expect(client.chat.completions.create(hello, { timeout: 30 })).rejects.toThrow("timed out"),
    );
    expect(slow.error_type).toBe("APIConnectionTimeoutError");

    const nowhere = new OpenAI({ apiKey: "k", baseURL: "http://127.0.0.1:1/v1", maxRetries: 0, logLevel: "off" });
    const refused = await one(json({}), () => expect(nowhere.chat.completions.create(hello)).rejects.toThrow());
    expect(refused.error_type).toBe("APIConnectionError");

    const aborted = await one(
      () => {},
      async () => {
        const controller = new AbortController();
        const promise = client.chat.completions.create(hello, { signal: controller.signal });
        await expect.poll(() => server.received.length).toBe(1);
        controller.abort();
        await expect(promise).rejects.toThrow("aborted");
      },
    );
    expect(aborted.error_type).toBe("APIUserAbortError");

    const html: Answer = (out) => out.writeHead(200, { "content-type": "application/json" }).end("<html>");
    const nonsense = await one(html, () => expect(client.chat.completions.create(hello)).rejects.toThrow(SyntaxError));
    expect(nonsense.error_type).toBe("SyntaxError");
  });

  test("an answer with an error and nothing else is one, though its status is 200", async () => {
    const body = { error: { type: "provider_error", message: "the provider is overloaded" } };
    const failed = await one(json(body), async () => {
      expect(await client.chat.completions.create(hello)).toMatchObject(body);
    });
    expect(failed).toMatchObject({
      status: "error",
      error_type: "provider_error",
      error_message: "the provider is overloaded",
    });
  });

  test("calls in parallel stay apart and under their own parents, and requests run inside of them", async () => {
    const echo: Answer = (out, received) => {
      const content = String((received.body.messages as { content: string }[])[0]?.content);
      const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
      setTimeout(() => json(completion({ choices }))(out, received), content === "0" ? 30 : 1);
    };
    server.reply(echo);
    const fetching = new OpenAI({
      apiKey: "k",
      baseURL: server.url,
      fetch: (...request) => startSpan("fetch", () => fetch(...request)),
    });
    const spans = await recording.of(() =>
      Promise.all(
        ["0", "1", "2"].map((content) =>
          startSpan(`step ${content}`, () =>
            fetching.chat.completions.create({ model: "m", messages: [{ role: "user", content }] }),
          ),
        ),
      ),
    );
    const byId = new Map(spans.map((span) => [span.span_id, span]));
    const calls = spans.filter((span) => span.name === "chat m");
    expect(calls).toHaveLength(3);
    for (const call of calls) {
      const said = call.output_messages[0]?.parts[0];
      const step = byId.get(call.parent_span_id ?? "")?.name;
      expect(said).toEqual({ type: "text", content: step?.slice("step ".length) });
      expect(spans.filter((span) => span.parent_span_id === call.span_id).map(({ name }) => name)).toEqual(["fetch"]);
    }
  });

  test("Azure and services that speak OpenAI's API are told by class and address", async () => {
    const found: unknown[] = [];
    const fetch = async () => Response.json(completion());
    const azure = new Azure({
      apiKey: "k",
      apiVersion: "2026-01-01",
      endpoint: "https://mine.openai.azure.com",
      deployment: "d",
      fetch,
    });
    const at = (baseURL: string) => new OpenAI({ apiKey: "k", baseURL, fetch });
    const clients = [
      azure,
      new Azure({ apiKey: "k", apiVersion: "2026-01-01", endpoint: "https://gateway.example.com", fetch }),
      at("https://api.openai.com/v1"),
      at("https://api.x.ai/v1"),
      at("https://api.deepseek.com"),
      at("https://api.groq.com/openai/v1"),
      at("https://api.mistral.ai/v1"),
      at("https://api.perplexity.ai"),
      at("http://localhost:11434/v1"),
    ];
    for (const { attributes } of await recording.of(async () => {
      for (const each of clients) await each.chat.completions.create(hello);
    }))
      found.push(
        [attributes["gen_ai.provider.name"], attributes["server.address"], attributes["server.port"]].join(" "),
      );
    expect(found).toEqual([
      "azure.ai.openai mine.openai.azure.com 443",
      "azure.ai.openai gateway.example.com 443",
      "openai api.openai.com 443",
      "x_ai api.x.ai 443",
      "deepseek api.deepseek.com 443",
      "groq api.groq.com 443",
      "mistral_ai api.mistral.ai 443",
      "perplexity api.perplexity.ai 443",
      "openai localhost 11434",
    ]);
  });
});
