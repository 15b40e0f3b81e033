/** Rules asked of runs over MCP: what passes, what fails with which spans, what cannot be told, and rules that are wrong. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OtlpSpan } from "../../src/model/otlp.js";
import type { SpanDetail } from "../../src/store/reader.js";
import { type Attributes, chat, message, morning, requestOf, span, spanId, traceId } from "../store/otlp.js";
import { type Connected, connect } from "./client.js";
import { storeOf, type TestStore } from "./store.js";

const at = (ms: number) => morning + ms;

/** `null` arguments or result: not recorded. */
function toolCall(name: string, given: unknown, result: unknown): Attributes {
  return {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": name,
    ...(given !== null && { "gen_ai.tool.call.arguments": JSON.stringify(given) }),
    ...(result !== null && { "gen_ai.tool.call.result": JSON.stringify(result) }),
  };
}
const agent = (name: string): Attributes => ({ "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name });
const found = { booking: { id: "FW-4711", price: 1299 }, seats: [{ id: "12A" }, { id: "12B" }] };

/** Ids of spans: trace × 100 and its place. */
function good(trace: number): OtlpSpan[] {
  const id = (n: number) => trace * 100 + n;
  const heard = [message("user", "refund me"), message("tool", JSON.stringify(found))];
  return [
    span({
      trace,
      id: id(1),
      ms: 1000,
      attributes: { ...agent("travel"), "session.id": "s-1" },
      start: at(trace * 10_000),
    }),
    ...[
      {
        n: 2,
        from: 10,
        ms: 100,
        attributes: chat({ input: 100, output: 20, messages: heard.slice(0, 1), reply: "Let me see." }),
      },
      { n: 3, from: 120, ms: 80, attributes: toolCall("find_booking", { name: "Ben" }, found) },
      { n: 4, from: 210, ms: 150, attributes: toolCall("refund", { booking: "FW-4711", amount: 1299 }, "done") },
      {
        n: 5,
        from: 400,
        ms: 200,
        attributes: chat({ input: 300, output: 50, messages: heard, reply: "Refunded 1,299 for FW-4711." }),
      },
    ].map(({ n, from, ms, attributes }) =>
      span({ trace, id: id(n), parent: id(1), start: at(trace * 10_000 + from), ms, attributes }),
    ),
  ];
}

const spans: OtlpSpan[] = [
  ...good(1),
  // 2: refunds first, three times with the same arguments in other words, and fails once
  span({ trace: 2, id: 201, ms: 3000, start: at(20_000), attributes: { ...agent("travel"), "session.id": "s-1" } }),
  span({
    trace: 2,
    id: 202,
    parent: 201,
    start: at(20_010),
    ms: 400,
    error: "declined",
    attributes: toolCall("refund", { booking: "X-1", amount: "many" }, null),
  }),
  span({
    trace: 2,
    id: 203,
    parent: 201,
    start: at(20_500),
    ms: 30,
    attributes: toolCall("refund", { amount: "many", booking: "X-1" }, "done"),
  }),
  span({
    trace: 2,
    id: 204,
    parent: 201,
    start: at(20_600),
    ms: 30,
    attributes: toolCall("refund", { booking: "X-1", amount: "many" }, "done"),
  }),
  span({
    trace: 2,
    id: 205,
    parent: 201,
    start: at(20_700),
    ms: 100,
    attributes: toolCall("find_booking", { name: "Ann" }, found),
  }),
  span({
    trace: 2,
    id: 206,
    parent: 201,
    start: at(20_900),
    ms: 900,
    attributes: chat({ input: 5000, output: 70, reply: "No luck." }),
  }),
  // 3: still runs
  span({ trace: 3, id: 301, ms: null, start: at(30_000), attributes: agent("travel") }),
  span({
    trace: 3,
    id: 302,
    parent: 301,
    start: at(30_010),
    ms: 10,
    attributes: toolCall("find_booking", { name: "Cy" }, found),
  }),
  // 4: recorded without contents and tokens, by a model without a price
  span({ trace: 4, id: 401, ms: 500, start: at(40_000), attributes: agent("silent") }),
  span({ trace: 4, id: 402, parent: 401, start: at(40_010), ms: 10, attributes: chat({ model: "own-model" }) }),
  span({ trace: 4, id: 403, parent: 401, start: at(40_030), ms: 10, attributes: toolCall("refund", null, null) }),
  // 5: tools leave no spans, only messages
  span({ trace: 5, id: 501, ms: 900, start: at(50_000), attributes: agent("plain") }),
  span({
    trace: 5,
    id: 502,
    parent: 501,
    start: at(50_010),
    ms: 100,
    attributes: {
      ...chat({ input: 10, output: 5 }),
      "gen_ai.output.messages": JSON.stringify([
        { role: "assistant", parts: [{ type: "tool_call", id: "c1", name: "weather", arguments: { city: "Oslo" } }] },
      ]),
    },
  }),
  span({
    trace: 5,
    id: 503,
    parent: 501,
    start: at(50_300),
    ms: 100,
    attributes: chat({
      input: 40,
      output: 5,
      reply: '{"celsius":4}',
      messages: [
        message("user", "weather?"),
        { role: "tool", parts: [{ type: "tool_call_response", id: "c1", response: { celsius: 4 } } as never] },
      ],
    }),
  }),
];

let store: TestStore;
let mcp: Connected;
beforeAll(async () => {
  store = await storeOf([requestOf(spans)]);
  mcp = await connect({ reader: async () => store.reader, storePath: store.path });
});
afterAll(async () => {
  await mcp.close();
  store.remove();
});

type Rule = Record<string, unknown>;
type Answer = {
  verdict: string;
  rules: {
    name: string;
    status: string;
    counts: Record<string, number>;
    outcomes: {
      trace_id: string;
      session_id: string;
      status: string;
      details: { summary: string; evidence: string[] }[];
      more: number;
    }[];
    more: number;
  }[];
  running: string[];
  failed_traces: number;
  coverage: { matched: number; returned: number };
};

async function check(rules: Rule[], args: Record<string, unknown> = {}): Promise<Answer> {
  const { text, isError } = await mcp.call("check_trace", { rules, format: "json", ...args });
  expect([isError, text]).toEqual([false, text]);
  return JSON.parse(text);
}
const first = { trace_id: traceId(1) };
const second = { trace_id: traceId(2) };
/** The status in one trace, and what was said about it. */
async function told(rule: Rule, trace: number): Promise<[status: string, summary?: string, evidence?: string[]]> {
  const { rules } = await check([rule], { trace_id: traceId(trace) });
  const detail = rules[0]?.outcomes[0]?.details[0];
  return detail ? [rules[0]?.status ?? "", detail.summary, detail.evidence] : [rules[0]?.status ?? ""];
}
const ids = (...of: number[]) => of.map(spanId);

describe("calls", () => {
  test("counts calls of tools, models and agents against min and max", async () => {
    expect(await told({ rule: "calls", tool: "refund", min: 1, max: 1 }, 1)).toEqual(["passed"]);
    expect(await told({ rule: "calls", tool: "ref*", max: 1 }, 2)).toEqual([
      "failed",
      "ref* was called 3 times, at most once allowed",
      ids(202, 203, 204),
    ]);
    expect(await told({ rule: "calls", tool: "cancel", min: 1 }, 1)).toEqual([
      "failed",
      "cancel was called 0 times, at least once expected",
      [],
    ]);
    expect(await told({ rule: "calls", model: "*", max: 1 }, 1)).toEqual([
      "failed",
      "a model was called 2 times, at most once allowed",
      ids(102, 105),
    ]);
    expect(await told({ rule: "calls", model: "gpt-4o*", min: 2, max: 2 }, 1)).toEqual(["passed"]);
    expect(await told({ rule: "calls", agent: "travel", min: 1, max: 1 }, 1)).toEqual(["passed"]);
    expect((await told({ rule: "calls", tool: "*", agent: "travel", max: 1 }, 1))[0]).toBe("failed");
    expect(await told({ rule: "calls", tool: "*", agent: "other", max: 0 }, 1)).toEqual(["passed"]);
  });

  test("counts those with the same arguments, whatever the order of their members, or with such arguments", async () => {
    const same = { rule: "calls", tool: "refund", same_arguments: true };
    expect(await told({ ...same, max: 3 }, 2)).toEqual(["passed"]);
    expect(await told({ ...same, max: 2 }, 2)).toEqual([
      "failed",
      'refund was called 3 times with {"booking":"X-1","amount":"many"}, at most 2 times allowed',
      ids(202, 203, 204),
    ]);
    const large = {
      rule: "calls",
      tool: "refund",
      arguments: { type: "object", properties: { amount: { type: "number", minimum: 1000 } }, required: ["amount"] },
      max: 0,
    };
    expect(await told(large, 1)).toEqual([
      "failed",
      "refund was called once with such arguments, at most 0 times allowed",
      ids(104),
    ]);
    expect(await told(large, 2)).toEqual(["passed"]);
    expect(await told(large, 4)).toEqual(["cannot_tell", "the arguments of 1 call are not known", ids(403)]);
  });

  test("a run that has not ended can fail, but neither pass nor miss a call yet", async () => {
    expect(await told({ rule: "calls", tool: "refund", max: 1 }, 3)).toEqual([
      "cannot_tell",
      "the run has not ended",
      ids(301),
    ]);
    expect(await told({ rule: "calls", tool: "refund", min: 1 }, 3)).toEqual([
      "cannot_tell",
      "the run has not ended",
      ids(301),
    ]);
    expect(await told({ rule: "calls", tool: "find_booking", min: 1 }, 3)).toEqual(["passed"]);
    expect((await told({ rule: "calls", tool: "find_booking", max: 0 }, 3))[0]).toBe("failed");
  });

  test("tools that leave no spans are known from the messages", async () => {
    expect(await told({ rule: "calls", tool: "weather", min: 1, max: 1 }, 5)).toEqual(["passed"]);
    expect(
      await told({ rule: "schema", of: "arguments", tool: "weather", schema: { required: ["country"] } }, 5),
    ).toEqual(["failed", "weather arguments: must have required property 'country'", ids(502)]);
    expect(await told({ rule: "uses_result", tool: "weather", field: "celsius", in: "answer" }, 5)).toEqual(["passed"]);
  });
});

describe("order", () => {
  test("each tool comes after the one before it had ended", async () => {
    const rule = { rule: "order", tools: ["find_booking", "refund"] };
    expect(await told(rule, 1)).toEqual(["passed"]);
    expect(await told(rule, 2)).toEqual(["failed", "refund was called before find_booking", ids(202, 205)]);
    expect(await told(rule, 4)).toEqual(["failed", "refund was called, but find_booking before it was not", ids(403)]);
    expect(await told(rule, 3)).toEqual(["cannot_tell", "the run has not ended", ids(301)]);
    expect(await told(rule, 5)).toEqual(["never_applied"]);
    expect(await told({ ...rule, allow_never: true }, 5)).toEqual(["passed"]);
    expect(await told({ rule: "order", tools: ["refund", "refund", "find_booking"], strict: true }, 2)).toEqual([
      "failed",
      "between them was called: refund",
      ids(204),
    ]);
    expect(await told({ rule: "order", tools: ["refund", "find_booking"] }, 2)).toEqual(["passed"]);
  });

  test("calls at the same time are in no order", async () => {
    const parallel = await storeOf([
      requestOf([
        span({ trace: 9, id: 1, ms: 100 }),
        span({ trace: 9, id: 2, parent: 1, start: at(10), ms: 50, attributes: toolCall("verify", {}, "ok") }),
        span({ trace: 9, id: 3, parent: 1, start: at(20), ms: 50, attributes: toolCall("refund", {}, "ok") }),
      ]),
    ]);
    const client = await connect({ reader: async () => parallel.reader });
    const { text } = await client.call("check_trace", { rules: [{ rule: "order", tools: ["verify", "refund"] }] });
    expect(text).toContain(`refund was called before verify had ended · spans ${spanId(3)}, ${spanId(2)}`);
    await client.close();
    parallel.remove();
  });
});

describe("no_errors", () => {
  test("tells failures that were got over apart, and lets some pass by type or tool", async () => {
    expect(await told({ rule: "no_errors" }, 1)).toEqual(["passed"]);
    expect(await told({ rule: "no_errors" }, 2)).toEqual([
      "failed",
      "refund failed: declined (a later call made up for it)",
      ids(202),
    ]);
    expect(await told({ rule: "no_errors", allow_recovered: true }, 2)).toEqual(["passed"]);
    expect(await told({ rule: "no_errors", allow_tools: ["refund"] }, 2)).toEqual(["passed"]);
    expect((await told({ rule: "no_errors", allow_types: ["Timeout*"] }, 2))[0]).toBe("failed");
    expect((await told({ rule: "no_errors" }, 3))[0]).toBe("cannot_tell");
  });

  test("a failure is got over only when diagnose_trace says so: swallowed ones fail, alike ones in one line", async () => {
    const ask = async (reply: string | null, rule = { rule: "no_errors", allow_recovered: true }) => {
      const failing = (n: number) =>
        span({
          trace: 9,
          id: n,
          parent: 1,
          start: at(n * 100),
          ms: 50,
          error: "mailbox is full",
          attributes: toolCall("send_mail", { to: `guest ${n}`, text: `${n * 7919} is your number` }, null),
        });
      const answer = { input: 10, output: 5, messages: [message("user", "tell the guests")] };
      const asked = await storeOf([
        requestOf([
          span({ trace: 9, id: 1, ms: 2000, start: at(0), attributes: agent("host") }),
          ...[2, 3, 4, 5].map(failing),
          span({
            trace: 9,
            id: 6,
            parent: 1,
            start: at(900),
            ms: 100,
            attributes: chat(reply === null ? answer : { ...answer, reply }),
          }),
        ]),
      ]);
      const client = await connect({ reader: async () => asked.reader });
      const { text } = await client.call("check_trace", { rules: [rule] });
      const { text: diagnosis } = await client.call("diagnose_trace", { trace_id: traceId(9) });
      await client.close();
      asked.remove();
      return { text, diagnosis };
    };
    const swallowed = await ask("The table is laid for six.");
    expect(swallowed.diagnosis).toContain("the run went on as though nothing had happened");
    expect(swallowed.text).toMatchInlineSnapshot(`
      "FAILED: 1 of 1 rule, in 1 of 1 run
      ✗ no_errors but recovered ones
        send_mail failed: "mailbox is full" (nothing made up for it, and the run went on as though nothing had happened) (4 times) · spans bbbb000000000002, bbbb000000000003, bbbb000000000004 (+1 more)
      coverage: 1 run · as of seq 6"
    `);
    expect((await ask("I could not send the mails: the mailbox is full.")).text).toMatch(/^PASSED/);
    expect((await ask(null)).text).toContain("what it answered was not recorded");
  });
});

describe("limit", () => {
  test("every figure that it tells is what the spans say", async () => {
    const raw = await Promise.all(ids(102, 105).map((span_id) => store.reader.getSpan({ span_id })));
    const sum = (of: (span: SpanDetail) => number | null) =>
      raw.reduce((total, each) => total + (of(each) as number), 0);
    const input = sum((each) => each.input_tokens);
    const output = sum((each) => each.output_tokens);
    const cost = sum((each) => each.cost_usd);
    expect([input, output]).toEqual([400, 70]);
    for (const [of, total] of [
      ["input_tokens", input],
      ["output_tokens", output],
      ["total_tokens", input + output],
      ["cost_usd", cost],
      ["duration_ms", 1000],
    ] as const) {
      expect(await told({ rule: "limit", of, max: total }, 1)).toEqual(["passed"]);
      expect((await told({ rule: "limit", of, max: total * 0.99 }, 1))[0]).toBe("failed");
    }
    expect(await told({ rule: "limit", of: "total_tokens", max: 400 }, 1)).toEqual([
      "failed",
      "470 tokens, 350 tokens of it in one call, at most 400 tokens allowed",
      ids(105, 102),
    ]);
    expect(await told({ rule: "limit", of: "duration_ms", max: 900 }, 1)).toEqual([
      "failed",
      "1 s, at most 900 ms allowed",
      ids(101),
    ]);
  });

  test("is for each call of a tool, a model or an agent, where one is named", async () => {
    expect(await told({ rule: "limit", of: "duration_ms", max: 100, tool: "refund" }, 1)).toEqual([
      "failed",
      "refund: 150 ms, at most 100 ms allowed",
      ids(104),
    ]);
    expect(await told({ rule: "limit", of: "input_tokens", max: 300, model: "*" }, 1)).toEqual(["passed"]);
    expect(await told({ rule: "limit", of: "input_tokens", max: 399, agent: "travel" }, 1)).toEqual([
      "failed",
      "travel: 400 input tokens, at most 399 input tokens allowed",
      ids(101),
    ]);
    expect(await told({ rule: "limit", of: "duration_ms", max: 1, tool: "nothing" }, 1)).toEqual(["never_applied"]);
  });

  test("a figure that nobody knows does not pass", async () => {
    expect(await told({ rule: "limit", of: "cost_usd", max: 1 }, 4)).toEqual([
      "cannot_tell",
      "the cost of 1 call not known",
      ids(402),
    ]);
    expect(await told({ rule: "limit", of: "total_tokens", max: 1, model: "own*" }, 4)).toEqual([
      "cannot_tell",
      "own-model: its tokens are not known",
      ids(402),
    ]);
    expect(await told({ rule: "limit", of: "duration_ms", max: 0, agent: "*" }, 3)).toEqual([
      "cannot_tell",
      "travel: how long it took is not known",
      ids(301),
    ]);
  });

  test("a share of the runs may be above it", async () => {
    const rule = { rule: "limit", of: "total_tokens", max: 1000 };
    const args = { agent: "travel", until: new Date(at(29_000)).toISOString() };
    expect((await check([{ ...rule, allow_failing_percent: 50 }], args)).rules[0]).toMatchObject({
      status: "passed",
      counts: { passed: 1, failed: 1 },
    });
    expect((await check([{ ...rule, allow_failing_percent: 49 }], args)).rules[0]).toMatchObject({ status: "failed" });
    // one of three is known to fail, another may
    const all = { agent: "travel" };
    expect((await check([{ ...rule, allow_failing_percent: 40 }], all)).rules[0]).toMatchObject({
      status: "cannot_tell",
      counts: { passed: 1, failed: 1, cannot_tell: 1 },
    });
    expect((await check([{ ...rule, allow_failing_percent: 70 }], all)).rules[0]).toMatchObject({ status: "passed" });
  });
});

describe("schema", () => {
  const refund = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { booking: { type: "string", pattern: "^[A-Z]{2}-\\d{4}$" }, amount: { type: "number" } },
    required: ["booking"],
    additionalProperties: false,
  };
  test("arguments, results and answers are read as JSON or as text", async () => {
    expect(await told({ rule: "schema", of: "arguments", tool: "refund", schema: refund }, 1)).toEqual(["passed"]);
    expect(await told({ rule: "schema", of: "arguments", tool: "refund", schema: refund }, 2)).toEqual([
      "failed",
      'refund arguments: /booking must match pattern "^[A-Z]{2}-\\d{4}$": X-1 (3 times)',
      ids(202, 203, 204),
    ]);
    expect(
      await told(
        {
          rule: "schema",
          of: "result",
          tool: "find_booking",
          schema: { properties: { seats: { items: { $ref: "#/$defs/seat" } } }, $defs: { seat: { required: ["id"] } } },
        },
        1,
      ),
    ).toEqual(["passed"]);
    expect(await told({ rule: "schema", of: "result", tool: "refund", schema: { const: "done" } }, 1)).toEqual([
      "passed",
    ]);
    expect(await told({ rule: "schema", of: "answer", schema: { type: "string", pattern: "FW-\\d+" } }, 1)).toEqual([
      "passed",
    ]);
    expect(
      await told(
        { rule: "schema", of: "answer", schema: { type: "object", properties: { celsius: { maximum: 3 } } } },
        5,
      ),
    ).toEqual(["failed", "answer: /celsius must be <= 3: 4", ids(503)]);
    expect(await told({ rule: "schema", of: "result", agent: "travel", schema: { maxLength: 5 } }, 1)).toEqual([
      "failed",
      "travel result: must NOT have more than 5 characters: Refunded 1,299 for FW-4711.",
      ids(101),
    ]);
  });

  test("what was not recorded does not pass, and what never happened is said", async () => {
    expect(await told({ rule: "schema", of: "arguments", tool: "refund", schema: refund }, 4)).toEqual([
      "cannot_tell",
      "refund arguments not recorded",
      ids(403),
    ]);
    expect(await told({ rule: "schema", of: "answer", schema: true }, 4)).toEqual([
      "cannot_tell",
      "the answer was not recorded",
      ids(402),
    ]);
    expect(await told({ rule: "schema", of: "arguments", tool: "nothing", schema: true }, 1)).toEqual([
      "never_applied",
    ]);
  });
});

describe("uses_result", () => {
  test("finds a result again in arguments, in models' input and in the answer", async () => {
    const rule = { rule: "uses_result", tool: "find_booking" };
    expect(await told({ ...rule, field: "booking.id", in: { tool: "refund" } }, 1)).toEqual(["passed"]);
    expect(await told({ ...rule, field: "booking.price", in: "answer" }, 1)).toEqual(["passed"]);
    expect(await told({ ...rule, in: "model" }, 1)).toEqual(["passed"]);
    expect(await told({ ...rule, field: "seats.*.id", in: "answer" }, 1)).toEqual([
      "failed",
      "the answer holds nothing of find_booking.seats.*.id 12A (+1 more)",
      ids(105, 103),
    ]);
    expect(await told({ ...rule, field: "booking.id", in: { tool: "refund" } }, 2)).toEqual([
      "failed",
      "refund was called before find_booking had returned anything (3 times)",
      ids(202, 203, 204),
    ]);
    expect(await told({ ...rule, field: "booking.id", in: { tool: "refund" } }, 4)).toEqual([
      "failed",
      "refund was called before find_booking had returned anything",
      ids(403),
    ]);
    expect((await told({ ...rule, field: "nothing", in: "answer" }, 1))[1]).toContain(
      "find_booking.nothing, which is not in the result",
    );
  });

  test("a text that was recorded as JSON is looked for without its quotes", async () => {
    const quoted = await storeOf([
      requestOf([
        span({ trace: 6, id: 1, ms: 100 }),
        span({ trace: 6, id: 2, parent: 1, start: at(10), attributes: toolCall("locate", {}, "Oslo") }),
        span({ trace: 6, id: 3, parent: 1, start: at(40), attributes: chat({ reply: "You are in Oslo." }) }),
      ]),
    ]);
    const client = await connect({ reader: async () => quoted.reader });
    const { text } = await client.call("check_trace", {
      rules: [{ rule: "uses_result", tool: "locate", in: "answer" }],
    });
    expect(text).toContain("PASSED: 1 rule, 1 run");
    await client.close();
    quoted.remove();
  });

  test("cannot be told without the texts", async () => {
    expect(await told({ rule: "uses_result", tool: "refund", in: "answer" }, 4)).toEqual([
      "cannot_tell",
      "the answer was not recorded",
      ids(402),
    ]);
    expect(await told({ rule: "uses_result", tool: "refund", in: "model" }, 4)).toEqual([
      "cannot_tell",
      "what refund returned is not recorded",
      ids(403),
    ]);
    expect(await told({ rule: "uses_result", tool: "nothing", in: "answer" }, 1)).toEqual(["never_applied"]);
  });
});

test("no_findings says what the diagnosis of the run says", async () => {
  const loop = await storeOf([
    requestOf([
      span({ trace: 7, id: 700, ms: 10_000, attributes: agent("stuck") }),
      ...Array.from({ length: 12 }, (_, i) => [
        span({
          trace: 7,
          id: 701 + 2 * i,
          parent: 700,
          start: at(100 + i * 500),
          ms: 100,
          attributes: chat({ input: 50, output: 5, reply: "again" }),
        }),
        span({
          trace: 7,
          id: 702 + 2 * i,
          parent: 700,
          start: at(300 + i * 500),
          ms: 100,
          attributes: toolCall("search", { q: "x" }, "nothing"),
        }),
      ]).flat(),
    ]),
  ]);
  const { findings } = await loop.reader.diagnoseTrace({ trace_id: traceId(7) });
  const kind = findings.find((finding) => finding.severity !== "info")?.kind;
  const client = await connect({ reader: async () => loop.reader });
  const { text } = await client.call("check_trace", { rules: [{ rule: "no_findings" }], format: "json" });
  const [rule] = (JSON.parse(text) as Answer).rules;
  expect(kind).toBeDefined();
  expect(rule?.status).toBe("failed");
  expect(rule?.outcomes[0]?.details.map(({ summary }) => summary.split(":")[0])).toContain(kind);
  expect(await told({ rule: "no_findings", kinds: ["loop"] }, 1)).toEqual(["passed"]);
  await client.close();
  loop.remove();
});

describe("a session", () => {
  test("is asked as one sequence, and so is everything together", async () => {
    const { rules } = await check([
      { rule: "calls", tool: "refund", max: 3, scope: "session" },
      { rule: "limit", of: "input_tokens", max: 5000, scope: "session" },
      { rule: "limit", of: "duration_ms", max: 4000, scope: "session" },
      { rule: "calls", tool: "find_booking", max: 1, scope: "all" },
      { rule: "order", tools: ["find_booking", "refund"], scope: "session" },
    ]);
    expect(rules.map(({ status }) => status)).toEqual(["failed", "failed", "passed", "failed", "passed"]);
    expect(rules[0]?.outcomes).toEqual([
      {
        trace_id: null,
        session_id: "s-1",
        status: "failed",
        details: [{ summary: "refund was called 4 times, at most 3 times allowed", evidence: ids(104, 202, 203, 204) }],
        more: 0,
      },
    ]);
    expect(rules[1]?.outcomes[0]?.details[0]?.summary).toBe(
      "5,400 input tokens in 2 runs, at most 5,000 input tokens allowed",
    );
    expect(rules[3]?.outcomes[0]?.details[0]?.evidence).toEqual(ids(103, 205, 302));
  });
});

describe("the answer", () => {
  const rules = [
    { rule: "calls", tool: "refund", max: 1 },
    { rule: "order", tools: ["find_booking", "refund"], name: "look before you refund" },
    { rule: "no_errors", allow_recovered: true },
    { rule: "limit", of: "cost_usd", max: 0.01 },
    { rule: "schema", of: "arguments", tool: "cancel", schema: { type: "object" } },
  ];
  test("has the verdict first, failures with evidence, and what passed in a line", async () => {
    expect((await mcp.call("check_trace", { rules, ...second })).text).toMatchInlineSnapshot(`
      "FAILED: 3 of 5 rules, in 1 of 1 run
      ✗ calls refund: at most 1
        refund was called 3 times, at most once allowed · spans bbbb0000000000ca, bbbb0000000000cb, bbbb0000000000cc
      ✗ look before you refund
        refund was called before find_booking · spans bbbb0000000000ca, bbbb0000000000cd
      ✗ limit cost_usd ≤ 0.01
        $0.0132, at most $0.01 allowed · span bbbb0000000000ce
      - never applied, nothing that they are about happened: schema of arguments of cancel
      ✓ passed: no_errors but recovered ones
      coverage: 1 run · as of seq 19"
    `);
    expect((await mcp.call("check_trace", { rules })).text).toMatchInlineSnapshot(`
      "FAILED: 3 of 5 rules, in 2 of 5 runs
      ✗ calls refund: at most 1: failed in 1 of 5 runs · cannot be told of 1
        trace aaaaaaaaaaaaaaaa0000000000000002: refund was called 3 times, at most once allowed · spans bbbb0000000000ca, bbbb0000000000cb, bbbb0000000000cc
        trace aaaaaaaaaaaaaaaa0000000000000003 cannot be told: the run has not ended · span bbbb00000000012d
      ✗ look before you refund: failed in 2 of 4 runs · cannot be told of 1
        trace aaaaaaaaaaaaaaaa0000000000000002: refund was called before find_booking · spans bbbb0000000000ca, bbbb0000000000cd
        trace aaaaaaaaaaaaaaaa0000000000000004: refund was called, but find_booking before it was not · span bbbb000000000193
        trace aaaaaaaaaaaaaaaa0000000000000003 cannot be told: the run has not ended · span bbbb00000000012d
      ✗ limit cost_usd ≤ 0.01: failed in 1 of 5 runs · cannot be told of 2
        trace aaaaaaaaaaaaaaaa0000000000000002: $0.0132, at most $0.01 allowed · span bbbb0000000000ce
        trace aaaaaaaaaaaaaaaa0000000000000003 cannot be told: the run has not ended · span bbbb00000000012d
        trace aaaaaaaaaaaaaaaa0000000000000004 cannot be told: the cost of 1 call not known · span bbbb000000000192
      ? no_errors but recovered ones: cannot be told of 1 of 5 runs
        trace aaaaaaaaaaaaaaaa0000000000000003: the run has not ended · span bbbb00000000012d
      ? schema of arguments of cancel: cannot be told of 1 of 1 run
        trace aaaaaaaaaaaaaaaa0000000000000003: the run has not ended · span bbbb00000000012d
      still running: aaaaaaaaaaaaaaaa0000000000000003
      coverage: all 5 runs · as of seq 19"
    `);
    expect((await mcp.call("check_trace", { rules: rules.slice(0, 4), ...first })).text).toMatchInlineSnapshot(`
      "PASSED: all 4 rules, 1 run
      ✓ passed: calls refund: at most 1; look before you refund; no_errors but recovered ones; limit cost_usd ≤ 0.01
      coverage: 1 run · as of seq 19"
    `);
  });

  test("counts what did not fit or was not asked", async () => {
    const { text } = await mcp.call("check_trace", { rules: [{ rule: "calls", tool: "*", max: 0 }], limit: 2 });
    expect(text).toContain("coverage: 2 of 5 runs · the newest 2, limit 2");
    expect(text).toContain('next: check_trace {"rules":"(as before)","limit":1000}');
    const answer = await check(rules);
    expect(answer).toMatchObject({
      verdict: "failed",
      failed_traces: 2,
      running: [traceId(3)],
      coverage: { matched: 5, returned: 5 },
    });
  });

  test("nothing that matches is no success", async () => {
    const { text } = await mcp.call("check_trace", { rules, service: "nobody" });
    expect(text).toContain("NOTHING CHECKED: no run matched");
    expect((await check(rules, { service: "nobody" })).verdict).toBe("nothing_checked");
  });

  test("one run and a filter exclude each other", async () => {
    const { text, isError } = await mcp.call("check_trace", { rules, ...first, service: "shop" });
    expect([isError, text.split("\n")[0]]).toEqual([
      true,
      "Error (bad_argument): trace_id names one run, service asks for those that match.",
    ]);
  });
});

describe("a rule that is wrong", () => {
  const error = async (...rules: unknown[]) => {
    const { text, isError } = await mcp.call("check_trace", { rules });
    expect(isError).toBe(true);
    return text;
  };
  test("is named together with what is right", async () => {
    expect(await error({ rule: "must_call", tool: "x" })).toMatchInlineSnapshot(`
      "Error (bad_argument): rule 1 (must_call): there is no such rule: use "calls" with min 1.
      Rules: calls {tool|model|agent, min, max, same_arguments, arguments: JSON Schema}; order {tools: [...], strict}; no_errors {allow_recovered, allow_types, allow_tools}; limit {of: duration_ms|input_tokens|output_tokens|total_tokens|cost_usd, max, tool|model|agent for each call}; schema {of: arguments|result|answer, tool|agent, schema: JSON Schema}; uses_result {tool, field, in: "answer"|"model"|{"tool": name}}; no_findings {kinds, severity}. All: name, description, scope: trace|session|all, allow_failing_percent, allow_never."
    `);
    const first = async (rule: unknown) => (await error(rule)).split("\n")[0]?.replace("Error (bad_argument): ", "");
    expect(await first({ tool: "x", max: 1 })).toMatchInlineSnapshot(
      `"rule 1: \`rule\` is missing: it is one of calls, order, no_errors, limit, schema, uses_result, no_findings."`,
    );
    expect(await first({ rule: "calls", tool: "x" })).toMatchInlineSnapshot(
      `"rule 1 (calls x: any number): say min, max or both."`,
    );
    expect(await first({ rule: "calls", tool: "x", maximum: 1 })).toMatchInlineSnapshot(
      `"rule 1 (calls): unknown "maximum"."`,
    );
    expect(await first({ rule: "limit", of: "cost", max: 1 })).toMatchInlineSnapshot(
      `"rule 1 (limit): of: invalid option: expected one of "duration_ms"|"input_tokens"|"output_tokens"|"total_tokens"|"cost_usd"."`,
    );
    expect(await first({ rule: "uses_result", tool: "x", in: "b" })).toMatchInlineSnapshot(
      `"rule 1 (uses_result): in: is "answer", "model" or {"tool": name}."`,
    );
    expect(await first({ rule: "schema", of: "answer", schema: { type: "sting" } })).toMatchInlineSnapshot(
      `"rule schema of the answer: its schema is wrong: schema is invalid: data/type must be equal to one of the allowed values, data/type must be array, data/type must match a schema in anyOf."`,
    );
    expect(await first({ rule: "schema", of: "answer", schema: { propertis: {} } })).toMatchInlineSnapshot(
      `"rule schema of the answer: its schema is wrong: strict mode: unknown keyword: "propertis"."`,
    );
    expect(await first("calls")).toMatchInlineSnapshot(`"rule 1: invalid input: expected object, received string."`);
  });

  test.each([
    [
      "a reference elsewhere",
      { $ref: "https://example.com/schema.json" },
      "$ref may only lead to #/… within the schema",
    ],
    ["a schema within itself", { $ref: "#" }, "a $ref leads back to itself"],
    ["a pattern that looks around", { pattern: "(?=a)" }, "lookaround"],
    ["an anchor", { $id: "http://x/", type: "string" }, "$id is not taken"],
    [
      "references that double each other",
      {
        $defs: Object.fromEntries(
          Array.from({ length: 40 }, (_, i) => [
            `a${i}`,
            i === 0 ? { type: "string" } : { allOf: [{ $ref: `#/$defs/a${i - 1}` }, { $ref: `#/$defs/a${i - 1}` }] },
          ]),
        ),
        $ref: "#/$defs/a39",
      },
      "it is too large",
    ],
    ["a deep one", JSON.parse(`${'{"not":'.repeat(500)}{}${"}".repeat(500)}`), "it is nested too deeply"],
  ])("%s is refused", async (_, schema, words) => {
    expect(await error({ rule: "schema", of: "answer", schema })).toContain(words);
  });

  test("or runs away costs no more than any other", async () => {
    const text = "a".repeat(100_000);
    const hostile = await storeOf([
      requestOf([
        span({ trace: 8, id: 1, attributes: chat({ reply: `${text}!` }) }),
        span({
          trace: 8,
          id: 2,
          attributes: toolCall(
            "list",
            [],
            Array.from({ length: 60_000 }, (_, i) => i),
          ),
        }),
      ]),
    ]);
    const client = await connect({ reader: async () => hostile.reader });
    const rules = [
      { rule: "schema", of: "answer", schema: { pattern: "^(a+)+$" } },
      { rule: "schema", of: "answer", schema: { pattern: `^(a{900})+$` } },
      { rule: "schema", of: "result", tool: "list", schema: { uniqueItems: true } },
    ];
    const { text: answer } = await client.call("check_trace", { rules, format: "json" });
    expect((JSON.parse(answer) as Answer).rules.map(({ status }) => status)).toEqual([
      "failed",
      "cannot_tell",
      "passed",
    ]);
    await client.close();
    hostile.remove();
  });
});
