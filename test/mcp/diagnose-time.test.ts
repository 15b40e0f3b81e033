/** diagnose_trace on what made a run slow, and on what only took long. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../src/model/diagnosis.js";
import type { OtlpSpan } from "../../src/model/otlp.js";
import { plainPhrase } from "../../src/model/phrase.js";
import { morning, requestOf, spanId, traceId } from "../store/otlp.js";
import { type Connected, connect } from "./client.js";
import { type RunStep, runOf, turn } from "./runs.js";
import { storeOf, type TestStore } from "./store.js";

const ask = (tool: string, args: unknown, ms: number, result: unknown = `found ${JSON.stringify(args)}`) =>
  turn(tool, args, result, { ms });
const usual = [...ask("search", { q: "a" }, 900), ...ask("fetch", { url: "b" }, 1100)];
const answer: RunStep = { model: "gpt-4o", says: "Here you are." };
const call = (firstTokenMs: number, ms = firstTokenMs + 1000): RunStep => ({
  model: "gpt-4o",
  says: `After ${firstTokenMs}.`,
  user: `And ${firstTokenMs}?`,
  firstTokenMs,
  ms,
});
const first = (says: string, ms: number, output: number): RunStep => ({ model: "gpt-4o", says, ms, output });

type Fault = { kind: string; steps: RunStep[]; evidence: number[]; ms: number };
/** `evidence`: which steps come first in it; `ms`: what it would save. */
const faults: Record<string, Fault> = {
  "a tool that took 30 s in a run of 1 s steps": {
    kind: "slow_step",
    steps: [...usual, ...ask("export", {}, 30_000), answer],
    evidence: [6],
    ms: 29_000,
  },
  "one of many calls of a tool": {
    kind: "slow_step",
    steps: [...[1, 2, 3, 4, 5].flatMap((n) => ask("fetch", { url: n }, n === 4 ? 20_000 : 500)), answer],
    evidence: [8],
    ms: 19_500,
  },
  "a model call that wrote little and took long": {
    kind: "slow_step",
    steps: [first("a", 1000, 60), first("b", 1200, 60), first("c", 40_000, 60), answer],
    evidence: [3],
    ms: 39_000,
  },
  "a tool that was quick the other time": {
    kind: "slow_step",
    steps: [...usual, ...ask("export", { n: 1 }, 900), ...ask("export", { n: 2 }, 30_000), answer],
    evidence: [8],
    ms: 29_000,
  },
  "an attempt that timed out for good": {
    kind: "slow_step",
    steps: [
      ...usual,
      { model: "gpt-4o", asks: [{ tool: "export", args: { day: 1 } }] },
      { tool: "export", args: { day: 1 }, ms: 20_000, error: "TimeoutError: no answer within 20 s" },
      { model: "gpt-4o", says: "The export failed: it timed out." },
    ],
    evidence: [6],
    ms: 19_000,
  },
  "one of parallel tools": {
    kind: "slow_step",
    steps: [
      ...usual,
      { model: "gpt-4o", asks: ["a", "b"].map((tool) => ({ tool, args: {} })) },
      { tool: "a", args: {}, result: 1, ms: 800, at: 6000 },
      { tool: "b", args: {}, result: 2, ms: 20_000, at: 6000 },
      answer,
    ],
    evidence: [7],
    ms: 19_000,
  },
  "nothing recorded for 20 s": {
    kind: "idle_gap",
    steps: [...usual, { model: "gpt-4o", says: "Done.", gap: 20_000 }],
    evidence: [4, 5],
    ms: 20_000,
  },
  "one long wait among short ones between the same calls": {
    kind: "idle_gap",
    steps: [0, 0, 40_000, 0].flatMap((gap, n): RunStep[] => [
      { model: "gpt-4o", asks: [{ tool: "get_job", args: { id: 5 } }], gap: gap + 5 },
      { tool: "get_job", args: { id: 5 }, result: n < 3 ? "queued" : "done" },
    ]),
    evidence: [4, 5],
    ms: 40_000,
  },
  "nothing recorded after the last step": { kind: "idle_gap", steps: [...usual, answer], evidence: [5], ms: 30_000 },
  "one late first token": {
    kind: "slow_first_token",
    steps: [call(400), call(500), call(600), call(9000)],
    evidence: [4],
    ms: 8500,
  },
};
const innocent: Record<string, RunStep[]> = {
  "a long run of even steps": Array.from({ length: 40 }, (_, n) =>
    ask("read_page", { page: n }, 2000 + (n % 3) * 300),
  ).flat(),
  "an answer that is long because it has much to say": [
    first("a", 1000, 50),
    first("b", 1200, 60),
    first("an essay", 60_000, 3500),
  ],
  "a job that is asked for until it is done": [
    { model: "gpt-4o", asks: [{ tool: "get_job", args: { id: 5 } }], ms: 500 },
    ...[1, 2, 3].map(
      (n): RunStep => ({
        tool: "get_job",
        args: { id: 5 },
        result: n < 3 ? "queued" : "done",
        gap: n > 1 ? 20_000 : 5,
      }),
    ),
    answer,
  ],
  "a person who was asked": [
    ...usual,
    { model: "gpt-4o", asks: [{ tool: "ask_human_approval", args: {} }] },
    { tool: "ask_human_approval", args: {}, result: "yes", ms: 90_000 },
    answer,
  ],
  "a person who took time to answer": [
    { model: "gpt-4o", says: "Which one?" },
    { model: "gpt-4o", user: "The red one.", says: "Right.", gap: 60_000 },
    answer,
  ],
  "a wait before a call is tried again": [
    ...usual,
    { model: "gpt-4o", ms: 100, error: "upstream reset" },
    { model: "gpt-4o", says: "Done.", gap: 8000 },
  ],
  "a slow tool beside a slower one": [
    { model: "gpt-4o", asks: ["a", "b"].map((tool) => ({ tool, args: {} })) },
    { tool: "a", args: {}, result: 1, ms: 20_000, at: 1100 },
    { tool: "b", args: {}, result: 2, ms: 20_100, at: 1100 },
    answer,
  ],
  "a tool that took as long each time": [
    ...usual,
    ...ask("train", { n: 1 }, 38_000),
    ...ask("train", { n: 2 }, 34_000),
    answer,
  ],
  "an attempt that timed out and was tried again": [
    ...usual,
    { model: "gpt-4o", asks: [{ tool: "export", args: { day: 1 } }] },
    { tool: "export", args: { day: 1 }, ms: 9000, error: "TimeoutError: no answer within 9 s" },
    ...ask("export", { day: 1 }, 600),
    answer,
  ],
  "streamed calls that begin evenly": [call(900), call(1100), call(1000), call(1300)],
  "a quick run": [...ask("search", { q: "a" }, 20), ...ask("fetch", { url: "b" }, 300), answer],
  "a retry that helped": [
    { model: "gpt-4o", asks: [{ tool: "fetch", args: { url: "b" } }] },
    { tool: "fetch", args: { url: "b" }, error: "503", ms: 20 },
    ...ask("fetch", { url: "b" }, 20),
    answer,
  ],
};

const names = [...Object.keys(faults), ...Object.keys(innocent)];
const nightly = (ms: number): RunStep[] => [
  ...ask("report", { of: "today" }, ms),
  ...ask("search", { q: "a" }, 900),
  answer,
];
const runs = new Map<string, OtlpSpan[]>();
let store: TestStore;
let mcp: Connected;
beforeAll(async () => {
  for (const [i, name] of names.entries()) {
    const tail = name === "nothing recorded after the last step" ? 30_000 : 5;
    runs.set(name, runOf(i + 1, faults[name]?.steps ?? (innocent[name] as RunStep[]), { tail }));
  }
  // each in a service of its own: what is usual elsewhere says nothing
  const requests = [...runs].map(([name, spans]) => requestOf(spans, name));
  const day = (n: number) => morning + n * 86_400_000;
  for (let n = 0; n < 10; n++) {
    requests.push(requestOf(runOf(100 + n, nightly(20_000 + 500 * n), { start: day(n) }), "always slow"));
    requests.push(requestOf(runOf(120 + n, nightly(800 + 50 * n), { start: day(n) }), "slow now"));
  }
  for (let n = 0; n < 4; n++) {
    const spans = runOf(140 + n, nightly(20_000 + 500 * n), { start: day(n) });
    if (n === 0) runs.set("slow from the first run on", spans);
    requests.push(requestOf(spans, "slow from the first run on"));
  }
  for (const [trace, service] of [
    [110, "always slow"],
    [130, "slow now"],
  ] as const) {
    const spans = runOf(trace, nightly(21_000), { start: day(20) });
    runs.set(service, spans);
    requests.push(requestOf(spans, service));
  }
  store = await storeOf(requests);
  mcp = await connect({ reader: async () => store.reader, storePath: store.path });
});
afterAll(async () => {
  await mcp.close();
  store.remove();
});

const traceOf = (name: string) =>
  name === "always slow"
    ? 110
    : name === "slow now"
      ? 130
      : name === "slow from the first run on"
        ? 140
        : names.indexOf(name) + 1;
const findings = async (name: string): Promise<Finding[]> =>
  (await store.reader.diagnoseTrace({ trace_id: traceId(traceOf(name)) })).findings;
const kinds = new Set(["slow_step", "idle_gap", "slow_first_token", "loop"]);

describe("what made a run slow", () => {
  it.each(Object.keys(faults))("comes first: %s", async (name) => {
    const fault = faults[name] as Fault;
    const [found, ...more] = await findings(name);
    expect(found && [found.kind, found.severity]).toEqual([fault.kind, "warning"]);
    expect(more.filter(({ severity }) => severity !== "info")).toEqual([]);
    const trace = traceOf(name) * 1000;
    expect(found?.evidence.slice(0, fault.evidence.length)).toEqual(fault.evidence.map((n) => spanId(trace + n)));
    expect(found?.saves.ms).toBeCloseTo(fault.ms, -2);
  });

  it("is told with its share, with what is usual, and with where it lies", async () => {
    const told: string[] = [];
    for (const name of [...Object.keys(faults), "slow now"]) {
      const [found] = await findings(name);
      told.push(found ? plainPhrase(found.summary) : "");
    }
    expect(told).toMatchInlineSnapshot(`
      [
        "Tool export took 30 s, 83 % of the run, where the median of the 6 other steps that it waited for is 1 s.",
        "Tool fetch took 20 s, 71 % of the run, where the median of 4 others is 500 ms.",
        "A call to gpt-4o took 40 s, 93 % of the run, where the median of 3 others is 1 s.",
        "Tool export took 30 s, 79 % of the run, where the median of the 8 other steps that it waited for is 1 s.",
        "Tool export took 20 s, 77 % of the run, where the median of the 6 other steps that it waited for is 1 s.",
        "Tool b took 20 s, 74 % of the run, where the median of the 6 other steps that it waited for is 1 s.",
        "Nothing was recorded for 20 s (80 % of the run) between tool fetch and a call to gpt-4o; the own time of agent helper: its code, or something that is not recorded.",
        "Nothing was recorded for 40 s (89 % of the run) between tool get_job and a call to gpt-4o; the own time of agent helper: its code, or something that is not recorded.",
        "Nothing was recorded for 30 s (86 % of the run) after a call to gpt-4o, the last that was recorded; the own time of agent helper: its code, or something that is not recorded.",
        "The first token of a call to gpt-4o came after 9 s; the median of 3 others in the run is 500 ms.",
        "Tool report took 21 s, 84 % of the run, where 10 calls of other runs took 1 s (p95 1.25 s).",
      ]
    `);
  });

  it("is a tool that took far longer than in earlier runs", async () => {
    const [found] = await findings("slow now");
    expect(found).toMatchObject({ kind: "slow_step", severity: "warning", evidence: [spanId(130_002)] });
    // the median of 800, 850 … 1250
    expect(found?.saves.ms).toBe(21_000 - 1000);
  });
});

describe("what only took long", () => {
  it.each(Object.keys(innocent))("is no fault: %s", async (name) => {
    const found = await findings(name);
    expect(found.filter(({ kind, severity }) => kinds.has(kind) && severity !== "info")).toEqual([]);
  });

  it("is a tool that later runs show to be always slow", async () => {
    const found = await findings("slow from the first run on");
    expect(found.map(({ kind, severity }) => [kind, severity])).toEqual([["slow_step", "info"]]);
  });

  it("is a tool that is always slow: told, but as no fault", async () => {
    const found = await findings("always slow");
    expect(found.map(({ kind, severity }) => [kind, severity])).toEqual([["slow_step", "info"]]);
    expect(found.map(({ summary }) => plainPhrase(summary))).toMatchInlineSnapshot(`
      [
        "Tool report took 21 s, 84 % of the run: no longer than usual, where 10 calls of other runs took 22 s (p95 24.5 s).",
      ]
    `);
  });

  it("is said with the reason where one step dominates", async () => {
    const told: string[] = [];
    for (const name of Object.keys(innocent))
      for (const found of await findings(name))
        if (kinds.has(found.kind)) told.push(`${name}: ${plainPhrase(found.summary)}`);
    expect(told).toMatchInlineSnapshot(`
      [
        "an answer that is long because it has much to say: A call to gpt-4o took 1 min 0 s, 96 % of the run: it wrote 3,500 tokens, 58 a second, which is no slow pace.",
        "a job that is asked for until it is done: Nothing was recorded for 20 s (47 % of the run) between tool get_job and tool get_job; get_job was asked again and again until its answer changed.",
        "a job that is asked for until it is done: Nothing was recorded for 20 s (47 % of the run) between tool get_job and tool get_job; get_job was asked again and again until its answer changed.",
        "a person who was asked: Tool ask_human_approval took 1 min 30 s, 94 % of the run, where the median of the 6 other steps that it waited for is 1 s. It waits for a person.",
        "a person who took time to answer: Nothing was recorded for 1 min 0 s (95 % of the run) between a call to gpt-4o and a call to gpt-4o; the next message of the user came then.",
        "a slow tool beside a slower one: Tool b took 20.1 s, 90 % of the run, where the median of the 2 other steps that it waited for is 1 s.",
      ]
    `);
  });
});

describe("the answer", () => {
  it("names the cause first, then each finding with what it would save and the spans that prove it", async () => {
    const name = "a tool that took 30 s in a run of 1 s steps";
    const { text } = await mcp.call("diagnose_trace", { trace_id: traceId(traceOf(name)) });
    expect(text).toMatchInlineSnapshot(`
      "It ended well, but with a slow step, tool export (finding 1). 36 s · 8 spans · 4 model calls · in 5,200 out 200 tok · $0.015 · no errors. Its time went to tool export 83 %, 4 calls to gpt-4o 11 %.
      trace aaaaaaaaaaaaaaaa0000000000000001
      1. WARNING slow_step: Tool export took 30 s, 83 % of the run, where the median of the 6 other steps that it waited for is 1 s.
         would save 29 s · spans bbbb0000000003ee, bbbb0000000003e9
      coverage: 1 finding · 8 spans looked at · as of seq 386"
    `);
  });

  it("says of a clean run that it is clean, and where its time went", async () => {
    const { text } = await mcp.call("diagnose_trace", { trace_id: traceId(traceOf("a quick run")) });
    expect(text).toMatchInlineSnapshot(`
      "Clean: it ended well, and no fault was found. 3.35 s · 6 spans · 3 model calls · in 3,600 out 150 tok · $0.0105 · no errors. Its time went to 3 calls to gpt-4o 90 %, tool fetch 9 %.
      trace aaaaaaaaaaaaaaaa0000000000000015
      coverage: 0 findings · 6 spans looked at · as of seq 386"
    `);
  });

  it("says the least of faults that did no harm, not that there are none", async () => {
    const { text } = await mcp.call("diagnose_trace", { trace_id: traceId(traceOf("a retry that helped")) });
    expect(text).toContain("It ended well, with nothing worse than retries of tool fetch (finding 1).");
    expect(text).toContain("1. INFO retry: tool fetch failed once, then succeeded");
  });

  it("has the same facts as JSON", async () => {
    const name = "nothing recorded for 20 s";
    const { text } = await mcp.call("diagnose_trace", { trace_id: traceId(traceOf(name)), format: "json" });
    expect(JSON.parse(text)).toMatchInlineSnapshot(`
      {
        "coverage": {
          "as_of_seq": 386,
          "matched": 1,
          "matched_is_minimum": false,
          "next_cursor": null,
          "notes": [
            "6 spans looked at",
          ],
          "returned": 1,
        },
        "findings": [
          {
            "evidence": [
              "bbbb000000001b5c",
              "bbbb000000001b5d",
              "bbbb000000001b58",
            ],
            "kind": "idle_gap",
            "saves": {
              "ms": 20000,
              "tokens": null,
              "usd": null,
            },
            "severity": "warning",
            "summary": "Nothing was recorded for 20 s (80 % of the run) between tool fetch and a call to gpt-4o; the own time of agent helper: its code, or something that is not recorded.",
          },
        ],
        "verdict": "It ended well, but with time in which nothing was recorded, beside tool fetch (finding 1). 25 s · 6 spans · 3 model calls · in 3,600 out 150 tok · $0.0105 · no errors. Its time went to 3 calls to gpt-4o 12 %, nothing recorded 80 %.",
      }
    `);
  });

  it("counts what does not fit, with the call that shows it", async () => {
    const { text } = await mcp.call("diagnose_trace", {
      trace_id: traceId(traceOf("nothing recorded for 20 s")),
      max_tokens: 200,
    });
    expect(text).toMatch(/\ncoverage: .*as of seq \d+/);
  });
});
