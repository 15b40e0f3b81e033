// Sends all that a program can see of Anthropic's SDK: `plain`, `traced` without us, `recorded`, or recorded by something
// `broken`.
import { trace } from "@opentelemetry/api";
import { sdk } from "./agensight.mjs";

const [mode, url] = process.argv.slice(2);
const { instrumentAnthropic } = await import(`${process.env.AGENSIGHT_SDK}sdk/integrations.js`);

const versions = {
  "1.x": (await import("@anthropic-ai/sdk")).default,
  "0.x with spans of its own": (await import("anthropic0")).default,
  "0.x without spans of its own": (await import("anthropic0133")).default,
};

const fail = () => {
  throw new Error("not the program's fault");
};
if (mode === "broken") {
  const span = { isRecording: () => true, spanContext: fail, end: fail, setStatus: fail, addEvent: fail };
  const startSpan = () => ({ ...span, setAttribute: fail, setAttributes: fail, status: { code: 2 } });
  const startActiveSpan = (...args) => args.at(-1)(startSpan());
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan }) });
}
if (mode === "traced" || mode === "recorded") sdk.setupTracing("outcomes");
// what of ours reads a request fails
const metadata = {
  get user_id() {
    if (mode === "broken" && new Error().stack.includes("anthropic-request.js")) fail();
    return "user-7";
  },
};
const ask = { model: "claude-sonnet-5-5", max_tokens: 9, metadata, messages: [{ role: "user", content: "Hello" }] };
const streamed = { ...ask, stream: true };
let outcomes = [];
let unhandled = [];
process.on("unhandledRejection", (error) => unhandled.push(describe(error)));

function describe(error) {
  const { name, message, status, request_id, type, cause } = error;
  return { class: error.constructor.name, name, message, status, request_id, type, cause: cause?.message };
}

async function outcome(name, act) {
  try {
    outcomes.push([name, await act()]);
  } catch (error) {
    outcomes.push([name, describe(error)]);
  }
}

async function read(stream, upTo = Number.POSITIVE_INFINITY) {
  const chunks = [];
  for await (const chunk of stream) if (chunks.push(chunk) >= upTo) break;
  return chunks;
}

const unhandledOnes = async (count) => {
  while (unhandled.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
};

async function seenOf(Anthropic) {
  outcomes = [];
  unhandled = [];
  if (mode === "recorded" || mode === "broken") instrumentAnthropic(Anthropic);
  const client = new Anthropic({ apiKey: "sk-ant-test", baseURL: url, maxRetries: 1 });
  await outcome("chat", () => client.messages.create(ask));
  await outcome("the same message each time", async () => {
    const promise = client.messages.create(ask);
    const [first, second, third] = [await promise, await promise.then((message) => message), await promise.finally()];
    return [
      promise instanceof Promise,
      promise.constructor.name,
      first === second,
      second === third,
      first._request_id,
    ];
  });
  await outcome("stream", async () => read(await client.messages.create(streamed)));
  await outcome("broken off", async () => {
    const stream = await client.messages.create(streamed);
    return [await read(stream, 3), stream.controller.signal.aborted, Object.keys(stream)];
  });
  await outcome("read twice", async () => {
    const stream = await client.messages.create(streamed);
    return [(await read(stream)).length, await read(stream).catch(describe)];
  });
  await outcome("error event", async () => read(await client.messages.create(streamed)));
  await outcome("tee", async () => {
    const [left, right] = (await client.messages.create(streamed)).tee();
    return [await read(left), await read(right)];
  });
  await outcome("readable stream", async () => {
    const decoder = new TextDecoder();
    const stream = (await client.messages.create(streamed)).toReadableStream();
    return (await read(stream)).map((bytes) => decoder.decode(bytes));
  });
  await outcome("helper", async () => {
    const heard = [];
    const stream = client.messages.stream(ask);
    for (const event of ["connect", "streamEvent", "text", "contentBlock", "message", "finalMessage", "end"])
      stream.on(event, (value) => heard.push([event, typeof value === "string" ? value : value?.type]));
    return [await stream.finalMessage(), await stream.finalText(), heard];
  });
  await outcome("helper that fails", async () => {
    const errors = [];
    const stream = client.messages.stream(ask).on("error", (error) => errors.push(describe(error)));
    return [await stream.finalMessage().catch(describe), errors];
  });
  await outcome("helper broken off", async () => {
    const stream = client.beta.messages.stream(ask);
    const chunks = await read(stream, 2);
    return [chunks, stream.aborted];
  });
  await outcome("runner", async () => {
    const tool = {
      type: "custom",
      name: "weather",
      input_schema: { type: "object" },
      run: ({ city }) => `rain in ${city}`,
    };
    const runner = client.beta.messages.toolRunner({ ...ask, tools: [tool] });
    const messages = await read(runner);
    return [messages, runner.params.tools[0] === tool, tool.run({ city: "Bergen" }), Object.keys(tool)];
  });
  await outcome("refused", () => client.messages.create(ask));
  await outcome("retried", () => client.messages.create(ask));
  await outcome("raw", async () => (await client.messages.create(ask).asResponse()).text());
  await outcome("with response", async () => {
    const { data, response, request_id } = await client.messages.create(ask).withResponse();
    return [data, response.status, request_id];
  });
  await outcome("wrong arguments", () => client.messages.create());
  await outcome("counted", () => client.messages.countTokens({ model: ask.model, messages: ask.messages }));
  client.messages.create(ask);
  await unhandledOnes(1);
  client.messages.create(ask).then(() => {});
  await unhandledOnes(2);
  client.messages.stream(ask);
  await unhandledOnes(3);
  return { outcomes, unhandled };
}

const seen = {};
for (const [version, Anthropic] of Object.entries(versions)) seen[version] = await seenOf(Anthropic);
process.send(seen);
process.disconnect();
