/** The graph of agents: every number checked against adding up the spans themselves. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AgentGraph, EdgeKind } from "../../src/model/agent-graph.js";
import type { SpanSummary, UsageFigures, UsageGroup } from "../../src/model/summary.js";
import type { TraceFilter, TraceReader } from "../../src/store/reader.js";
import { corpusLines, storeOf, type TestStore } from "../mcp/store.js";
import { bruteForceUsage } from "./brute-force-usage.js";
import { morning, requestOf } from "./otlp.js";
import { type RawSpan, randomTrace, spansOf } from "./random-traces.js";
import { seeded } from "./seeded.js";

const near = (found: number | null, truth: number | null) =>
  found === null || truth === null ? found === truth : Math.abs(found - truth) <= truth * 0.025;

function expectUsage(found: UsageFigures, truth: UsageFigures, what: string): void {
  const { p50_ms, p95_ms, ...exact } = truth;
  expect(found, what).toMatchObject(exact);
  expect(near(found.p50_ms, p50_ms) && near(found.p95_ms, p95_ms), `${what}: latency`).toBe(true);
}

const without = <T extends object>(group: T, ...keys: string[]) =>
  Object.fromEntries(Object.entries(group).filter(([key]) => !keys.includes(key))) as UsageFigures;

/** What the graph sums is what `groups` say, whoever added them up. */
function expectFigures(
  graph: AgentGraph,
  of: { agents: UsageGroup[]; models: UsageGroup[]; tools: UsageGroup[] },
  what: string,
): void {
  const used = graph.agents.filter(({ usage }) => usage.calls > 0);
  expect(new Set(used.map(({ agent }) => agent)), what).toEqual(new Set(of.agents.map(({ agent }) => agent)));
  for (const group of of.agents) {
    const own = graph.agents.find(({ agent }) => agent === group.agent);
    expectUsage(own?.usage as UsageFigures, without(group, "agent"), `${what}: agent ${group.agent}`);
  }
  const models = graph.agents.flatMap(({ agent, models: own }) => own.map((each) => ({ agent, ...each })));
  expect(models.length, what).toBe(of.models.length);
  for (const group of of.models) {
    const same = models.find((o) => o.agent === group.agent && o.model === group.model && o.kind === group.kind);
    expectUsage(
      same as UsageFigures,
      without(group, "agent", "model", "kind"),
      `${what}: ${group.agent} ${group.model}`,
    );
  }
  const tools = graph.agents.flatMap(({ agent, tools: own }) => own.map((each) => ({ agent, ...each })));
  expect(tools.length, what).toBe(of.tools.length);
  for (const { agent, tool, calls, errors, p50_ms, p95_ms } of of.tools) {
    const same = tools.find((own) => own.agent === agent && own.tool === tool);
    expect(same, `${what}: ${agent} ${tool}`).toMatchObject({ calls, errors });
    expect(near(same?.p50_ms ?? null, p50_ms) && near(same?.p95_ms ?? null, p95_ms), what).toBe(true);
  }
}

async function usageOf(reader: TraceReader, filter: TraceFilter) {
  const groups = async (...group_by: ("agent" | "model" | "kind" | "tool")[]) =>
    (await reader.getUsage({ ...filter, group_by })).groups;
  const isCall = ({ kind }: UsageGroup) => kind === "llm" || kind === "embedding";
  return {
    agents: await groups("agent"),
    models: (await groups("agent", "model", "kind")).filter(isCall),
    tools: await groups("agent", "tool"),
  };
}

type Origin = [from: string | null, kind: EdgeKind, to: string | null];
const countOrigins = (origins: Origin[]) => {
  const counts = new Map<string, number>();
  for (const origin of origins) counts.set(JSON.stringify(origin), (counts.get(JSON.stringify(origin)) ?? 0) + 1);
  return counts;
};
const foundOrigins = ({ edges }: AgentGraph) =>
  countOrigins(
    edges.flatMap(({ from, kind, to, runs }) => Array.from({ length: runs }, (): Origin => [from, kind, to])),
  );

describe("random runs", () => {
  const random = seeded(77);
  const traces = Array.from({ length: 80 }, () => randomTrace(random, 3));
  const raw = traces.flatMap(({ spans }) => spans);
  const byId = new Map(raw.map((each) => [each.id, each]));
  const parentOf = (of: RawSpan) => (of.parent === undefined ? undefined : byId.get(of.parent));
  /** a span names its agent only where that is not its parent's */
  const isRun = (of: RawSpan) => of.kind === "agent" && of.agent !== null && of.agent !== (parentOf(of)?.agent ?? null);
  const callerOf = (of: RawSpan) => {
    for (let above = parentOf(of); above; above = parentOf(above)) if (isRun(above)) return above;
    return undefined;
  };
  const originOf = (run: RawSpan): Origin => {
    const caller = callerOf(run);
    if (caller) return [caller.agent, "call", run.agent];
    const before = raw
      .filter((o) => o.trace === run.trace && o !== run && isRun(o) && !callerOf(o) && o.start + o.ms <= run.start)
      .sort((a, b) => b.start + b.ms - (a.start + a.ms))[0];
    return before ? [before.agent, "sequence", run.agent] : [null, "start", run.agent];
  };
  let store: TestStore;
  beforeAll(async () => {
    store = await storeOf(traces.map((trace) => requestOf(spansOf(trace), trace.service)));
  });
  afterAll(() => store.remove());

  test("have the calls, tokens and costs of adding up every span, as get_usage tells them", async () => {
    const filters: TraceFilter[] = [
      {},
      { service: "shop" },
      { agent: "seller" },
      { model: "gpt-4o" },
      { session_id: "visit-1" },
      { since: morning + 5 * 3_600_000, until: morning + 40 * 3_600_000 },
    ];
    for (const filter of filters) {
      const graph = await store.reader.getAgentGraph(filter);
      const what = JSON.stringify(filter);
      const brute = (...group_by: ("agent" | "model" | "kind" | "tool")[]) =>
        bruteForceUsage(raw, { ...filter, group_by });
      const models = brute("agent", "model", "kind").groups.filter(
        ({ kind }) => kind === "llm" || kind === "embedding",
      );
      expectFigures(graph, { agents: brute("agent").groups, models, tools: brute("agent", "tool").groups }, what);
      expectFigures(graph, await usageOf(store.reader, filter), what);
    }
  });

  test("have each run of an agent on one edge, told by its place alone", async () => {
    const graph = await store.reader.getAgentGraph({});
    expect(foundOrigins(graph)).toEqual(countOrigins(raw.filter(isRun).map(originOf)));
    for (const { agent, runs, failed_runs, p50_ms, p95_ms } of graph.agents) {
      const own = raw.filter((each) => isRun(each) && each.agent === agent);
      const sorted = own.map(({ ms }) => ms).sort((a, b) => a - b);
      const rank = (q: number) => sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? null;
      expect([runs, failed_runs, p50_ms, p95_ms]).toEqual([
        own.length,
        own.filter(({ error }) => error).length,
        rank(0.5),
        rank(0.95),
      ]);
    }
  });

  test("have on an edge the tokens and costs of all that is below its runs", async () => {
    const one = traces.find(({ spans }) => spans.filter(isRun).length >= 2) as (typeof traces)[number];
    const { spans } = one;
    const trace_id = (await store.reader.getSpan({ span_id: spansOf(one)[0]?.spanId ?? "" })).trace_id;
    const graph = await store.reader.getAgentGraph({ trace_id });
    const isBelow = (of: RawSpan, top: RawSpan): boolean => {
      for (let at: RawSpan | undefined = of; at; at = parentOf(at)) if (at === top) return true;
      return false;
    };
    for (const edge of graph.edges) {
      const runs = spans
        .filter(isRun)
        .filter((run) => JSON.stringify(originOf(run)) === JSON.stringify([edge.from, edge.kind, edge.to]));
      // whoever is below two of the runs is counted with each
      const calls = runs.flatMap((run) =>
        spans.filter((each) => isBelow(each, run) && (each.kind === "llm" || each.kind === "embedding")),
      );
      const sum = (values: (number | null)[]) =>
        values.reduce<number | null>((a, b) => (b === null ? a : (a ?? 0) + b), null);
      expect(edge.input_tokens).toBe(sum(calls.map(({ input }) => input)));
      expect(edge.output_tokens).toBe(sum(calls.map(({ output }) => output)));
      expect(edge.errors).toBe(runs.filter(({ error }) => error).length);
    }
    expect(graph.edges.length).toBeGreaterThan(0);
  });
});

describe("the corpus", () => {
  test("trace by trace, has the figures of the spans that get_trace tells", async () => {
    const store = await storeOf(corpusLines());
    const { traces } = await store.reader.listTraces({ limit: 1000 });
    const all: Origin[] = [];
    for (const { trace_id, llm_calls, cost_usd } of traces) {
      const { spans } = await store.reader.getTrace({ trace_id });
      const graph = await store.reader.getAgentGraph({ trace_id });
      const isModel = ({ kind, counted }: SpanSummary) => counted && (kind === "llm" || kind === "embedding");
      const agents = new Set(spans.filter((span) => isModel(span)).map(({ agent }) => agent));
      for (const agent of agents) {
        const own = graph.agents.find((each) => each.agent === agent);
        const calls = spans.filter((span) => isModel(span) && span.agent === agent);
        expect(own?.usage.calls, trace_id).toBe(calls.length);
        expect(own?.usage.errors).toBe(calls.filter(({ status }) => status === "error").length);
        expect(own?.usage.input_tokens ?? 0).toBe(
          calls.reduce((sum, { input_tokens }) => sum + (input_tokens ?? 0), 0),
        );
        const took = calls.flatMap(({ duration_ms }) => duration_ms ?? []).sort((a, b) => a - b);
        const rank = (q: number) => took[Math.max(1, Math.ceil(q * took.length)) - 1] ?? null;
        expect([own?.usage.p50_ms, own?.usage.p95_ms], "exact, not from histograms").toEqual([rank(0.5), rank(0.95)]);
        const tools = spans.filter(({ kind, counted, ...span }) => kind === "tool" && counted && span.agent === agent);
        expect(own?.tools.reduce((sum, { calls: n }) => sum + n, 0)).toBe(tools.length);
      }
      expect(graph.total.calls).toBe(llm_calls);
      expect(graph.total.cost_usd ?? 0).toBeCloseTo(cost_usd ?? 0, 9);
      const runs = spans.filter(({ kind, agent }) => kind === "agent" && agent !== null);
      expect(
        graph.edges.reduce((sum, edge) => sum + edge.runs, 0),
        trace_id,
      ).toBe(runs.length);
      for (const edge of graph.edges) {
        all.push(...Array.from({ length: edge.runs }, (): Origin => [edge.from, edge.kind, edge.to]));
        const ends = runs.filter(({ agent }) => agent === edge.to).map(({ span_id }) => span_id);
        for (const example of edge.examples) expect(ends).toContain(example);
      }
    }
    const whole = await store.reader.getAgentGraph({});
    expect(foundOrigins(whole)).toEqual(countOrigins(all));
    expectFigures(whole, await usageOf(store.reader, {}), "the whole corpus");
    // an agent that is another's tool; a supervisor that asks three others
    expect(whole.edges).toContainEqual(
      expect.objectContaining({
        from: "support-agent",
        to: "research-agent",
        kind: "call",
        via: "delegate_to_research",
      }),
    );
    expect(whole.edges.filter(({ from }) => from === "supervisor").map(({ to, kind }) => [to, kind])).toEqual([
      ["researcher", "call"],
      ["writer", "call"],
      ["critic", "call"],
    ]);
    store.remove();
  });
});
