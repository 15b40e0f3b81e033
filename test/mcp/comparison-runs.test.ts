import { afterEach, describe, expect, it } from "vitest";
import type { OtlpSpan } from "../../src/model/otlp.js";
import { chat, message, morning, requestOf, type SpanShape, span, spanId, traceId } from "../store/otlp.js";
import { type Connected, connect } from "./client.js";
import { storeOf, type TestStore } from "./store.js";

let store: TestStore | undefined;
let mcp: Connected | undefined;
afterEach(async () => {
  await mcp?.close();
  store?.remove();
});

async function opened(spans: OtlpSpan[]): Promise<Connected> {
  store = await storeOf([requestOf(spans)]);
  const { reader } = store;
  mcp = await connect({ reader: async () => reader });
  return mcp;
}

type StepShape = Partial<SpanShape> & {
  reply?: string;
  tool?: string;
  input?: string;
  output?: string;
  system?: string;
  model?: string;
};

/** A run of one agent: its steps one after the other, each of them `ms` long. */
function run(trace: number, steps: StepShape[], root: Partial<SpanShape> = {}): OtlpSpan[] {
  let start = morning + trace * 60_000;
  const begin = start;
  const spans = steps.map(({ reply, tool, input, output, system, model, ...shape }, i) => {
    const ms = shape.ms ?? 100;
    const attributes = tool
      ? {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": tool,
          ...(input !== undefined && { "gen_ai.tool.call.arguments": input }),
          ...(output !== undefined && { "gen_ai.tool.call.result": output }),
        }
      : chat({
          input: 100,
          output: 10,
          reply: reply ?? "Yes.",
          ...(model !== undefined && { model }),
          messages: [message("system", system ?? "Answer in one word."), message("user", "Well?")],
        });
    const made = span({
      trace,
      id: trace * 1000 + i + 1,
      parent: trace * 1000,
      name: tool ? `execute_tool ${tool}` : "chat",
      start,
      ms,
      ...shape,
      attributes: { ...attributes, ...shape.attributes },
    });
    start += ms;
    return made;
  });
  const attributes = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk" };
  return [
    span({ trace, id: trace * 1000, name: "invoke_agent clerk", start: begin, ms: start - begin, attributes, ...root }),
    ...spans,
  ];
}

type Answer = {
  verdict: string;
  a: { duration_ms: number; cost_usd: number };
  b: { duration_ms: number; cost_usd: number };
  given: { what: string; agent: string; summary: string; a: string[]; b: string[] }[];
  steps: {
    match: string;
    steps: number;
    summary: string;
    a: string | null;
    b: string | null;
    changes: { what: string; summary: string }[];
  }[];
  coverage: { matched: number; returned: number; notes: string[] };
};

async function compared(a: OtlpSpan[], b: OtlpSpan[]): Promise<{ there: Answer; back: Answer; text: string }> {
  const client = await opened([...a, ...b]);
  const ids = { a: a[0]?.traceId, b: b[0]?.traceId };
  const json = async (args: object) =>
    JSON.parse((await client.call("compare_traces", { ...args, format: "json" })).text);
  return {
    there: await json(ids),
    back: await json({ a: ids.b, b: ids.a }),
    text: (await client.call("compare_traces", ids)).text,
  };
}

const steps: StepShape[] = [
  { reply: "I look it up." },
  { tool: "search", input: '{"q":"shoes","limit":5}', output: "three pairs" },
  { reply: "Another one." },
  { tool: "search", input: '{"q":"boots","limit":5}', output: "two pairs" },
  { tool: "cart", input: '{"id":7}', output: "added" },
  { reply: "Done." },
];

const matches = (answer: Answer) => answer.steps.map(({ match, steps: n }) => `${match} ${n}`);

describe("compare_traces of two runs", () => {
  it("says that a run is equal to itself and to its twin", async () => {
    const { there, text } = await compared(run(1, steps), run(2, steps));
    expect(matches(there)).toEqual(["equal 7"]);
    expect(text).toMatchInlineSnapshot(`
      "the same 7 steps, all equal
      a: aaaaaaaaaaaaaaaa0000000000000001 ok · 600 ms · 3 model calls · in 300 out 30 tok · $0.00105 · 0 errors
      b: aaaaaaaaaaaaaaaa0000000000000002 ok · 600 ms · 3 model calls · in 300 out 30 tok · $0.00105 · 0 errors
      steps of a → b (= equal, ~ changed, + only in b, - only in a, > elsewhere in b), with span ids of b, or a and b
      = 7 steps equal
      coverage: all 7 steps · as of seq 14"
    `);
    const { text: self } = await (mcp as Connected).call("compare_traces", { a: traceId(1), b: traceId(1) });
    expect(self.split("\n")[0]).toBe("the same 7 steps, all equal");
  });

  it.each([0, 1, 2, 3, 4, 5, 6])("shows a step put in at place %i on one line, and nothing else", async (place) => {
    const more: StepShape = { tool: "search", input: '{"q":"socks","limit":5}', output: "one pair" };
    const { there, back } = await compared(run(1, steps), run(2, steps.toSpliced(place, 0, more)));
    expect(matches(there).filter((match) => !match.startsWith("equal"))).toEqual(["only_b 1"]);
    expect(there.steps.find(({ match }) => match === "only_b")?.b).toBe(spanId(2000 + place + 1));
    expect(matches(back)).toEqual(matches(there).map((match) => match.replace("only_b", "only_a")));
    expect(there.coverage).toMatchObject({ matched: 8, returned: 8 });
  });

  it("names arguments, results, errors and times that differ, in the step that they belong to", async () => {
    const other = steps.with(1, {
      tool: "search",
      input: '{"q":"shirts","limit":5,"page":2}',
      output: "no shirts",
      ms: 2900,
    });
    const { there, text } = await compared(
      run(1, steps),
      run(2, other.with(4, { tool: "cart", input: '{"id":7}', error: "cart is closed" }), { error: "gave up" }),
    );
    expect(matches(there)).toEqual(["changed 1", "equal 1", "changed 1", "equal 2", "changed 1", "equal 1"]);
    expect(there.steps[2]).toMatchObject({
      a: spanId(1002),
      b: spanId(2002),
      changes: [
        { what: "arguments", summary: "q shoes → shirts; page only in b: 2" },
        { what: "result", summary: "three pairs → no shirts" },
        { what: "duration", summary: "100 ms → 2.9 s" },
      ],
    });
    expect(there.b.duration_ms - there.a.duration_ms).toBe(2800);
    expect(text).toMatchInlineSnapshot(`
      "b failed where a did not: tool cart failed with "cart is closed" (span bbbb0000000007d5); b is 5.7 × slower (3.4 s instead of 600 ms): tool search took 2.9 s instead of 100 ms; the same 7 steps, 3 of them differ
      a: aaaaaaaaaaaaaaaa0000000000000001 ok · 600 ms · 3 model calls · in 300 out 30 tok · $0.00105 · 0 errors
      b: aaaaaaaaaaaaaaaa0000000000000002 ERROR · 3.4 s · 3 model calls · in 300 out 30 tok · $0.00105 · 2 errors
      steps of a → b (= equal, ~ changed, + only in b, - only in a, > elsewhere in b), with span ids of b, or a and b
      ~ agent clerk: status ok → failed with "gave up" · bbbb0000000003e8, bbbb0000000007d0
      = 1 step equal
      ~ tool search: arguments "q" "shoes" → "shirts"; "page" only in b: "2"; result "three pairs" → "no shirts"; duration 100 ms → 2.9 s · bbbb0000000003ea, bbbb0000000007d2
      = 2 steps equal
      ~ tool cart: status ok → failed with "cart is closed" · bbbb0000000003ed, bbbb0000000007d5
      = 1 step equal
      coverage: all 7 steps · as of seq 14"
    `);
  });

  it("tells once what models were given: instructions, tools, model, settings", async () => {
    const tools = (...names: string[]) =>
      JSON.stringify(names.map((name) => ({ type: "function", name, parameters: {} })));
    const given = (system: string, list: string, temperature: number, model: string) =>
      steps.map((step) =>
        step.tool
          ? step
          : {
              ...step,
              system,
              model,
              attributes: { "gen_ai.tool.definitions": list, "gen_ai.request.temperature": temperature },
            },
      );
    const { there, text } = await compared(
      run(1, given("Answer in one word. Never guess.", tools("search", "cart"), 0, "gpt-4o")),
      run(2, given("Answer at length. Never guess.", tools("cart", "search", "refund"), 0.7, "gpt-4o-mini")),
    );
    expect(there.given.map(({ what, agent, summary, b }) => [what, agent, summary, b.length])).toMatchInlineSnapshot(`
      [
        [
          "model",
          "clerk",
          "model gpt-4o → gpt-4o-mini",
          3,
        ],
        [
          "system",
          "clerk",
          "instructions: Answer in one word. → Answer at length.",
          3,
        ],
        [
          "tools",
          "clerk",
          "list of tools: b adds refund",
          3,
        ],
        [
          "parameters",
          "clerk",
          "settings: temperature 0 → 0.7",
          3,
        ],
      ]
    `);
    expect(text.split("\n")[0]).toMatchInlineSnapshot(
      `"b costs 17 × less ($0.000063 instead of $0.00105); the same 7 steps; other model, instructions, list of tools, settings of clerk"`,
    );
  });

  it("does not take tools in another order, a new date in the instructions or parallel work in another order for a change", async () => {
    const list = (...names: string[]) => JSON.stringify(names.map((name) => ({ type: "function", name })));
    const of = (date: string, tools: string) =>
      steps.map((step) =>
        step.tool ? step : { ...step, system: `Today is ${date}.`, attributes: { "gen_ai.tool.definitions": tools } },
      );
    const [first, second] = [of("2026-11-10", list("a", "b")), of("2026-11-11", list("b", "a"))];
    const swapped = second.with(3, second[4] as StepShape).with(4, second[3] as StepShape);
    const { there } = await compared(run(1, first), run(2, swapped));
    expect(there.given.map(({ what }) => what)).toEqual(["system"]);
    expect(there.verdict).toBe(
      "the same 7 steps, 1 in another order (tool search after tool cart instead of before it)",
    );
    expect(there.steps.filter(({ match }) => match !== "equal")).toMatchObject([
      { match: "moved", changes: [{ what: "order", summary: "after tool cart instead of before it" }] },
    ]);
  });

  it("says what it cannot compare, and what it takes", async () => {
    const client = await opened([...run(1, steps), ...run(2, [{ tool: "search", ms: null }], { ms: null })]);
    const { text } = await client.call("compare_traces", { a: traceId(1), b: traceId(2) });
    expect(text).toContain("b is running");
    for (const args of [
      {},
      { a: traceId(1) },
      { a: traceId(1), b: traceId(2), group_a: {}, group_b: {} },
      { group_a: {} },
    ]) {
      const { text: error, isError } = await client.call("compare_traces", args);
      expect(isError).toBe(true);
      expect(error).toContain("compare_traces takes either a and b, or group_a and group_b.");
    }
    const wrong = await client.call("compare_traces", { group_a: { modle: "x" }, group_b: { since: "never" } });
    expect(wrong.isError).toBe(true);
    expect(wrong.text).toMatchInlineSnapshot(`
      "Error (bad_argument): unknown argument "modle" in group_a, which takes since, until, service, session_id, agent, model, status, text. group_b.since: "never" must be an ISO time (2026-01-31T09:30:00Z) or an age (90m, 24h, 7d).
      Valid arguments of compare_traces: a, b, group_a, group_b, max_tokens, format."
    `);
  });

  it("says where a moved step stood, and does not pair an answer with a call that asks for a tool", async () => {
    const asking = (name: string): StepShape => ({
      attributes: {
        "gen_ai.output.messages": JSON.stringify([
          { role: "assistant", parts: [{ type: "tool_call", id: "c1", name, arguments: {} }] },
        ]),
      },
    });
    const tool = (name: string): StepShape => ({ tool: name, input: "{}", output: "fine" });
    const [search, invoice, refund] = [tool("search_kb"), tool("get_invoice"), tool("refund")];
    const { there, back } = await compared(
      run(1, [asking("search_kb"), search, invoice, refund, { reply: "Refunded." }]),
      run(2, [asking("search_kb"), refund, search, invoice, asking("search_kb")]),
    );
    const told = (answer: Answer) =>
      answer.steps.flatMap(({ match, changes }) => [
        match,
        ...changes.map(({ what, summary }) => `${what} ${summary}`),
      ]);
    expect(told(there)).toEqual([
      ...["equal", "moved", "order before tool search_kb instead of after tool get_invoice"],
      ...["equal", "only_a", "only_b"],
    ]);
    expect(told(back)).toContain("order after tool get_invoice instead of before tool search_kb");
    expect([...told(there), ...told(back)].join()).not.toContain("reply");
  });

  it("names the result that makes one run's input much larger, and the calls that it went to", async () => {
    const orders = Array.from({ length: 3000 }, (_, i) => `order ${i}`).join(", ");
    const part = { type: "tool_call", id: "c9", name: "export_orders", arguments: {} };
    const heard = [
      message("user", "Export them."),
      { role: "assistant", parts: [part] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "c9", response: orders }] },
    ];
    const large: StepShape = {
      attributes: { "gen_ai.usage.input_tokens": 9000, "gen_ai.input.messages": JSON.stringify(heard) },
    };
    const exported: StepShape = {
      ...{ tool: "export_orders", input: "{}", output: orders },
      attributes: { "gen_ai.tool.call.id": "c9" },
    };
    const { there, back } = await compared(run(1, steps), run(2, [{}, exported, large, large, large]));
    // 27,000 tokens of the three calls and 100 of the first, against 300
    expect(there.verdict).toMatch(
      new RegExp(
        `b's input is 90 × larger \\(27,100 instead of 300 tok\\): result of export_orders, [89],\\d+ tok, went to 3 calls, span ${spanId(2002)}`,
      ),
    );
    expect(back.verdict).toMatch(/b's input is 90 × smaller .*: result of export_orders, .* went to 3 calls of a/);
  });
});
