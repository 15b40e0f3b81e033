import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openReader } from "../../../src/store/open.js";
import type { SpanDetail } from "../../../src/store/reader.js";
import { connect } from "../../mcp/client.js";
import { parents, run, spansIn, workspace } from "../program.js";
import { type Answer, completion, failing, json, type OpenAIServer, startOpenAIServer } from "./openai-server.js";

let server: OpenAIServer;
let space: ReturnType<typeof workspace>;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterAll(() => server.close());
beforeEach(() => {
  space = workspace();
  server.reply(asked);
});
afterEach(() => space.remove());

const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } };
const message = { role: "assistant", content: null, refusal: null, tool_calls: [call] };
let answers = 0;

/** Asks for the tool first, and answers when it has its result. */
const asked: Answer = (response, received) => {
  if (received.path.includes("nowhere")) return failing(404, "no_such_path")(response, received);
  const id = `chatcmpl-${++answers}`;
  const isTold = JSON.stringify(received.body.messages).includes("rain in Oslo");
  const body = isTold
    ? completion({ id })
    : completion({ id, choices: [{ index: 0, message, finish_reason: "tool_calls" }] });
  return json(body)(response, received);
};

function endOf({ start, duration_ms }: SpanDetail): number {
  return Date.parse(start) + (duration_ms ?? 0);
}

describe.each([
  ["ES modules", "langchain.mjs", "true"],
  ["CommonJS", "langchain.cjs", "false"],
])("A program of %s", (_, program, background) => {
  const converse = (instrumented: string[], env: Record<string, string> = {}) =>
    run(program, { db: space.db, args: [server.url, ...instrumented], env, node: ["--no-warnings"] });

  test(`gets the same answers, errors and callbacks, with LANGCHAIN_CALLBACKS_BACKGROUND=${background}`, async () => {
    const env = { LANGCHAIN_CALLBACKS_BACKGROUND: background };
    const [alone, recorded] = await Promise.all([converse([], env), converse(["langchain"], env)]);
    expect(recorded).toEqual(alone);
    expect(recorded).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const [said] = recorded.messages as { text: string[]; events: unknown[]; refused: object }[];
    expect(said?.text).toEqual(["How is Oslo?", "", "rain in Oslo", "It is sunny."]);
    expect(said?.events.length).toBeGreaterThan(20);
    expect(said?.refused).toMatchObject({ message: expect.stringContaining("no_such_path") });

    const spans = await spansIn(space.db);
    const agent = [
      "chat gpt-4.1-mini",
      "chat gpt-4.1-mini",
      "execute_tool weather",
      "invoke_agent reporter",
      "look outside",
    ];
    expect(spans.map((span) => span.name).sort()).toEqual([...agent, ...agent, "chat gpt-4.1-mini"].sort());
    expect(parents(spans)).toMatchObject({
      "execute_tool weather": "invoke_agent reporter",
      "look outside": "execute_tool weather",
    });
    // spans are as long as what they are about, whenever a queue gets to it; times are kept to the ms
    const byId = new Map(spans.map((span) => [span.span_id, span]));
    for (const inner of spans) {
      const outer = byId.get(inner.parent_span_id ?? "");
      if (outer) expect(endOf(inner)).toBeLessThanOrEqual(endOf(outer) + 2);
      if (outer) expect(Date.parse(inner.start)).toBeGreaterThanOrEqual(Date.parse(outer.start));
    }
  });

  test("that records the OpenAI client, too, has each call below LangChain's and its tokens once", async () => {
    const { code, stderr } = await converse(["langchain", "openai"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const spans = await spansIn(space.db);
    const calls = spans.filter((span) => span.kind === "llm");
    const above = new Map(calls.map((span) => [span.span_id, span]));
    const inner = calls.filter((span) => above.has(span.parent_span_id ?? ""));
    expect([calls.length, inner.length]).toEqual([10, 5]);
    const reader = await openReader(space.db);
    const mcp = await connect({ reader: async () => reader, storePath: space.db });
    try {
      const { text } = await mcp.call("get_usage", { group_by: ["agent"], format: "json" });
      const { total } = JSON.parse(text);
      expect(total).toMatchObject({ calls: 5, input_tokens: 400, cached_tokens: 240, output_tokens: 80, errors: 1 });
    } finally {
      await mcp.close();
      reader.close();
    }
  });
});
