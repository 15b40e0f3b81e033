import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OtlpSpan, TracesData } from "../../src/model/otlp.js";
import { attributesOf, chat, message, morning, requestOf, span, traceId } from "../store/otlp.js";
import { seeded } from "../store/seeded.js";
import { type Connected, connect } from "./client.js";
import { storeOf, type TestStore } from "./store.js";

const day = 86_400_000;
const random = seeded(11);
type Made = {
  trace: number;
  day: number;
  failed: boolean;
  ms: number;
  tools: { name: string; ms: number; failed: boolean }[];
  version: string;
};
const made: Made[] = [];

/**
 * Two days of runs: on the second one version 2.0 runs, with other instructions, whose tool search_docs is slow; runs
 * that call refund fail more often than not, on both days; all else is chance.
 */
function requests(): TracesData[] {
  const requests: TracesData[] = [];
  for (let trace = 1; trace <= 240; trace++) {
    const second = trace > 120;
    const version = second ? "2.0" : "1.9";
    const start = morning + (second ? day : 0) + (trace % 120) * 60_000;
    const names = ["search_docs", random.pick(["cart", "mail"]), ...(random.chance(0.3) ? ["refund"] : [])];
    const tools = names.map((name) => ({
      name,
      ms: name === "search_docs" && second ? 2000 + random.below(1500) : 200 + random.below(200),
      failed: name === "refund" && random.chance(0.8),
    }));
    const failed = tools.some((tool) => tool.failed);
    const spans: OtlpSpan[] = [];
    let at = start;
    const common = { "session.id": `visit-${trace}`, "user.id": `user-${trace % 40}` };
    const system = `You help customers of the shop. ${second ? "Search twice" : "Search once"} before you answer. Be kind.`;
    spans.push(
      span({
        trace,
        id: trace * 100 + 1,
        parent: trace * 100,
        name: "chat",
        start: at,
        ms: 500 + random.below(100),
        attributes: chat({
          input: 100 + random.below(50),
          output: 20,
          reply: "Done.",
          messages: [message("system", system), message("user", `Question ${trace}`)],
          more: common,
        }),
      }),
    );
    at += 600;
    for (const [i, tool] of tools.entries()) {
      spans.push(
        span({
          trace,
          id: trace * 100 + 2 + i,
          parent: trace * 100,
          name: `execute_tool ${tool.name}`,
          start: at,
          ms: tool.ms,
          attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool.name, ...common },
          ...(tool.failed && { error: `card ${trace} was declined` }),
        }),
      );
      at += tool.ms;
    }
    spans.push(
      span({
        trace,
        id: trace * 100,
        name: "invoke_agent clerk",
        start,
        ms: at - start,
        attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk", ...common },
        ...(failed && { error: "gave up" }),
      }),
    );
    const request = requestOf(spans);
    request.resourceSpans?.[0]?.resource?.attributes?.push(...attributesOf({ "service.version": version }));
    requests.push(request);
    made.push({ trace, day: second ? 2 : 1, failed, ms: at - start, tools, version });
  }
  return requests;
}

type Side = { runs: number | null; of: number; p50: number | null; trace_ids: string[] };
type Answer = {
  verdict: string;
  a: Record<string, number>;
  b: Record<string, number>;
  separators: { kind: string; name: string | null; summary: string; a: Side; b: Side; p: number; sure: boolean }[];
  shared_runs: number;
  steps: { kind: string; name: string; a: Record<string, number>; b: Record<string, number> }[];
  sampled: { a: number; b: number };
  coverage: { matched: number; returned: number; notes: string[] };
};

let store: TestStore;
let mcp: Connected;
beforeAll(async () => {
  store = await storeOf(requests());
  mcp = await connect({ reader: async () => store.reader });
});
afterAll(async () => {
  await mcp.close();
  store.remove();
});

const iso = (ms: number) => new Date(ms).toISOString();
const border = iso(morning + day / 2);
const days = { group_a: { until: border }, group_b: { since: border } };
const ask = async (args: object): Promise<Answer> =>
  JSON.parse((await mcp.call("compare_traces", { ...args, format: "json" })).text);

const quantile = (values: number[], q: number) =>
  [...values].sort((x, y) => x - y)[Math.ceil(q * values.length) - 1] as number;

describe("compare_traces of two groups", () => {
  it("finds what a new version changed: the slow tool, the instructions, and the version itself", async () => {
    const { separators, verdict } = await ask(days);
    expect(separators.every(({ sure, p }) => sure && p <= 0.01)).toBe(true);
    const kinds = separators.map(({ kind, name }) => `${kind} ${name}`);
    expect(kinds).toEqual(["version 2.0", "latency search_docs", "duration null"]);
    expect(verdict).toMatchInlineSnapshot(
      `"a run takes 3.76 s in b instead of 1.24 s in a (median of 120 and 120 runs); what separates them: version 2.0, latency of search_docs"`,
    );
    expect((await mcp.call("compare_traces", days)).text).toMatchInlineSnapshot(`
      "a run takes 3.76 s in b instead of 1.24 s in a (median of 120 and 120 runs); what separates them: version 2.0, latency of search_docs
      1. service version 2.0: in 120 of 120 runs of b (100 %), 0 of 120 of a (0 %) (the same runs: the instructions of clerk: "shop. Search once" → "shop. Search twice"); the other runs: 1.9 · p < 0.0001 · e.g. a aaaaaaaaaaaaaaaa0000000000000077, b aaaaaaaaaaaaaaaa00000000000000ef
      2. tool search_docs takes 2.72 s in b instead of 288 ms in a (median of 100 and 100 runs) · p < 0.0001 · e.g. a aaaaaaaaaaaaaaaa0000000000000056, b aaaaaaaaaaaaaaaa000000000000008d
      3. a run takes 3.76 s in b instead of 1.24 s in a (median of 120 and 120 runs) · p < 0.0001 · e.g. a aaaaaaaaaaaaaaaa0000000000000029, b aaaaaaaaaaaaaaaa00000000000000ad
      group | runs | failed | p50 | p95 | in tok | out tok | cost | model calls | errors (tokens to errors: mean of a run)
      a | 120 | 26 (22 %) | 1.24 s | 1.55 s | 122 | 20 | $0.000504 | 1 | 0.43
      b | 120 | 30 (25 %) | 3.76 s | 4.45 s | 126 | 20 | $0.000514 | 1 | 0.5
      tools and models in 100 of 120 runs of a, 100 of 120 of b, each a → b | calls a run | p50 | p95 | errors
      tool search_docs | 1 | 288 ms → 2.72 s | 386 ms → 3.38 s | 0
      model gpt-4o | 1 | 546 ms → 554 ms | 595 ms | 0
      tool cart | 0.6 → 0.51 | 293 ms → 292 ms | 388 ms → 393 ms | 0
      tool mail | 0.4 → 0.49 | 288 ms → 301 ms | 379 ms → 395 ms | 0
      tool refund | 0.28 → 0.3 | 265 ms → 314 ms | 358 ms → 391 ms | 21 of 28 → 24 of 30
      coverage: all 240 runs · as of seq 1031
      next: compare_traces {"a":"aaaaaaaaaaaaaaaa0000000000000077","b":"aaaaaaaaaaaaaaaa00000000000000ef"}"
    `);
  });

  it("counts and measures as one does by hand", async () => {
    const { a, b, separators, steps, sampled, coverage, shared_runs } = await ask(days);
    for (const [of, side] of [
      [made.filter((run) => run.day === 1), a],
      [made.filter((run) => run.day === 2), b],
    ] as const) {
      expect(side).toMatchObject({
        runs: of.length,
        failed: of.filter((run) => run.failed).length,
        duration_p50_ms: quantile(
          of.map(({ ms }) => ms),
          0.5,
        ),
        duration_p95_ms: quantile(
          of.map(({ ms }) => ms),
          0.95,
        ),
        mean_llm_calls: 1,
        unpriced_calls: 0,
      });
      const errors = of.flatMap(({ tools, failed }) => [
        ...tools.filter((tool) => tool.failed),
        ...(failed ? [1] : []),
      ]).length;
      expect(side.mean_errors).toBeCloseTo(errors / of.length, 6);
    }
    expect({ sampled, shared_runs }).toEqual({ sampled: { a: 100, b: 100 }, shared_runs: 0 });
    expect(coverage).toMatchObject({ matched: 240, returned: 240, notes: [] });
    for (const { name, a: inA, b: inB } of steps.filter(({ kind }) => kind === "tool")) {
      const most = (of: number, what: (run: Made) => number) =>
        made.filter((run) => run.day === of).reduce((sum, run) => sum + what(run), 0);
      for (const [of, side] of [
        [1, inA],
        [2, inB],
      ] as const) {
        expect(side.calls).toBeLessThanOrEqual(
          most(of, (run) => run.tools.filter((tool) => tool.name === name).length),
        );
        const times = made.flatMap((run) =>
          run.day === of ? run.tools.filter((tool) => tool.name === name).map(({ ms }) => ms) : [],
        );
        expect(times).toContain(side.p50_ms);
      }
    }
    const slow = separators.find(({ kind }) => kind === "latency");
    for (const [side, of] of [
      [slow?.a, 1],
      [slow?.b, 2],
    ] as const) {
      const example = made.find(({ trace }) => traceId(trace) === side?.trace_ids[0]);
      expect(example?.day).toBe(of);
      expect(example?.tools[0]?.ms).toBe(side?.p50);
    }
  });

  it("finds what failed runs have in common, with runs of each side to look at", async () => {
    const { separators, verdict, coverage } = await ask({ group_a: { status: "ok" }, group_b: { status: "error" } });
    const refund = separators.find(({ kind, name }) => kind === "tool" && name === "refund");
    const failing = made.filter(({ failed }) => failed);
    const called = (runs: Made[]) => runs.filter(({ tools }) => tools.some(({ name }) => name === "refund")).length;
    expect(coverage.matched).toBe(240);
    // the failure itself says as much, and occurs in the same runs of `b` only
    expect(separators[0]).toMatchObject({
      kind: "error",
      sure: true,
      b: { runs: failing.length, of: failing.length },
      a: { runs: 0 },
    });
    expect(refund).toMatchObject({
      sure: true,
      a: { runs: called(made.filter(({ failed }) => !failed)), of: 240 - failing.length },
      b: { runs: failing.length, of: failing.length },
    });
    for (const id of refund?.b.trace_ids ?? []) expect(failing.map(({ trace }) => traceId(trace))).toContain(id);
    expect(separators.map(({ kind }) => kind)).not.toContain("version");
    expect(verdict).toMatchInlineSnapshot(
      `"a run takes 3.32 s in b instead of 1.53 s in a (median of 56 and 184 runs); what separates them: error failure in refund, failing refund, tool refund"`,
    );
  });

  it("says of groups that differ by nothing that nothing separates them, and of a group with itself that it is the same", async () => {
    const middle = iso(morning + 60 * 60_000);
    const halves = await ask({ group_a: { until: middle }, group_b: { since: middle, until: border } });
    expect(halves.verdict).toMatch(/^nothing separates them beyond chance: \d+ things compared$/);
    expect(halves.separators).toEqual([]);
    const same = await ask({ group_a: {}, group_b: { service: "shop" } });
    expect(same.verdict).toBe("both groups are the same 240 runs");
    expect(same.shared_runs).toBe(240);
    const { text } = await mcp.call("compare_traces", { group_a: {}, group_b: { since: border } });
    expect(text).toContain("120 runs are in both groups");
    expect(text).toContain("coverage: all 240 runs");
  });

  it("says which condition leaves a group empty", async () => {
    const verdict = async (group_a: object) => (await ask({ group_a, group_b: {} })).verdict;
    expect(await verdict({ model: "gpt-9" })).toBe("no run is in group_a: none matches model gpt-9");
    expect(await verdict({ since: "2026-12-01" })).toBe("no run is in group_a: none matches the time range");
    expect(await verdict({ session_id: "visit-3", since: border })).toBe(
      "no run is in group_a: without the time range 1 run would be",
    );
    expect(await verdict({ text: "declined", status: "incomplete" })).toContain("none matches status incomplete");
  });

  it("does not tell the agent, model or service that groups were made by: equal ones differ by nothing", async () => {
    const requests = Array.from({ length: 160 }, (_, i): TracesData => {
      const [agent, model, service] = i % 2 ? ["writer", "gpt-4o", "web"] : ["editor", "gpt-4o-mini", "batch"];
      const [trace, start] = [i + 1, morning + i * 60_000];
      const attributes = chat({
        input: 100,
        output: 20,
        model,
        messages: [message("system", `You are the ${agent}.`)],
      });
      const tool = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" };
      const root = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent as string };
      const made = requestOf([
        span({ trace, id: trace * 10, name: `invoke_agent ${agent}`, start, ms: 900, attributes: root }),
        span({ trace, id: trace * 10 + 1, parent: trace * 10, name: `chat ${model}`, start, ms: 500, attributes }),
        span({
          trace,
          id: trace * 10 + 2,
          parent: trace * 10,
          name: "search",
          start: start + 500,
          ms: 400,
          attributes: tool,
        }),
      ]);
      const resource = made.resourceSpans?.[0]?.resource;
      if (resource)
        resource.attributes = attributesOf({ "service.name": service as string, "service.version": `1-${service}` });
      return made;
    });
    const own = await storeOf(requests);
    const client = await connect({ reader: async () => own.reader });
    const told = async (group_a: object, group_b: object) => {
      const { text } = await client.call("compare_traces", { group_a, group_b, format: "json" });
      const { separators, verdict } = JSON.parse(text) as Answer;
      return { kinds: separators.map(({ kind }) => kind), words: [verdict, ...separators.map((each) => each.summary)] };
    };
    const byAgent = await told({ agent: "writer" }, { agent: "editor" });
    // what no filter names is told
    expect(byAgent.kinds).toEqual(["version", "cost"]);
    expect(byAgent.words.join("\n")).not.toMatch(/writer|editor/);
    const byAll = await told(
      { agent: "writer", model: "gpt-4o", service: "web" },
      { agent: "editor", model: "gpt-4o-mini", service: "batch" },
    );
    expect(byAll.kinds).toEqual(["cost"]);
    expect(byAll.words.join("\n")).not.toMatch(/writer|editor|gpt|web|batch/);
    await client.close();
    own.remove();
  });
});
