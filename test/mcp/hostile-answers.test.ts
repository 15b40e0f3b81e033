/** Runs made to hurt the tools that judge them: very many equal faults, names of any length. */
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loopsOfTools } from "../../src/model/detectors/loop-of-tools.js";
import { spanSource } from "../../src/store/open.js";
import { openForReading } from "../../src/store/open-store.js";
import { loadRun } from "../../src/store/read/load-run.js";
import { type Attributes, chat, message, morning, requestOf, span, traceId } from "../store/otlp.js";
import { type Connected, connect } from "./client.js";
import { storeOf, type TestStore } from "./store.js";

const agent = (name: string): Attributes => ({
  "gen_ai.operation.name": "invoke_agent",
  "gen_ai.agent.name": name,
});
const tool = (name: string): Attributes => ({
  "gen_ai.operation.name": "execute_tool",
  "gen_ai.tool.name": name,
  "gen_ai.tool.call.arguments": '{"q":"the same again"}',
});

const long = "n".repeat(50_000);
const failing = 1000;

/** 1, 2: many agents with long names, of which 2 answers otherwise. 3: one tool fails, always in the same way. */
const spans = [
  ...[1, 2].flatMap((trace) => [
    span({ trace, id: 1, ms: 9000, error: "no", attributes: agent("front") }),
    span({ trace, id: 2, parent: 1, name: long, error: long, attributes: { ...tool(long), "error.type": long } }),
    ...Array.from({ length: 120 }, (_, i) => [
      span({
        trace,
        id: 10 + i * 2,
        parent: 1,
        start: morning + i,
        attributes: agent(`agent ${i} ${long.slice(0, 300)}`),
      }),
      span({
        trace,
        id: 11 + i * 2,
        parent: 10 + i * 2,
        start: morning + i,
        attributes: chat({
          model: `model-${i}`,
          input: 100 + i,
          messages: [
            message("system", `rules of run ${trace} for ${i}: ${long.slice(0, 500)}`),
            message("user", `${i}`),
          ],
          reply: `answer ${i} of ${trace}`,
        }),
      }),
    ]).flat(),
  ]),
  span({ trace: 3, id: 1, ms: failing * 10, attributes: agent("a") }),
  ...Array.from({ length: failing }, (_, i) =>
    span({ trace: 3, id: 2 + i, parent: 1, start: morning + i * 10, ms: 5, error: "boom", attributes: tool("search") }),
  ),
];

let store: TestStore;
let mcp: Connected;
beforeAll(async () => {
  store = await storeOf([requestOf(spans)]);
  mcp = await connect({ reader: async () => store.reader });
}, 60_000);
afterAll(async () => {
  await mcp.close();
  store.remove();
});

const pair = { a: traceId(1), b: traceId(2) };
const questions: [string, Record<string, unknown>][] = [
  ["find_errors", {}],
  ["diagnose_trace", { trace_id: traceId(1) }],
  ["diagnose_trace", { trace_id: traceId(3) }],
  ["compare_traces", pair],
  ["compare_traces", { group_a: { status: "error" }, group_b: {} }],
  ["get_agent_graph", { trace_id: traceId(1) }],
  ["explain_context", { trace_id: traceId(1) }],
  ["check_trace", { rules: [{ rule: "no_errors" }, { rule: "no_findings" }] }],
];

describe("names and texts of any length", () => {
  it.each(questions)("leave the answer of %s %j within its tokens", async (name, args) => {
    for (const more of [
      {},
      { max_tokens: 200 },
      { max_tokens: 20_000 },
      { format: "json" },
      { format: "json", max_tokens: 1000 },
    ]) {
      const { text, isError } = await mcp.call(name, { ...args, ...more });
      expect(isError).toBe(false);
      const budget = "max_tokens" in more ? more.max_tokens : "format" in more ? 20_000 : 2000;
      expect(countTokens(text), `${name} ${JSON.stringify(more)}`).toBeLessThanOrEqual(budget as number);
      if ("format" in more) expect(Object.keys(JSON.parse(text)).at(-1)).toBe("coverage");
      else expect(text).toMatch(/(^|\n)coverage: /);
    }
  });
});

it("keeps ids and times whole in an item that is shortened to fit", async () => {
  const { text } = await mcp.call("find_errors", { max_tokens: 300 });
  expect(text).toContain("an item too large for max_tokens was shortened");
  expect(text).not.toContain("NaN");
  expect(text).toMatch(/trace a{16}0{15}[123] span bbbb0/);
});

it("looks at a loop of thousands of failures in time that grows with it", async () => {
  const engine = await openForReading(store.path, {});
  const run = loadRun(spanSource(engine), traceId(3));
  let reads = 0;
  for (const step of run.steps) {
    const { start_us } = step;
    Object.defineProperty(step, "start_us", {
      get: () => {
        reads++;
        return start_us;
      },
    });
  }
  loopsOfTools(run);
  engine.close();
  expect(reads).toBeLessThan(failing * 100);
});
