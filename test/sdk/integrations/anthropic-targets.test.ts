import { trace } from "@opentelemetry/api";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { run, spansIn, workspace } from "../program.js";
import { events, message, startAnthropicServer, stream } from "./anthropic-server.js";
import { type Sdk, type Version, versions } from "./anthropic-versions.js";
import { built, type Recording, startRecording } from "./recorded.js";

const { instrumentAnthropic } = await built<typeof import("../../../src/sdk/integrations.js")>("sdk/integrations.js");

const ask = { model: "claude-sonnet-5-5", max_tokens: 9, messages: [{ role: "user", content: "Hello" }] };

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
  // require gives a function around it
  const Class = Anthropic.default ?? Anthropic;
  const undos: (() => void)[] = [];
  afterEach(() => {
    for (const undo of undos.splice(0)) undo();
  });
  const instrument = (target: unknown) => undos[undos.push(instrumentAnthropic(target)) - 1] as () => void;
  const connect = (more = {}): Sdk => new Anthropic({ apiKey: "k", baseURL: server.url, ...more });
  const ours = async (client: Sdk) => {
    const spans = await recording.of(() => client.messages.create(ask));
    // the SDK's own spans are without content where we are not asked
    return spans.filter(({ input_messages }) => input_messages.length > 0);
  };

  test.each([
    ["the class", () => Class],
    ["what require gives", () => Anthropic],
    ["the module", () => ({ default: Class, Anthropic: Class })],
    [
      "a module around the module",
      () => ({ default: Object.assign(() => {}, { Anthropic: Class }), Anthropic: Class }),
    ],
    ["the class below it", () => Object.getPrototypeOf(Class)],
  ])("%s stands for all clients, those that exist already too", async (_, target) => {
    const before = connect();
    instrument(target());
    expect(await ours(before)).toHaveLength(1);
    expect(await ours(connect())).toHaveLength(1);
    expect(await ours(connect().withOptions({ maxRetries: 0 }))).toHaveLength(1);
  });

  test("A client stands for itself alone", async () => {
    const client = connect();
    instrument(client);
    expect(await ours(client)).toHaveLength(1);
    expect(await ours(connect())).toEqual([]);
  });

  test("However often and whatever is instrumented, a call has one span, and all is taken back", async () => {
    const client = connect();
    const keys = Object.getOwnPropertyNames(client);
    const undo = [Anthropic, client, Anthropic, client, { default: Class }].map((target) => instrument(target));
    expect(await recording.of(() => client.messages.create(ask))).toHaveLength(1);
    expect(await ours(client)).toHaveLength(1);
    for (const each of undo) each();
    for (const each of undo) each();
    expect(Object.getOwnPropertyNames(client)).toEqual(keys);
    expect(await ours(client)).toEqual([]);
    expect(await recording.of(() => client.messages.create(ask))).toHaveLength(hasSpans ? 1 : 0);
    instrument(client);
    expect(await ours(client)).toHaveLength(1);
  });

  test("Tools of a runner have no spans of ours once all is taken back", async () => {
    const input_schema = { type: "object" };
    const tools = [Object.freeze({ type: "custom", name: "frozen", input_schema, run: () => "" })];
    const tool = { type: "custom", name: "weather", input_schema, run: () => "rain" };
    const undo = instrument(Anthropic);
    await connect().beta.messages.toolRunner({ ...ask, tools: [...tools, tool] });
    expect(await recording.of(() => tool.run())).toHaveLength(hasSpans ? 0 : 1);
    undo();
    expect(await recording.of(() => tool.run())).toEqual([]);
  });

  test.runIf(hasSpans)("A client that says what it wants of the SDK's own spans keeps it", async () => {
    instrument(Anthropic);
    const spansOf = (openTelemetry: unknown) => recording.of(() => connect({ openTelemetry }).messages.create(ask));
    expect(await spansOf(false)).toEqual([]);
    for (const limited of [{ propagation: false }, { traces: { maxContentBytes: 100 } }])
      expect(await spansOf(limited)).toMatchObject([
        { input_messages: [], output_messages: [], tool_definitions: null },
      ]);
    expect(await spansOf({ traces: { contentMode: "content" } })).toMatchObject([
      { input_messages: [{ role: "user" }] },
    ]);
    const elsewhere: string[] = [];
    const startSpan = (name: string) => {
      elsewhere.push(name);
      return trace.wrapSpanContext({ traceId: "1".repeat(32), spanId: "1".repeat(16), traceFlags: 1 });
    };
    expect(await spansOf({ tracerProvider: { getTracer: () => ({ startSpan }) } })).toEqual([]);
    expect(elsewhere).toEqual(["anthropic.messages.create"]);
  });
});

// each starts a program: one version with spans of its own is enough
const [current, , older] = versions;
describe.each([current, older] as Version[])("A stream of $name that nobody reads", ({ library }) => {
  let space: ReturnType<typeof workspace>;
  beforeEach(() => {
    space = workspace();
  });
  afterEach(() => space.remove());

  test.each([
    ["left", "is ended with the program"],
    ["collected", "is ended when nobody can read it any more"],
  ])("and is %s %s", async (what) => {
    server.reply(stream(events(message()), "hang"));
    await run("anthropic.mjs", {
      db: space.db,
      args: [what, server.url, library],
      node: ["--expose-gc"],
    });
    const spans = await spansIn(space.db);
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({ status: "ok", kind: "llm", input_messages: [{ role: "user" }] });
    expect(spans[0]?.end).not.toBeNull();
    expect(spans[0]?.attributes["agensight.stream.end"]).toBe("unread");
  });
});

test("Without an argument both kinds of modules are instrumented, also before setupTracing", async () => {
  const space = workspace();
  const ended = await run("anthropic.mjs", { db: space.db, args: ["installed", server.url] });
  expect(ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
  const spans = await spansIn(space.db);
  expect(spans.map((span) => span.input_messages[0]?.parts[0])).toEqual([
    { type: "text", content: "imported" },
    { type: "text", content: "required" },
  ]);
  space.remove();
});

test.each([null, 7, "claude", {}, () => {}, { default: {} }])(
  "What is not Anthropic's is left alone, and said: %s",
  (target) => {
    instrumentAnthropic(target)();
    expect(recording.told().join()).toMatch(/instrumentAnthropic was given is neither/);
  },
);
