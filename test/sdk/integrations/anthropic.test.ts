import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { events, failure, json, message, silence, startAnthropicServer, stream, toolUse } from "./anthropic-server.js";
import { type Sdk, versions } from "./anthropic-versions.js";
import { built, type Recording, startRecording } from "./recorded.js";

const { instrumentAnthropic } = await built<typeof import("../../../src/sdk/integrations.js")>("sdk/integrations.js");
const { startSpan } = await built<typeof import("../../../src/index.js")>("index.js");

const model = "claude-sonnet-5-5";
const question = { role: "user", content: "How is the weather in Oslo?" };
const ask = { model, max_tokens: 100, messages: [question] };
const weather = {
  name: "weather",
  description: "Tells the weather",
  input_schema: { type: "object", properties: { city: { type: "string" } } },
};
const call = toolUse("toolu_1", "weather", { city: "Oslo", days: [1, 2] });
const thinking = { type: "thinking", thinking: "Where is Oslo?", signature: "c2ln" };
const thoughtful = message(model, {
  content: [thinking, { type: "text", text: "Let me look." }, call],
  stop_reason: "tool_use",
});

let server: Awaited<ReturnType<typeof startAnthropicServer>>;
let recording: Recording;
beforeAll(async () => {
  server = await startAnthropicServer();
  recording = startRecording();
});
afterAll(async () => {
  await recording.stop();
  await server.close();
});

describe.each(versions)("$name", ({ sdk: Anthropic, hasSpans }) => {
  let client: Sdk;
  let undo: () => void;
  beforeEach(() => {
    undo = instrumentAnthropic(Anthropic);
    client = new Anthropic({ apiKey: "sk-ant-test", baseURL: server.url });
  });
  afterEach(() => {
    undo();
    server.forgetReplies();
  });

  async function readAll(call: Promise<AsyncIterable<unknown>>): Promise<unknown[]> {
    const chunks = [];
    for await (const chunk of await call) chunks.push(chunk);
    return chunks;
  }

  test("A call becomes one span with what was asked, what came back and what it cost", async () => {
    const spans = await recording.of(() =>
      client.messages.create({
        ...ask,
        temperature: 0.5,
        top_p: 0.9,
        top_k: 5,
        stop_sequences: ["END"],
        system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
        tools: [weather, { type: "web_search_20250305", name: "web_search", max_uses: 2 }],
        metadata: { user_id: "user-7" },
      }),
    );
    expect(spans).toHaveLength(1);
    const [span] = spans;
    expect(span).toMatchObject({
      name: hasSpans ? "anthropic.messages.create" : `chat ${model}`,
      otel_kind: "client",
      kind: "llm",
      status: "ok",
      provider: "anthropic",
      model,
      response_id: "msg_01XFDUDYJgAACzvnptvVoYEL",
      finish_reason: "stop",
      // 12 fresh, 400 read from the cache and 30 written to it
      input_tokens: 442,
      cached_tokens: 400,
      cache_write_tokens: 30,
      output_tokens: 7,
      user_id: "user-7",
      input_messages: [{ role: "user", parts: [{ type: "text", content: question.content }] }],
    });
    expect(span?.system).toContain("Be brief.");
    expect(span?.output_messages[0]?.parts).toEqual([{ type: "text", content: "It rains in Oslo." }]);
    expect(JSON.parse(span?.tool_definitions ?? "")).toEqual([
      { type: "function", name: "weather", description: "Tells the weather", parameters: weather.input_schema },
      { type: "web_search_20250305", name: "web_search", max_uses: 2 },
    ]);
    expect(span?.attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": model,
      "gen_ai.request.max_tokens": 100,
      "gen_ai.request.temperature": 0.5,
      "gen_ai.request.top_p": 0.9,
      "gen_ai.request.top_k": 5,
      "gen_ai.request.stop_sequences": ["END"],
      "server.address": "127.0.0.1",
      "server.port": server.port,
      "anthropic.response.service_tier": "standard",
    });
  });

  test("A conversation is kept with its tools, thoughts and documents, and of images only what they are", async () => {
    const spans = await recording.of(() =>
      client.messages.create({
        ...ask,
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "What is this?" },
              { type: "image", source: { type: "base64", media_type: "image/png", data: "aGVsbG8gd29ybGQ=" } },
              { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
              { type: "document", source: { type: "text", media_type: "text/plain", data: "A letter." } },
            ],
          },
          {
            role: "assistant",
            content: [
              thinking,
              { type: "redacted_thinking", data: "ZW5jcnlwdGVk" },
              call,
              { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "Oslo" } },
              {
                type: "web_search_tool_result",
                tool_use_id: "srvtoolu_1",
                content: [
                  { type: "web_search_result", title: "Oslo", url: "https://oslo.no", encrypted_content: "c2VjcmV0" },
                ],
              },
            ],
          },
          {
            role: "user",
            content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "It rains.", is_error: false }],
          },
        ],
      }),
    );
    expect(spans).toHaveLength(1);
    const recorded = spans[0]?.attributes["gen_ai.input.messages"] as string;
    for (const bytes of ["aGVsbG8gd29ybGQ=", "ZW5jcnlwdGVk", "c2VjcmV0"]) expect(recorded).not.toContain(bytes);
    const [asked, answered, told] = JSON.parse(recorded);
    expect(asked.parts).toEqual([
      { type: "text", content: "What is this?" },
      {
        type: "blob",
        modality: "image",
        mime_type: "image/png",
        size: 11,
        sha256: "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
      },
      { type: "uri", modality: "image", uri: "https://example.com/a.png" },
      { type: "text", content: "A letter." },
    ]);
    expect(answered.parts).toMatchObject([
      { type: "reasoning", content: "Where is Oslo?" },
      { type: "redacted_thinking" },
      { type: "tool_call", id: "toolu_1", name: "weather", arguments: { city: "Oslo", days: [1, 2] } },
      { type: "tool_call", id: "srvtoolu_1", name: "web_search", arguments: { query: "Oslo" } },
      { type: "tool_call_response", id: "srvtoolu_1", response: [{ title: "Oslo", url: "https://oslo.no" }] },
    ]);
    expect(told.parts).toEqual([{ type: "tool_call_response", id: "toolu_1", response: "It rains." }]);
  });

  test("A stream that is read to its end leaves the whole answer, its usage and the number of chunks", async () => {
    server.reply(stream(events(thoughtful)));
    const [span, ...more] = await recording.of(async () => {
      const chunks = await readAll(client.messages.create({ ...ask, stream: true }));
      expect(chunks).toEqual(events(thoughtful).filter(({ type }) => type !== "ping"));
    });
    expect(more).toEqual([]);
    expect(span).toMatchObject({
      status: "ok",
      finish_reason: "tool_call",
      input_tokens: 442,
      cached_tokens: 400,
      output_tokens: 7,
      response_id: "msg_01XFDUDYJgAACzvnptvVoYEL",
    });
    expect(span?.output_messages[0]?.parts).toEqual([
      { type: "reasoning", content: "Where is Oslo?" },
      { type: "text", content: "Let me look." },
      { type: "tool_call", id: "toolu_1", name: "weather", arguments: { city: "Oslo", days: [1, 2] } },
    ]);
    expect(span?.first_token_ms).toBeGreaterThan(0);
    expect(span?.attributes["agensight.stream.chunks"]).toBe(events(thoughtful).length - 1);
  });

  test("A stream that is broken off ends its span with what was read of it", async () => {
    server.reply(stream(events(message(model)), "hang"));
    const spans = await recording.of(async () => {
      for await (const event of await client.messages.create({ ...ask, stream: true }))
        if ((event as { type: string }).type === "content_block_delta") break;
    });
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({ status: "ok", finish_reason: null, input_tokens: 442, output_tokens: null });
    expect(spans[0]?.output_messages[0]?.parts).toEqual([{ type: "text", content: "It rai" }]);
    expect(spans[0]?.attributes).toMatchObject({ "agensight.stream.end": "cancelled", "agensight.stream.chunks": 3 });
  });

  test.each([
    ["an error event", { type: "overloaded_error", message: "Overloaded" }, /Overloaded/],
    ["a cut connection", "cut", /terminated/],
  ] as const)("A stream that fails with %s ends its span as failed, with what came before", async (_, end, says) => {
    server.reply(stream(events(message(model)).slice(0, 4), end));
    const spans = await recording.of(() =>
      expect(readAll(client.messages.create({ ...ask, stream: true }))).rejects.toThrow(says),
    );
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({ status: "error", input_tokens: 442, error_message: expect.stringMatching(says) });
    expect(spans[0]?.error_type).toBeTruthy();
    expect(spans[0]?.output_messages[0]?.parts).toEqual([{ type: "text", content: "It rai" }]);
  });

  test("The stream helper, its events and its final message are what they were, and its call has one span", async () => {
    server.reply(stream(events(thoughtful)));
    const heard: string[] = [];
    const spans = await recording.of(async () => {
      const running = client.messages.stream({ ...ask, tools: [weather] });
      running.on("text", (text: string) => heard.push(text));
      running.on("thinking", (text: string) => heard.push(text));
      expect((await running.finalMessage()).content).toMatchObject([thinking, { type: "text" }, call]);
    });
    expect(heard.join("")).toBe("Where is Oslo?Let me look.");
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({ status: "ok", finish_reason: "tool_call", output_tokens: 7 });
    expect(spans[0]?.output_messages[0]?.parts).toHaveLength(3);
    expect(JSON.parse(spans[0]?.tool_definitions ?? "")).toMatchObject([{ name: "weather" }]);
  });

  test("Answers in a given form are parsed, and asked for once", async () => {
    const format = {
      type: "json_schema",
      schema: { type: "object", properties: { sky: { type: "string" } } },
      parse: (text: string) => JSON.parse(text),
    };
    const answer = json(message(model, { content: [{ type: "text", text: '{"sky":"grey"}' }] }));
    server.reply(answer, answer);
    const spans = await recording.of(async () => {
      for (const messages of [client.messages, client.beta.messages])
        expect((await messages.parse({ ...ask, output_config: { format } })).parsed_output).toEqual({ sky: "grey" });
    });
    expect(spans).toHaveLength(2);
    expect(spans[0]?.attributes["gen_ai.output.type"]).toBe("json");
    expect(spans[0]?.output_messages[0]?.parts).toEqual([{ type: "text", content: '{"sky":"grey"}' }]);
  });

  test("Each call of a tool runner has a span, and so has each run of a tool", async () => {
    server.reply(json(thoughtful));
    const inside: string[] = [];
    const spans = await recording.of(async () => {
      const running = client.beta.messages.toolRunner({
        ...ask,
        tools: [
          {
            ...weather,
            type: "custom",
            parse: (input: unknown) => input,
            run: ({ city }: { city: string }) => startSpan("look out", () => void inside.push(city)) ?? "rain",
          },
        ],
      });
      expect((await running.runUntilDone()).content).toMatchObject([{ text: "It rains in Oslo." }]);
    });
    expect(inside).toEqual(["Oslo"]);
    const calls = spans.filter((span) => span.kind === "llm");
    expect(calls).toHaveLength(2);
    expect(calls[0]?.finish_reason).toBe("tool_call");
    expect(JSON.stringify(calls[1]?.input_messages)).toContain("rain");
    const tools = spans.filter((span) => span.kind === "tool");
    expect(tools).toMatchObject([
      { tool: "weather", tool_call_id: "toolu_1", status: "ok", input_value: '{"city":"Oslo","days":[1,2]}' },
    ]);
    expect(tools[0]?.output_value).toContain("rain");
    expect(spans.find((span) => span.name === "look out")?.parent_span_id).toBe(tools[0]?.span_id);
  });

  test("A tool runner may stream", async () => {
    server.reply(stream(events(thoughtful)), stream(events(message(model))));
    const spans = await recording.of(async () => {
      const tools = [{ ...weather, type: "custom", run: async () => [{ type: "text", text: "rain" }] }];
      const running = client.beta.messages.toolRunner({ ...ask, tools, stream: true });
      const types = [];
      for await (const streamed of running) for await (const event of streamed) types.push(event.type);
      expect(types.filter((type) => type === "message_stop")).toHaveLength(2);
    });
    const calls = spans.filter((span) => span.kind === "llm");
    expect(calls.map((span) => span.finish_reason)).toEqual(["tool_call", "stop"]);
    expect(calls[0]?.output_messages[0]?.parts).toHaveLength(3);
    expect(calls[1]?.output_messages[0]?.parts).toEqual([{ type: "text", content: "It rains in Oslo." }]);
    expect(spans.filter((span) => span.kind === "tool")).toMatchObject([
      { tool: "weather", status: "ok", tool_call_id: "toolu_1", output_value: expect.stringContaining("rain") },
    ]);
  });

  test("A listener of the stream helper that fails ends the call's span", async () => {
    server.reply(stream(events(message(model)), "hang"));
    const spans = await recording.of(async () => {
      const running = client.messages.stream(ask).on("text", () => {
        throw new RangeError("not this");
      });
      await expect(running.finalMessage()).rejects.toThrow("not this");
    });
    expect(spans).toMatchObject([{ kind: "llm", status: hasSpans ? "error" : "ok", output_tokens: null }]);
    expect(spans[0]?.end).not.toBeNull();
    expect(spans[0]?.output_messages[0]?.parts).toEqual([{ type: "text", content: "It rai" }]);
  });

  test("A tool that fails tells the model so, and its span says what went wrong", async () => {
    server.reply(json(thoughtful));
    const run = async () => {
      throw new RangeError("No such city");
    };
    const spans = await recording.of(() =>
      client.beta.messages.toolRunner({ ...ask, tools: [{ ...weather, type: "custom", run }] }).runUntilDone(),
    );
    expect(spans.filter((span) => span.kind === "tool")).toMatchObject([{ tool: "weather", status: "error" }]);
    expect(JSON.stringify(spans.filter((span) => span.kind === "llm")[1]?.input_messages)).toContain("No such city");
  });

  test.each([
    [400, "invalid_request_error", 1],
    [401, "authentication_error", 1],
    [429, "rate_limit_error", 3],
    [500, "api_error", 3],
    [529, "overloaded_error", 3],
  ])("A call that is refused with %i ends as failed after its retries", async (status, type, attempts) => {
    const before = server.requests.length;
    server.reply(...Array.from({ length: attempts }, () => failure(status, type, "No, not now")));
    const spans = await recording.of(() =>
      expect(client.messages.create(ask)).rejects.toMatchObject({ status, error: { error: { type } } }),
    );
    expect(server.requests.length - before).toBe(attempts);
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({
      status: "error",
      error_type: hasSpans ? type : expect.stringMatching(/Error$/),
      error_message: expect.stringContaining("No, not now"),
      attributes: { "http.response.status_code": status },
    });
    expect(spans[0]?.error_stack).toContain("at ");
  });

  test("A call that succeeds at its third attempt is one span without an error", async () => {
    server.reply(failure(529, "overloaded_error"), failure(429, "rate_limit_error"));
    const spans = await recording.of(() => client.messages.create(ask));
    expect(spans).toMatchObject([{ status: "ok", finish_reason: "stop", error_type: null }]);
    expect(spans[0]?.attributes["http.request.resend_count"]).toBe(2);
  });

  test("Timeouts and aborts reach the program as they did, and end their spans", async () => {
    server.reply(silence(), silence());
    const spans = await recording.of(async () => {
      await expect(client.messages.create(ask, { timeout: 30, maxRetries: 0 })).rejects.toThrow("timed out");
      const controller = new AbortController();
      const aborted = client.messages.create(ask, { signal: controller.signal });
      setImmediate(() => controller.abort());
      await expect(aborted).rejects.toThrow("aborted");
    });
    expect(spans).toHaveLength(2);
    expect(spans[0]).toMatchObject({ status: "error", error_message: expect.stringContaining("timed out") });
    // to the SDK's own spans an abort is no failure
    expect(spans[1]?.status).toBe(hasSpans ? "ok" : "error");
  });

  test("A refusal is seen as one", async () => {
    server.reply(stream(events(message(model, { content: [], stop_reason: "refusal" }))));
    const spans = await recording.of(() => readAll(client.messages.create({ ...ask, stream: true })));
    expect(spans).toMatchObject([{ status: "ok", finish_reason: "content_filter", output_tokens: 7 }]);
  });

  test("Calls at the same time keep apart and hang under the span that made them", async () => {
    const cities = ["Oslo", "Bergen", "Tromsø", "Bodø"];
    const spans = await recording.of(() =>
      Promise.all(
        cities.map((city) =>
          startSpan(city, () => client.messages.create({ ...ask, messages: [{ role: "user", content: city }] })),
        ),
      ),
    );
    const calls = spans.filter((span) => span.kind === "llm");
    expect(calls).toHaveLength(4);
    for (const { parent_span_id, input_messages } of calls) {
      const caller = spans.find((span) => span.span_id === parent_span_id);
      expect(input_messages[0]?.parts).toEqual([{ type: "text", content: caller?.name }]);
    }
  });

  test("Counting tokens is no call of a model", async () => {
    server.reply(json({ input_tokens: 9 }));
    const spans = await recording.of(() => client.messages.countTokens({ model, messages: [question] }));
    expect(spans.filter((span) => span.kind === "llm")).toEqual([]);
  });

  test.runIf((Anthropic.default ?? Anthropic).Completions)(
    "The older completions are calls of a model too",
    async () => {
      const completion = { type: "completion", id: "compl_1", model: "claude-2.1", stop_reason: "stop_sequence" };
      server.reply(
        json({ ...completion, completion: " Rain." }),
        stream([
          { ...completion, completion: " Ra", stop_reason: null },
          { ...completion, completion: "in." },
        ]),
      );
      const older = { model: "claude-2.1", max_tokens_to_sample: 9, prompt: "\n\nHuman: Rain?\n\nAssistant:" };
      const spans = await recording.of(async () => {
        expect((await client.completions.create(older)).completion).toBe(" Rain.");
        expect(await readAll(client.completions.create({ ...older, stream: true }))).toHaveLength(2);
      });
      expect(spans).toHaveLength(2);
      for (const span of spans) {
        expect(span).toMatchObject({ kind: "llm", status: "ok", model: "claude-2.1", finish_reason: "stop" });
        expect(span.attributes["gen_ai.operation.name"]).toBe("text_completion");
        expect(span.input_messages).toEqual([{ role: "user", parts: [{ type: "text", content: older.prompt }] }]);
        expect(span.output_messages[0]?.parts).toEqual([{ type: "text", content: " Rain." }]);
      }
    },
  );

  test.runIf(!hasSpans)("A client of another platform says whose model it asks", async () => {
    const Base = Anthropic.default ?? Anthropic;
    class AnthropicBedrock extends Base {}
    class AnthropicVertex extends Base {}
    const spans = await recording.of(async () => {
      for (const Client of [AnthropicBedrock, AnthropicVertex] as Sdk[])
        await new Client({ apiKey: "k", baseURL: server.url }).messages.create(ask);
    });
    expect(spans.map((span) => span.provider)).toEqual(["aws.bedrock", "gcp.vertex_ai"]);
  });

  test("The raw response can be had, alone or with the message", async () => {
    const spans = await recording.of(async () => {
      const { data, response } = await client.messages.create(ask).withResponse();
      expect([data.type, response.status]).toEqual(["message", 200]);
      const raw = await client.messages.create(ask).asResponse();
      expect(await raw.json()).toMatchObject({ type: "message" });
    });
    expect(spans).toHaveLength(2);
    expect(spans[0]).toMatchObject({ status: "ok", output_tokens: 7 });
    expect(spans[1]).toMatchObject({ status: "ok" });
  });
});
