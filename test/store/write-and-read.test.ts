/** What becomes of spans on their way in: in any order, twice, late, or while they still run. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Ingest, openIngest } from "../../src/ingest/ingest.js";
import type { OtlpSpan } from "../../src/model/otlp.js";
import { openReader } from "../../src/store/open.js";
import type { TraceReader } from "../../src/store/reader.js";
import { availableEngines } from "./available-engines.js";
import { chat, message, morning, requestOf, type SpanShape, span, spanId, traceId } from "./otlp.js";
import { seeded } from "./seeded.js";
import { exportAll, settleAll, type Target, withIngest } from "./store.js";
import { newStorePath } from "./temporary-folder.js";

afterEach(() => {
  vi.useRealTimers();
});

/** A store that is written and read at the same time. */
async function withStore(target: Target, work: (ingest: Ingest, reader: TraceReader) => Promise<void>): Promise<void> {
  const ingest = await openIngest(target);
  const reader = await openReader(target.path, { engine: target.engine });
  try {
    await work(ingest, reader);
  } finally {
    reader.close();
    ingest.close();
  }
}

const running = (shape: SpanShape): OtlpSpan => span({ ...shape, ms: null });

describe.each(availableEngines)("on %s", (engine) => {
  const target = (): Target => ({ path: newStorePath(), engine });
  const small = [
    span({
      trace: 1,
      id: 1,
      ms: 100,
      attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "seller", "session.id": "visit-1" },
    }),
    span({
      trace: 1,
      id: 2,
      parent: 1,
      start: morning + 10,
      attributes: chat({ input: 100, output: 20, messages: [message("user", "Hello")], reply: "Hi" }),
    }),
    span({ trace: 1, id: 3, parent: 2, start: morning + 20, error: "no such page" }),
  ];

  test("the same spans again change nothing: not the answers, not the change counter, not the export", async () => {
    const store = target();
    await withStore(store, async (ingest, reader) => {
      const state = async () => [
        await reader.listTraces({ limit: 9 }),
        await reader.getTrace({ trace_id: traceId(1) }),
        await reader.listSessions({ limit: 9 }),
        await reader.getUsage({ group_by: ["model", "session"] }),
        await exportAll(store),
      ];
      expect(ingest.traces(requestOf(small))).toMatchObject({ accepted: 3, unchanged: 0, rejected: [] });
      const first = await state();
      expect(ingest.traces(requestOf(small))).toMatchObject({ accepted: 3, unchanged: 3 });
      expect(await state()).toEqual(first);
      settleAll(ingest);
      const settled = await state();
      expect(ingest.traces(requestOf([...small].reverse()))).toMatchObject({ unchanged: 3 });
      ingest.traces(requestOf(small.slice(1)));
      settleAll(ingest);
      expect(await state()).toEqual(settled);
    });
    await withIngest(store, (ingest) => {
      expect(ingest.traces(requestOf(small))).toMatchObject({ accepted: 3, unchanged: 3 });
    });
  });

  test("the same span several times in one request counts once, and the ended one is kept", async () => {
    await withStore(target(), async (ingest, reader) => {
      const [root, call] = small as [OtlpSpan, OtlpSpan];
      const { endTimeUnixNano: _, ...early } = call;
      const request = requestOf([early, call, early, call, root, root]);
      expect(ingest.traces(request)).toMatchObject({ accepted: 6, unchanged: 4 });
      const { spans, trace } = await reader.getTrace({ trace_id: traceId(1) });
      expect(spans.map((one) => [one.span_id, one.status])).toEqual([
        [spanId(1), "ok"],
        [spanId(2), "ok"],
      ]);
      expect(trace).toMatchObject({ span_count: 2, llm_calls: 1, input_tokens: 100, output_tokens: 20 });
    });
  });

  test("whatever order spans come in, one at a time, the trace says the same in the end", async () => {
    const more = [
      ...small,
      span({ trace: 1, id: 4, parent: 3, start: morning + 30, attributes: chat({ input: 7, output: 3 }) }),
    ];
    const answers: unknown[] = [];
    for (const seed of [1, 2, 3, 4]) {
      await withStore(target(), async (ingest, reader) => {
        for (const one of seed === 1 ? more : seeded(seed).shuffle(more)) ingest.traces(requestOf([one]));
        const { trace, spans } = await reader.getTrace({ trace_id: traceId(1) });
        const { groups } = await reader.getUsage({ group_by: ["agent", "model", "session"] });
        answers.push([
          trace,
          spans.map(({ seq: _, ...rest }) => rest),
          groups,
          (await reader.listSessions({ limit: 5 })).sessions,
        ]);
      });
    }
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  test("children that come before their parents get agent and session when these arrive", async () => {
    await withStore(target(), async (ingest, reader) => {
      const [root, call, failed] = small as [OtlpSpan, OtlpSpan, OtlpSpan];
      ingest.traces(requestOf([failed]));
      expect((await reader.getTrace({ trace_id: traceId(1) })).trace).toMatchObject({
        status: "incomplete",
        session_id: null,
        agents: [],
      });
      ingest.traces(requestOf([call]));
      ingest.traces(requestOf([root]));
      const { trace, spans } = await reader.getTrace({ trace_id: traceId(1) });
      expect(trace).toMatchObject({ status: "ok", error_count: 1, session_id: "visit-1", agents: ["seller"] });
      expect(spans.map((one) => [one.agent, one.session_id])).toEqual(Array(3).fill(["seller", "visit-1"]));
      // the inner spans changed, and the list by agent and session knows them
      expect((await reader.listTraces({ agent: "seller", session_id: "visit-1", limit: 5 })).traces).toHaveLength(1);
    });
  });

  test("a trace is incomplete until its root comes, however late, and then what the root says", async () => {
    await withStore(target(), async (ingest, reader) => {
      const status = async () => (await reader.listTraces({ limit: 1 })).traces[0];
      ingest.traces(requestOf([span({ trace: 1, id: 2, parent: 1, name: "child", start: morning + 5 })]));
      settleAll(ingest);
      expect(await status()).toMatchObject({ status: "incomplete", name: "child" });
      ingest.traces(requestOf([span({ trace: 1, id: 1, name: "root", error: "gave up", ms: 50 })]));
      expect(await status()).toMatchObject({ status: "error", name: "root", duration_ms: 50 });
      settleAll(ingest);
      expect(await status()).toMatchObject({ status: "error", span_count: 2, error_count: 1 });
      expect((await reader.listTraces({ status: "incomplete", limit: 5 })).traces).toEqual([]);
      expect((await reader.listTraces({ status: "error", limit: 5 })).traces).toHaveLength(1);
    });
  });

  test("a span that runs is shown as running, and as ended when it has; not the other way round", async () => {
    await withStore(target(), async (ingest, reader) => {
      const attributes = chat({ input: 50, output: 5, session: "visit-1" });
      ingest.traces(requestOf([running({ trace: 1, id: 1, attributes: chat({ session: "visit-1" }) })]));
      const before = await reader.getTrace({ trace_id: traceId(1) });
      expect(before).toMatchObject({
        trace: { status: "running", duration_ms: null },
        spans: [{ status: "running", duration_ms: null }],
      });
      expect((await reader.getUsage({ group_by: [] })).total.calls).toBe(0);
      ingest.traces(requestOf([span({ trace: 1, id: 1, ms: 70, attributes })]));
      const after = await reader.getTrace({ trace_id: traceId(1) });
      expect(after).toMatchObject({
        trace: { status: "ok", duration_ms: 70, input_tokens: 50, span_count: 1 },
        spans: [{ status: "ok", duration_ms: 70 }],
      });
      expect(after.spans[0]?.seq).toBeGreaterThan(before.spans[0]?.seq ?? 0);
      // a start that was delayed on its way
      expect(ingest.traces(requestOf([running({ trace: 1, id: 1 })]))).toMatchObject({ unchanged: 1 });
      expect(await reader.getTrace({ trace_id: traceId(1) })).toEqual(after);
      expect((await reader.getUsage({ group_by: [] })).total).toMatchObject({ calls: 1, input_tokens: 50 });
      expect((await reader.listSessions({ limit: 5 })).sessions).toMatchObject([
        { trace_count: 1, input_tokens: 50, llm_calls: 1 },
      ]);
    });
  });

  test("a span whose program is gone is abandoned after an hour, and its trace incomplete; unless it ends after all", async () => {
    await withStore(target(), async (ingest, reader) => {
      ingest.traces(requestOf([running({ trace: 1, id: 1 }), span({ trace: 1, id: 2, parent: 1 })]));
      settleAll(ingest);
      expect((await reader.getTrace({ trace_id: traceId(1) })).trace.status).toBe("running");
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * 3_600_000 });
      const seq = (await reader.changes({ after_seq: 0, limit: 10 })).as_of_seq;
      settleAll(ingest);
      const abandoned = await reader.getTrace({ trace_id: traceId(1) });
      expect(abandoned.trace.status).toBe("incomplete");
      expect(abandoned.spans.map((one) => one.status)).toEqual(["abandoned", "ok"]);
      expect((await reader.changes({ after_seq: seq, limit: 10 })).changes).toMatchObject([
        { type: "span_abandoned", span: { span_id: spanId(1), status: "abandoned" } },
      ]);
      ingest.traces(requestOf([span({ trace: 1, id: 1, ms: 9000 })]));
      expect((await reader.getTrace({ trace_id: traceId(1) })).trace).toMatchObject({
        status: "ok",
        duration_ms: 9000,
        span_count: 2,
      });
    });
  });

  test("one span id in two traces means two spans", async () => {
    await withStore(target(), async (ingest, reader) => {
      ingest.traces(requestOf([span({ trace: 1, id: 5, name: "one" }), span({ trace: 2, id: 5, name: "two" })]));
      expect((await reader.getSpan({ span_id: spanId(5), trace_id: traceId(2) })).name).toBe("two");
      expect((await reader.getTrace({ trace_id: traceId(1) })).spans.map((one) => one.name)).toEqual(["one"]);
      await expect(reader.getSpan({ span_id: spanId(5) })).rejects.toMatchObject({
        code: "ambiguous",
        message: expect.stringMatching(new RegExp(`${traceId(1)}.*${traceId(2)}`)),
      });
    });
  });

  test("the change counter only rises, is never used twice, and every change can be followed by it", async () => {
    const store = target();
    const seen: number[] = [];
    const follow = async (reader: TraceReader) => {
      for (;;) {
        const { changes, has_more, as_of_seq } = await reader.changes({ after_seq: seen.at(-1) ?? 0, limit: 2 });
        const spans = changes.map((change) => change.span);
        expect(spans.map(({ seq }) => seq)).toEqual([...spans.map(({ seq }) => seq)].sort((a, b) => a - b));
        seen.push(...spans.map(({ seq }) => seq));
        if (!has_more) {
          expect(as_of_seq).toBe(seen.at(-1));
          return;
        }
      }
    };
    await withStore(store, async (ingest, reader) => {
      ingest.traces(
        requestOf([running({ trace: 1, id: 1 }), span({ trace: 1, id: 2, parent: 1 }), span({ trace: 2, id: 3 })]),
      );
      await follow(reader);
      ingest.traces(requestOf([span({ trace: 1, id: 1 })]));
      await follow(reader);
      settleAll(ingest);
      await follow(reader);
    });
    await withStore(store, async (ingest, reader) => {
      ingest.traces(requestOf([span({ trace: 3, id: 4 })]));
      await follow(reader);
    });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    await withStore(store, async (_, reader) => {
      const { changes } = await reader.changes({ after_seq: 0, limit: 100 });
      expect(changes.map(({ span: one }) => [one.seq, one.span_id])).toEqual([
        [2, spanId(2)],
        [3, spanId(3)],
        [4, spanId(1)],
        [5, spanId(4)],
      ]);
    });
  });

  test("a request that is refused in part keeps the good part, and says which span was bad and why", async () => {
    await withStore(target(), async (ingest, reader) => {
      const bad = { ...span({ trace: 1, id: 2 }), traceId: "xyz" };
      const result = ingest.traces(requestOf([span({ trace: 1, id: 1 }), bad]));
      expect(result).toMatchObject({
        accepted: 1,
        rejected: [{ trace_id: "xyz", span_id: spanId(2), reason: expect.stringMatching(/traceId/) }],
      });
      expect((await reader.info()).spans).toBe(1);
    });
  });

  test("ids can be given by a beginning that is unique; others are refused with what to do", async () => {
    await withStore(target(), async (ingest, reader) => {
      const ids = ["abcdef00".padEnd(32, "1"), "abcdef01".padEnd(32, "1"), "abcd".padEnd(32, "2")];
      ingest.traces(
        requestOf(
          ids.map((id, index) => ({
            ...span({ trace: 1, id: index + 1, attributes: { "session.id": `long-session-${index}` } }),
            traceId: id,
            spanId: `${index}cafe`.padEnd(16, "0"),
          })),
        ),
      );
      const trace = async (trace_id: string) => (await reader.getTrace({ trace_id })).trace.trace_id;
      expect(await trace("abcdef00")).toBe(ids[0]);
      expect(await trace("ABCD222")).toBe(ids[2]);
      expect(await trace(ids[1] as string)).toBe(ids[1]);
      await expect(trace("abcdef")).rejects.toMatchObject({
        code: "ambiguous",
        message: expect.stringContaining(ids[1] as string),
      });
      await expect(trace("abcde")).rejects.toMatchObject({ code: "bad_argument" });
      await expect(trace("no hex at all")).rejects.toMatchObject({ code: "bad_argument" });
      await expect(trace("f".repeat(33))).rejects.toMatchObject({ code: "bad_argument" });
      await expect(trace("fffffff")).rejects.toMatchObject({
        code: "not_found",
        hint: expect.stringContaining("list_traces"),
      });
      expect((await reader.getSpan({ span_id: "1cafe0" })).trace_id).toBe(ids[1]);
      await expect(reader.getSpan({ span_id: "1cafe0", trace_id: ids[0] as string })).rejects.toMatchObject({
        code: "not_found",
      });
      expect((await reader.getSession({ session_id: "long-session-2", limit: 5 })).session.session_id).toBe(
        "long-session-2",
      );
      await expect(reader.getSession({ session_id: "long-s", limit: 5 })).rejects.toMatchObject({ code: "ambiguous" });
      await expect(reader.getSession({ session_id: "unheard of", limit: 5 })).rejects.toMatchObject({
        code: "not_found",
      });
    });
  });

  test("a span is shown with all that was recorded of it", async () => {
    await withStore(target(), async (ingest, reader) => {
      const attributes = chat({
        input: 100,
        output: 20,
        messages: [message("user", "Where is my parcel?")],
        reply: "On its way.",
        session: "visit-1",
        more: {
          "gen_ai.response.id": "resp-1",
          "gen_ai.system_instructions": "Be brief.",
          "user.id": "u1",
          custom: 1.5,
        },
      });
      const call = {
        ...span({ trace: 1, id: 2, parent: 1, ms: 250, error: "too slow", attributes }),
        kind: 3,
        events: [
          { name: "retry", timeUnixNano: `${morning}000000`, attributes: [{ key: "n", value: { intValue: "2" } }] },
        ],
        links: [{ traceId: traceId(9), spanId: spanId(9), attributes: [] }],
      };
      ingest.traces(requestOf([span({ trace: 1, id: 1, name: "run" }), call, span({ trace: 1, id: 3, parent: 2 })]));
      expect(await reader.getSpan({ span_id: spanId(2) })).toMatchObject({
        trace_id: traceId(1),
        trace_name: "run",
        parent_span_id: spanId(1),
        otel_kind: "client",
        kind: "llm",
        status: "error",
        error_message: "too slow",
        duration_ms: 250,
        start: new Date(morning).toISOString(),
        end: new Date(morning + 250).toISOString(),
        service: "shop",
        session_id: "visit-1",
        user_id: "u1",
        request_model: "gpt-4o",
        response_id: "resp-1",
        system: "Be brief.",
        input_messages: [{ role: "user", parts: [{ type: "text", content: "Where is my parcel?" }] }],
        output_messages: [{ role: "assistant", parts: [{ type: "text", content: "On its way." }] }],
        attributes: { custom: 1.5, "gen_ai.response.id": "resp-1" },
        events: [{ name: "retry", time: new Date(morning).toISOString(), attributes: { n: 2 } }],
        links: [{ trace_id: traceId(9), span_id: spanId(9) }],
        resource: { "service.name": "shop" },
        scope: { name: "app", version: "1.0.0" },
        child_count: 1,
        price_version: expect.any(String),
      });
    });
  });

  test("doctor's figures add up", async () => {
    await withStore(target(), async (ingest, reader) => {
      ingest.traces(requestOf(small));
      ingest.traces(
        requestOf(
          [
            running({ trace: 2, id: 9 }),
            span({ trace: 2, id: 10, parent: 9, attributes: chat({ model: "house-model", input: 5, output: 5 }) }),
          ],
          "helpdesk",
        ),
      );
      ingest.dropped(3);
      ingest.dropped(4);
      expect(await reader.info()).toMatchObject({
        engine,
        traces: 2,
        spans: 5,
        sessions: 1,
        running_spans: 1,
        unsettled_traces: 2,
        dropped_spans: 7,
        pruned_traces: 0,
        unpriced_calls: 1,
        unpriced_models: ["house-model"],
        full_text_search: engine !== "sqljs",
        services: expect.arrayContaining([
          expect.objectContaining({ service: "shop", traces: 1 }),
          expect.objectContaining({ service: "helpdesk", traces: 1 }),
        ]),
      });
      settleAll(ingest);
      expect(await reader.info()).toMatchObject({ unsettled_traces: 1, unindexed_spans: 0 });
    });
  });
});
