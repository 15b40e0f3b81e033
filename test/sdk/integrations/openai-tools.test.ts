import OpenAI7 from "openai";
import OpenAI6 from "openai6";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunk, completion, events, json, type OpenAIServer, spoken, startOpenAIServer } from "./openai-server.js";
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

const asked = [
  { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } },
  { id: "call_2", type: "function", function: { name: "clock", arguments: '{"zone":"UTC"}' } },
];
const asking = completion({
  choices: [
    { index: 0, message: { role: "assistant", content: null, tool_calls: asked }, finish_reason: "tool_calls" },
  ],
});

describe.each([
  ["openai 6", OpenAI6 as unknown as typeof OpenAI7],
  ["openai 7", OpenAI7],
])("runTools of %s", (_, OpenAI) => {
  /** Records nothing when `isRecorded` is false. */
  async function run(isRecorded: boolean, clock: () => unknown, stream = false) {
    const selves: boolean[] = [];
    const weather = {
      name: "weather",
      description: "Weather of a city",
      parameters: { type: "object", properties: { city: { type: "string" } } },
      parse: JSON.parse,
      async function(this: unknown, { city }: { city: string }) {
        selves.push(this === weather);
        return startSpan("inside", () => `sunny in ${city}`);
      },
    };
    // as the library's own helpers for schemas make them
    const hidden = {
      type: "function" as const,
      function: { name: "clock", parameters: {}, strict: true },
    };
    Object.defineProperties(hidden, {
      $brand: { value: "auto-parseable-tool" },
      $parseRaw: { value: (text: string) => text },
      $callback: { value: clock },
    });
    const client = new OpenAI({ apiKey: "k", baseURL: server.url, maxRetries: 0, logLevel: "off" });
    const undos = isRecorded ? [instrumentOpenAI(OpenAI), instrumentOpenAI(client)] : [];
    const deltas = asked.map((call, index) => ({ ...call, index }));
    if (stream)
      server.reply(
        events([chunk([[{ role: "assistant", content: null, tool_calls: deltas }]]), chunk([[{}, "tool_calls"]])]),
        events(spoken(["Sunny."])),
      );
    else server.reply(json(asking), json(completion()));
    const tools = [{ type: "function" as const, function: weather }, hidden] as never;
    const body = { model: "m", messages: [{ role: "user" as const, content: "Weather?" }], tools };
    const runner = stream
      ? client.chat.completions.runTools({ ...body, stream: true })
      : client.chat.completions.runTools(body);
    const end = await runner.finalContent().catch((error) => error);
    for (const undo of undos) undo();
    const requests = server.received.map(({ text, headers }) => [text, headers["x-stainless-helper-method"]]);
    return { end, requests, selves, messages: runner.messages };
  }

  test.each([false, true])("has a span for each call of the model and of a tool (streamed: %s)", async (stream) => {
    const spans = await recording.of(async () => {
      const plain = await run(false, () => ({ hour: 9 }), stream);
      const recorded = await run(true, () => ({ hour: 9 }), stream);
      expect(recorded).toEqual(plain);
      expect(recorded.selves).toEqual([true]);
      expect(recorded.requests).toHaveLength(2);
    });
    const own = spans.filter(({ name }) => name !== "inside");
    expect(own.map(({ name, status }) => `${name} ${status}`).sort()).toEqual([
      "chat m ok",
      "chat m ok",
      "execute_tool clock ok",
      "execute_tool weather ok",
    ]);
    const [weather, clock] = ["weather", "clock"].map((tool) => own.find((span) => span.tool === tool));
    expect(new Set(own.map((span) => span.parent_span_id)).size).toBe(1);
    expect(weather).toMatchObject({
      kind: "tool",
      tool: "weather",
      tool_call_id: "call_1",
      input_value: '{"city":"Oslo"}',
      output_value: "sunny in Oslo",
    });
    expect(clock).toMatchObject({ tool_call_id: "call_2", input_value: '{"zone":"UTC"}', output_value: '{"hour":9}' });
    expect(spans.filter(({ name }) => name === "inside").map((span) => span.parent_span_id)).toContain(
      weather?.span_id,
    );
  });

  test("fails as a tool fails, and the tool's span tells why", async () => {
    const error = new RangeError("no clock");
    const fail = () => {
      throw error;
    };
    const spans = await recording.of(async () => {
      const plain = await run(false, fail);
      const recorded = await run(true, fail);
      expect([recorded.end.constructor, recorded.end.message]).toEqual([plain.end.constructor, plain.end.message]);
    });
    const tool = spans.find(({ name }) => name === "execute_tool clock");
    expect(tool).toMatchObject({ status: "error", error_type: "RangeError", error_message: "no clock" });
  });
});
