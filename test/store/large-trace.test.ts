/** A very large trace arrives in many batches, parents last: it stays usable, and its totals are exact in the end. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ingest, openIngest } from "../../src/ingest/ingest.js";
import type { OtlpSpan } from "../../src/model/otlp.js";
import { openReader } from "../../src/store/open.js";
import type { TraceReader } from "../../src/store/reader.js";
import { engineOfEachFamily, nativeEngines } from "./available-engines.js";
import { chat, morning, requestOf, span, spanId, traceId } from "./otlp.js";
import { settleAll, withIngest, withReader } from "./store.js";
import { newStorePath } from "./temporary-folder.js";

const steps = 5000;
const callsPerStep = 19;
const size = 1 + steps * (1 + callsPerStep);
const batch = 500;

/** A run of steps, each an agent with calls and tools below it; every 100th call fails. */
function runSpans(): OtlpSpan[] {
  const spans: OtlpSpan[] = [];
  for (let step = 0; step < steps; step++) {
    const own = 2 + step * (1 + callsPerStep);
    const start = morning + step * 100;
    for (let n = 1; n <= callsPerStep; n++) {
      const id = own + n;
      const attributes =
        n % 2 === 0
          ? chat({ input: 100, output: 10 })
          : { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" };
      spans.push(
        span({
          trace: 1,
          id,
          parent: own,
          start: start + n,
          ms: 3,
          attributes,
          ...(id % 100 === 0 ? { error: "failed" } : {}),
        }),
      );
    }
    const agent = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": `agent ${step % 5}` };
    spans.push(span({ trace: 1, id: own, parent: 1, start, ms: step === 777 ? 5000 : 60, attributes: agent }));
  }
  spans.push(
    span({ trace: 1, id: 1, name: "the run", start: morning, ms: steps * 100, attributes: { "session.id": "big" } }),
  );
  return spans;
}

const llmCalls = steps * Math.floor(callsPerStep / 2);
const errors = Array.from({ length: size }, (_, n) => n + 1).filter(
  (id) => id % 100 === 0 && (id - 2) % (1 + callsPerStep) !== 0,
).length;

describe.each(nativeEngines.slice(0, 1))("on %s, a trace of 100,001 spans in batches of 500", (engine) => {
  const store = { path: newStorePath(), engine };
  let ingest: Ingest;
  let reader: TraceReader;

  beforeAll(async () => {
    ingest = await openIngest(store);
    reader = await openReader(store.path, { engine });
    const spans = runSpans();
    for (let at = 0; at < spans.length; at += batch) {
      ingest.traces(requestOf(spans.slice(at, at + batch)));
      if (at === 40 * batch)
        expect((await reader.listTraces({ limit: 1 })).traces[0]).toMatchObject({
          status: "incomplete",
          span_count: 41 * batch,
        });
    }
  });
  afterAll(() => {
    reader?.close();
    ingest?.close();
  });

  test("is there with all its spans as soon as the last batch is", async () => {
    expect((await reader.listTraces({ limit: 1 })).traces[0]).toMatchObject({
      name: "the run",
      status: "ok",
      span_count: size,
      error_count: errors,
      duration_ms: steps * 100,
    });
  });

  test("has exact totals, agents and sessions once it has settled", async () => {
    while (ingest.maintain({ all: true }));
    const [trace] = (await reader.listTraces({ limit: 1 })).traces;
    expect(trace).toMatchObject({
      llm_calls: llmCalls,
      input_tokens: 100 * llmCalls,
      output_tokens: 10 * llmCalls,
      unpriced_calls: 0,
      session_id: "big",
    });
    expect(trace?.agents.toSorted()).toEqual([0, 1, 2, 3, 4].map((n) => `agent ${n}`));
    const { groups } = await reader.getUsage({ group_by: ["agent", "session"] });
    expect(groups.map(({ agent, session, calls }) => [agent, session, calls]).sort()).toEqual(
      [0, 1, 2, 3, 4].map((n) => [`agent ${n}`, "big", llmCalls / 5]),
    );
    expect((await reader.listSessions({ limit: 1 })).sessions[0]).toMatchObject({
      llm_calls: llmCalls,
      error_count: errors,
    });
  }, 120_000);

  test("is shown in part: its root, errors, the longest, each with all its ancestors", async () => {
    const { spans, omitted } = await reader.getTrace({ trace_id: traceId(1), max_spans: 400 });
    expect(spans).toHaveLength(400);
    expect(omitted).toBe(size - 400);
    const ids = new Set(spans.map((one) => one.span_id));
    for (const { parent_span_id } of spans) if (parent_span_id !== null) expect(ids.has(parent_span_id)).toBe(true);
    expect(ids.has(spanId(1))).toBe(true);
    expect(ids.has(spanId(2 + 777 * (1 + callsPerStep)))).toBe(true);
    expect(spans.filter((one) => one.status === "error").length).toBeGreaterThan(100);
    expect(spans.map((one) => Date.parse(one.start))).toEqual(
      spans.map((one) => Date.parse(one.start)).sort((a, b) => a - b),
    );
  });

  test("can be looked into at any of its spans", async () => {
    const step = 2 + 4000 * (1 + callsPerStep);
    const { spans, omitted } = await reader.getTrace({ trace_id: traceId(1), span_id: spanId(step) });
    expect([spans.length, omitted]).toEqual([1 + callsPerStep, 0]);
    const whole = await reader.getTrace({ trace_id: traceId(1), span_id: spanId(1), max_spans: 50 });
    expect([whole.spans.length, whole.omitted]).toEqual([50, size - 50]);
    expect(await reader.getSpan({ span_id: spanId(1) })).toMatchObject({ child_count: steps });
  });
});

describe.each(engineOfEachFamily)("on %s", (engine) => {
  test("calls of a large trace that were first seen running count once when they have ended", async () => {
    const store = { path: newStorePath(), engine };
    const calls = 3000;
    const ended = Array.from({ length: calls }, (_, n) =>
      span({
        trace: 1,
        id: n + 2,
        parent: 1,
        start: morning + n,
        attributes: chat({ input: 10, output: 1 }),
        ...(n % 10 === 0 ? { error: "x" } : {}),
      }),
    );
    const root = span({ trace: 1, id: 1, ms: 9000 });
    await withIngest(store, (ingest) => {
      ingest.traces(requestOf([root]));
      const running = ended.map(({ endTimeUnixNano: _, ...started }) => started);
      ingest.traces(requestOf(running.slice(0, calls / 2)));
      ingest.traces(requestOf(running.slice(calls / 2)));
      for (let at = 0; at < calls; at += batch) ingest.traces(requestOf(ended.slice(at, at + batch)));
      while (ingest.maintain({ all: true }));
    });
    const totals = { span_count: calls + 1, llm_calls: calls, input_tokens: 10 * calls, error_count: calls / 10 };
    await withReader(store, async (reader) => {
      expect((await reader.listTraces({ limit: 1 })).traces[0]).toMatchObject(totals);
      expect((await reader.getUsage({ group_by: [] })).total).toMatchObject({ calls, input_tokens: 10 * calls });
      await reader.getTrace({ trace_id: traceId(1), span_id: spanId(1) });
    });
    // and again after it has settled
    await withIngest(store, (ingest) => {
      ingest.traces(requestOf([span({ trace: 1, id: calls + 2, ms: null, parent: 1 })]));
      ingest.traces(
        requestOf([span({ trace: 1, id: calls + 2, parent: 1, attributes: chat({ input: 10, output: 1 }) })]),
      );
      settleAll(ingest);
    });
    await withReader(store, async (reader) => {
      expect((await reader.listTraces({ limit: 1 })).traces[0]).toMatchObject({
        ...totals,
        span_count: calls + 2,
        llm_calls: calls + 1,
        input_tokens: 10 * calls + 10,
      });
    });
  });
});
