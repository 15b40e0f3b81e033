/** A span says what it is, whose tokens it spent and what went wrong, in any dialect and in bad shape. */
import { expect, test } from "vitest";
import type { AnyValue, OtlpSpan } from "../../src/model/otlp.js";
import { normaliseLog } from "../../src/semantics/log-events.js";
import { normaliseSpan } from "../../src/semantics/normalise.js";

function value(plain: unknown): AnyValue {
  if (typeof plain === "string") return { stringValue: plain };
  if (typeof plain === "number") return Number.isInteger(plain) ? { intValue: plain } : { doubleValue: plain };
  if (typeof plain === "boolean") return { boolValue: plain };
  if (Array.isArray(plain)) return { arrayValue: { values: plain.map(value) } };
  return {
    kvlistValue: { values: Object.entries(plain as object).map(([key, item]) => ({ key, value: value(item) })) },
  };
}

function attributes(plain: Record<string, unknown>) {
  return Object.entries(plain).map(([key, item]) => ({ key, value: value(item) }));
}

function facts(plain: Record<string, unknown>, over: Partial<OtlpSpan> = {}, scope = "test", resource = {}) {
  const span = {
    traceId: "0".repeat(32),
    spanId: "1".repeat(16),
    name: "span",
    attributes: attributes(plain),
    ...over,
  };
  return normaliseSpan(span, resource, { name: scope });
}

test("messages that are a JSON array already are pointed at, not parsed", () => {
  const found = facts({
    "gen_ai.operation.name": "chat",
    "gen_ai.input.messages": '[{"role":"user","parts":[not even JSON]}]',
    "gen_ai.output.messages": [{ role: "assistant", parts: [{ type: "text", content: "Hi" }] }],
    "gen_ai.system_instructions": "Be brief",
    "gen_ai.tool.definitions": [{ type: "function", name: "f" }],
  });
  expect(found.input).toEqual({ key: "gen_ai.input.messages" });
  expect(found.output).toEqual({ messages: [{ role: "assistant", parts: [{ type: "text", content: "Hi" }] }] });
  expect(found.system).toEqual({ key: "gen_ai.system_instructions" });
  expect(found.tool_definitions).toEqual({ text: '[{"type":"function","name":"f"}]' });
});

test("messages that were cut off stay readable", () => {
  const cut = '[{"role":"user","parts":[{"type":"text","content":"Hello wor';
  expect(facts({ "gen_ai.operation.name": "chat", "gen_ai.input.messages": cut }).input).toEqual({
    messages: [{ role: "user", parts: [{ type: "text", content: cut }] }],
  });
});

test("input tokens always include the cache, whatever the instrumentation counts", () => {
  const call = {
    "gen_ai.operation.name": "chat",
    "gen_ai.usage.input_tokens": 120,
    "gen_ai.usage.output_tokens": 24,
    "gen_ai.usage.cache_read.input_tokens": 100,
    "gen_ai.usage.cache_creation.input_tokens": 12,
  };
  expect(facts(call, {}, "@traceloop/instrumentation-anthropic").input_tokens).toBe(232);
  expect(facts(call, {}, "com.anthropic.sdk.typescript").input_tokens).toBe(120);
  // more cached than there is can only mean that the cache was left out
  expect(facts({ ...call, "gen_ai.usage.input_tokens": 60 }).input_tokens).toBe(172);
  expect(facts({ ...call, "gen_ai.usage.total_tokens": 256 }).input_tokens).toBe(232);
  const vercel5 = {
    "ai.operationId": "ai.generateText.doGenerate",
    "ai.usage.inputTokens": 120,
    "ai.usage.cachedInputTokens": 100,
  };
  expect(facts({ ...vercel5, "ai.model.provider": "anthropic.messages" }).input_tokens).toBe(220);
  expect(facts({ ...vercel5, "ai.model.provider": "openai.responses" }).input_tokens).toBe(120);
});

test("what agensight records of Anthropic includes the cache already", () => {
  const call = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.usage.input_tokens": 442,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 400,
    "gen_ai.usage.cache_creation.input_tokens": 30,
  };
  expect(facts(call, {}, "agensight")).toMatchObject({ input_tokens: 442, cached_tokens: 400, cache_write_tokens: 30 });
});

test("requests of Anthropic's SDK that call no model are no model calls, although they name one", () => {
  const counting = { "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-5-5" };
  expect(facts(counting, {}, "com.anthropic.sdk.typescript").kind).toBe("other");
  expect(facts(counting, {}, "older").kind).toBe("llm");
});

test("flattened lists are read by number, with gaps and in any order", () => {
  const found = facts({
    "llm.request.type": "chat",
    "gen_ai.prompt.10.role": "user",
    "gen_ai.prompt.10.content": "third",
    "gen_ai.prompt.2.role": "assistant",
    "gen_ai.prompt.2.content": "second",
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": "first",
  });
  const said = found.input && "messages" in found.input ? found.input.messages : [];
  expect(said.map(({ role, parts }) => [role, parts[0]?.type === "text" && parts[0].content])).toEqual([
    ["system", "first"],
    ["assistant", "second"],
    ["user", "third"],
  ]);
});

test.each([
  ["OpenAI", "openai"],
  ["openai.responses", "openai"],
  ["azure-openai.chat", "azure.ai.openai"],
  ["amazon-bedrock", "aws.bedrock"],
  ["aws.bedrock", "aws.bedrock"],
  ["google.generative-ai", "gcp.gemini"],
  ["google.vertex.chat", "gcp.vertex_ai"],
  ["langchain", null],
])("provider %s goes by %s", (recorded, name) => {
  expect(facts({ "gen_ai.operation.name": "chat", "gen_ai.provider.name": recorded }).provider).toBe(name);
});

test.each([
  [["end_turn"], "stop"],
  [["tool-calls"], "tool_call"],
  ['["max_tokens"]', "length"],
  ["STOP", "stop"],
  [["pause_turn"], "pause_turn"],
])("finish reason %j is %s", (recorded, reason) => {
  expect(facts({ "gen_ai.operation.name": "chat", "gen_ai.response.finish_reasons": recorded }).finish_reason).toBe(
    reason,
  );
});

test("time to the first token is in milliseconds, from attributes or an event", () => {
  expect(facts({ "gen_ai.response.time_to_first_chunk": 0.063 }).first_token_ms).toBe(63);
  expect(
    facts({ "ai.operationId": "ai.streamText.doStream", "ai.response.msToFirstChunk": 108.5 }).first_token_ms,
  ).toBe(108.5);
  const events = [{ name: "First Token Stream Event", timeUnixNano: "1000250000000" }];
  expect(facts({}, { events, startTimeUnixNano: "1000000000000" }).first_token_ms).toBe(250);
});

test("an HTTP span is of no agent kind, and its error is read", () => {
  const found = facts({ "http.request.method": "GET", "error.type": "503" }, { status: { code: 2 } });
  expect([found.kind, found.error_type, found.error_message]).toEqual(["other", "503", null]);
});

test("an exception is told with its type and stack; one that was handled is no error", () => {
  const events = [
    {
      name: "exception",
      attributes: attributes({
        "exception.type": "TypeError",
        "exception.message": "x",
        "exception.stacktrace": "TypeError: x\n    at f",
      }),
    },
  ];
  const failed = facts({}, { events, status: { code: 2 } });
  expect([failed.error_type, failed.error_message, failed.error_stack]).toEqual([
    "TypeError",
    "x",
    "TypeError: x\n    at f",
  ]);
  for (const status of [{}, { code: 1 }]) expect(facts({}, { events, status }).error_type).toBe(null);
});

test("a message that carries its stack is parted from it", () => {
  const message = "boom\n\nRangeError: boom\n    at f (a.js:1:1)";
  const found = facts({}, { status: { code: 2, message } });
  expect([found.error_type, found.error_message, found.error_stack]).toEqual([
    "RangeError",
    "boom",
    "RangeError: boom\n    at f (a.js:1:1)",
  ]);
});

test("session and user come from the span, else from the resource", () => {
  const resource = { "session.id": "r", "enduser.id": "u" };
  expect(facts({ "gen_ai.conversation.id": "c" }, {}, "test", resource)).toMatchObject({
    session_id: "c",
    user_id: "u",
  });
  expect(facts({ "session.id": 42, "gen_ai.conversation.id": "c" }).session_id).toBe("42");
  expect(facts({}, {}, "test", resource).session_id).toBe("r");
});

test("values of wrong types count as not said", () => {
  const found = facts({
    "gen_ai.operation.name": 7,
    "gen_ai.request.model": ["gpt-4o"],
    "gen_ai.usage.input_tokens": "many",
    "gen_ai.usage.output_tokens": -3,
    "gen_ai.agent.name": "",
    "llm.invocation_parameters": "{half",
  });
  expect(found).toMatchObject({ request_model: null, input_tokens: null, output_tokens: null, agent: null });
});

test("log records become messages; others are left alone", () => {
  const record = (eventName: string, body: unknown) => ({ eventName, body: value(body) });
  expect(normaliseLog(record("gen_ai.tool.message", { id: "c1", content: "18" }))).toEqual([
    {
      direction: "input",
      message: { role: "tool", parts: [{ type: "tool_call_response", id: "c1", response: "18" }] },
    },
  ]);
  expect(
    normaliseLog(record("gen_ai.choice", { index: 0, finish_reason: "stop", message: { content: "Hi" } })),
  ).toEqual([
    {
      direction: "output",
      message: { role: "assistant", parts: [{ type: "text", content: "Hi" }], finish_reason: "stop" },
    },
  ]);
  expect(normaliseLog(record("app.started", { content: "x" }))).toBe(null);
  const details = {
    eventName: "gen_ai.client.inference.operation.details",
    attributes: attributes({
      "gen_ai.system_instructions": [{ type: "text", content: "Be brief" }],
      "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
    }),
  };
  expect(normaliseLog(details)?.map(({ direction, message }) => [direction, message.role])).toEqual([
    ["system", "system"],
    ["input", "user"],
  ]);
});
