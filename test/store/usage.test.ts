/** Usage: the same sums whenever one asks, checked against adding up every span. */
import { describe, expect, test } from "vitest";
import { type Ingest, openIngest } from "../../src/ingest/ingest.js";
import type { OtlpSpan } from "../../src/model/otlp.js";
import { type UsageFigures, usageDimensions } from "../../src/model/summary.js";
import { openReader } from "../../src/store/open.js";
import { openForWriting } from "../../src/store/open-store.js";
import type { TraceReader, UsageResult } from "../../src/store/reader.js";
import { prune } from "../../src/store/retention.js";
import { openSpanWriter } from "../../src/store/writer.js";
import { availableEngines, engineOfEachFamily } from "./available-engines.js";
import { bruteForceUsage, costOf, isCall, isUnpriced, type UsageQuestion } from "./brute-force-usage.js";
import { attributesOf, chat, morning, requestOf, span, spanId } from "./otlp.js";
import { type RawSpan, type RawTrace, randomTrace, spansOf } from "./random-traces.js";
import { type Random, seeded } from "./seeded.js";
import { settleAll, type Target, withIngest, withReader } from "./store.js";
import { newStorePath } from "./temporary-folder.js";

const hour = 3_600_000;
const days = 4;
const midnight = morning - 8 * hour;

function randomQuestion(random: Random, spans: RawSpan[]): UsageQuestion {
  const question: UsageQuestion = { group_by: random.shuffle(usageDimensions).slice(0, random.below(4)) };
  const times = [
    () => midnight + random.below((days + 1) * 24) * hour,
    () => midnight + random.below(days + 1) * 24 * hour,
    () => random.pick(spans).start + random.below(3) - 1,
    () => midnight + random.below((days + 1) * 24 * hour),
  ];
  if (random.chance(0.7)) question.since = random.pick(times)();
  if (random.chance(0.7)) question.until = random.pick(times)();
  if (random.chance(0.2)) question.service = random.pick(["shop", "helpdesk", "nobody"]);
  if (random.chance(0.2)) question.session_id = `visit-${random.below(5)}`;
  if (random.chance(0.2)) question.agent = random.pick(["lead", "seller", "writer"]);
  if (random.chance(0.2)) question.model = random.pick(["gpt-4o", "house-model", "mistral-large-latest"]);
  if (random.chance(0.1)) question.status = random.pick(["ok", "error"] as const);
  return question;
}

function expectFigures(found: UsageFigures, truth: UsageFigures, what: string): void {
  const { p50_ms, p95_ms, ...exact } = found;
  const { p50_ms: true50, p95_ms: true95, ...expected } = truth;
  expect(exact, what).toEqual(expected);
  for (const [value, wanted] of [
    [p50_ms, true50],
    [p95_ms, true95],
  ] as const) {
    if (wanted === null) expect(value, what).toBeNull();
    else
      expect(Math.abs((value ?? 0) - wanted) / wanted, `${what}: ${value} for ${wanted} ms`).toBeLessThanOrEqual(0.025);
  }
}

function expectUsage(found: UsageResult, spans: RawSpan[], question: UsageQuestion): void {
  const truth = bruteForceUsage(spans, question);
  const what = JSON.stringify(question);
  const keyOf = (group: object) =>
    JSON.stringify(question.group_by.map((dimension) => (group as Record<string, unknown>)[dimension]));
  expect(found.groups.map(keyOf).sort(), what).toEqual(truth.groups.map(keyOf).sort());
  for (const group of truth.groups) {
    const own = found.groups.find((candidate) => keyOf(candidate) === keyOf(group)) as typeof group;
    const strip = (full: typeof group) =>
      Object.fromEntries(
        Object.entries(full).filter(([key]) => !(usageDimensions as readonly string[]).includes(key)),
      ) as UsageFigures;
    expectFigures(strip(own), strip(group), `${what} ${keyOf(group)}`);
  }
  expectFigures(found.total, truth.total, `${what} total`);
  expect(found.coverage.matched).toBe(truth.groups.length);
}

async function askMany(reader: TraceReader, random: Random, spans: RawSpan[], count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const question = randomQuestion(random, spans);
    expectUsage(await reader.getUsage(question), spans, question);
  }
}

/** In random order and batches; some spans are first seen running. */
function send(ingest: Ingest, random: Random, traces: RawTrace[]): void {
  const sent = traces.flatMap((trace) => spansOf(trace).map((one) => ({ one, service: trace.service })));
  const early = sent
    .filter(() => random.chance(0.15))
    .map(({ one: { endTimeUnixNano: _, status: __, ...running }, service }) => ({ one: running as OtlpSpan, service }));
  const all = [...random.shuffle(early), ...random.shuffle(sent)];
  while (all.length > 0) {
    const batch = all.splice(0, 1 + random.below(40));
    for (const service of ["shop", "helpdesk"]) {
      const spans = batch.filter((entry) => entry.service === service).map(({ one }) => one);
      if (spans.length > 0) expect(ingest.traces(requestOf(spans, service)).rejected).toEqual([]);
    }
  }
}

async function pruneBefore({ path, engine }: Target, ms: number): Promise<void> {
  const opened = await openForWriting(path, { engine });
  const writer = openSpanWriter(opened);
  while (prune(writer, { service: null, before_us: ms * 1000 }));
  opened.sync();
  opened.close();
}

describe.each(availableEngines)("on %s", (engine) => {
  test("usage by anything, of any time, equals the sum over the spans, settled or not", async () => {
    const random = seeded(1);
    const store = { path: newStorePath(), engine };
    const traces = Array.from({ length: 60 }, () => randomTrace(random, days));
    const spans = (upTo: number) => traces.slice(0, upTo).flatMap((trace) => trace.spans);
    const ingest = await openIngest(store);
    try {
      send(ingest, random, traces.slice(0, 30));
      const reader = await openReader(store.path, { engine });
      try {
        await askMany(reader, random, spans(30), 30);
        settleAll(ingest);
        await askMany(reader, random, spans(30), 40);
        // unsettled traces beside settled ones
        send(ingest, random, traces.slice(30, 50));
        await askMany(reader, random, spans(50), 30);
        // late spans of settled traces
        const [late, whole] = [
          traces.slice(50),
          traces.slice(50).map((trace) => ({ ...trace, spans: trace.spans.slice(0, 1) })),
        ];
        send(ingest, random, whole);
        settleAll(ingest);
        send(ingest, random, late);
        await askMany(reader, random, spans(60), 30);
        settleAll(ingest);
        await askMany(reader, random, spans(60), 40);
      } finally {
        reader.close();
      }
    } finally {
      ingest.close();
    }
  });

  test("usage stays when its traces are pruned, and says so", async () => {
    const random = seeded(5);
    const store = { path: newStorePath(), engine };
    const traces = Array.from({ length: 40 }, () => randomTrace(random, days));
    const spans = traces.flatMap((trace) => trace.spans);
    await withIngest(store, (ingest) => {
      send(ingest, random, traces);
      settleAll(ingest);
    });
    await pruneBefore(store, midnight + 2 * 24 * hour);
    await withReader(store, async (reader) => {
      const left = await reader.listTraces({ limit: 200 });
      expect(left.traces.length).toBeGreaterThan(0);
      expect(left.traces.length).toBeLessThan(traces.length);
      for (let n = 0; n < 60; n++) {
        const { status: _, ...question } = randomQuestion(random, spans);
        // only sums by hour are left of what is gone, and sums by day where sessions are told apart
        const perSession = question.session_id !== undefined || question.group_by.includes("session");
        if (perSession && question.group_by.includes("hour")) continue;
        const step = perSession ? 24 * hour : hour;
        if (question.since !== undefined) question.since -= question.since % step;
        if (question.until !== undefined) question.until -= question.until % step;
        const found = await reader.getUsage(question);
        expectUsage(found, spans, question);
        expect(found.coverage.notes.join(" ")).toMatch(/pruned/);
      }
    });
  });

  test("sessions' sums are those of their traces", async () => {
    const random = seeded(9);
    const store = { path: newStorePath(), engine };
    const traces = Array.from({ length: 40 }, () => randomTrace(random, days));
    await withIngest(store, (ingest) => {
      send(ingest, random, traces);
      settleAll(ingest);
    });
    const sum = (spans: RawSpan[], read: (raw: RawSpan) => number | null) =>
      spans.reduce((total, raw) => total + (read(raw) ?? 0), 0);
    await withReader(store, async (reader) => {
      const { sessions } = await reader.listSessions({ limit: 100 });
      const ids = new Set(traces.map((trace) => trace.session).filter((id) => id !== null));
      expect(sessions.map((session) => session.session_id).sort()).toEqual([...ids].sort());
      for (const session of sessions) {
        const own = traces.filter((trace) => trace.session === session.session_id);
        const spans = own.flatMap((trace) => trace.spans);
        const calls = spans.filter(isCall);
        const priced = sum(calls, costOf);
        expect(session).toMatchObject({
          trace_count: own.length,
          error_traces: own.filter((trace) => trace.spans[0]?.error).length,
          error_count: spans.filter((raw) => raw.error).length,
          llm_calls: spans.filter((raw) => raw.kind === "llm").length,
          input_tokens: sum(calls, (raw) => raw.input) || null,
          output_tokens: sum(calls, (raw) => raw.input) > 0 ? sum(calls, (raw) => raw.output) : null,
          cost_usd: priced > 0 ? Math.round(priced * 1e10) / 1e10 : null,
          unpriced_calls: calls.filter(isUnpriced).length,
          start: new Date(Math.min(...spans.map((raw) => raw.start))).toISOString(),
          end: new Date(Math.max(...spans.map((raw) => raw.start + raw.ms))).toISOString(),
          services: expect.arrayContaining([...new Set(own.map((trace) => trace.service))]),
        });
      }
    });
  });
});

describe.each(engineOfEachFamily)("on %s", (engine) => {
  test("a call that two spans report is counted once, and still once after its trace grew and settled again", async () => {
    const store = { path: newStorePath(), engine };
    const usage = () => withReader(store, (reader) => reader.getUsage({ group_by: ["model"] }));
    const attributes = chat({ input: 1000, output: 100 });
    await withIngest(store, async (ingest) => {
      ingest.traces(requestOf([span({ trace: 1, id: 2, parent: 1, attributes })]));
      settleAll(ingest);
      // the parent comes later and repeats what its child reports
      ingest.traces(requestOf([span({ trace: 1, id: 1, ms: 30, attributes })]));
      settleAll(ingest);
    });
    expect((await usage()).groups).toMatchObject([
      { model: "gpt-4o", calls: 1, input_tokens: 1000, output_tokens: 100 },
    ]);
    await withReader(store, async (reader) => {
      expect((await reader.getTrace({ trace_id: "aaaaaa" })).trace).toMatchObject({ llm_calls: 1, input_tokens: 1000 });
      expect(await reader.getSpan({ span_id: spanId(1) })).toMatchObject({ counted: false });
      expect(await reader.getSpan({ span_id: spanId(2) })).toMatchObject({ counted: true });
    });
  });

  test("groups come best first, at most as many as asked for, and the total covers all", async () => {
    const store = { path: newStorePath(), engine };
    const models = ["gpt-4o-mini", "gpt-4o", "gpt-4.1", "house-model"];
    const spans = models.map((model, index) =>
      span({ trace: index + 1, id: index + 1, attributes: chat({ model, input: 1000, output: 1000 }) }),
    );
    await withIngest(store, (ingest) => ingest.traces(requestOf(spans)));
    await withReader(store, async (reader) => {
      const { groups, total, coverage } = await reader.getUsage({ group_by: ["model"], limit: 2 });
      expect(groups.map(({ model }) => model)).toEqual(["gpt-4o", "gpt-4.1"]);
      expect(total).toMatchObject({ calls: 4, input_tokens: 4000, unpriced_calls: 1 });
      expect(coverage).toMatchObject({ matched: 4, returned: 2 });
    });
  });

  test("the costliest session stays on top when retention has pruned its traces", async () => {
    const store = { path: newStorePath(), engine };
    const call = (n: number, start: number) =>
      span({ trace: n, id: n, start, attributes: chat({ input: 1000 * n, output: 10, session: `session ${n}` }) });
    await withIngest(store, (ingest) => {
      ingest.traces(requestOf([call(9, midnight), call(1, morning), call(2, morning), call(3, morning)]));
      settleAll(ingest);
    });
    await pruneBefore(store, morning);
    await withReader(store, async (reader) => {
      const { groups, total } = await reader.getUsage({ group_by: ["session"], limit: 2 });
      expect(groups.map(({ session, input_tokens }) => [session, input_tokens])).toEqual([
        ["session 9", 9000],
        ["session 3", 3000],
      ]);
      expect(total).toMatchObject({ calls: 4, input_tokens: 15_000 });
    });
  });

  test("a tool's calls are its executions, without tokens", async () => {
    const store = { path: newStorePath(), engine };
    const attributes = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" };
    const spans = [1, 2, 3].map((id) => ({ ...span({ trace: 1, id, ms: 100 }), attributes: attributesOf(attributes) }));
    await withIngest(store, (ingest) => {
      ingest.traces(requestOf(spans));
      settleAll(ingest);
    });
    await withReader(store, async (reader) => {
      const { groups } = await reader.getUsage({ group_by: ["tool"] });
      expect(groups).toMatchObject([{ tool: "search", calls: 3, input_tokens: null, cost_usd: null, errors: 0 }]);
    });
  });

  test("an empty store has no usage", async () => {
    const store = { path: newStorePath(), engine };
    await withIngest(store, () => {});
    await withReader(store, async (reader) => {
      const { groups, total } = await reader.getUsage({ group_by: ["model", "day"] });
      expect(groups).toEqual([]);
      expect(total).toMatchObject({ calls: 0, input_tokens: null, cost_usd: null, p50_ms: null });
    });
  });
});
