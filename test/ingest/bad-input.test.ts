/** Bad spans: a clear refusal or a sensible reading, and never at the cost of the good ones beside them. */
import { describe, expect, test } from "vitest";
import { type IngestResult, openIngest } from "../../src/ingest/ingest.js";
import type { LogsData, OtlpSpan, TracesData } from "../../src/model/otlp.js";
import { defaultRedaction } from "../../src/redaction/settings.js";
import type { EngineName } from "../../src/store/engines/engine.js";
import { openReader } from "../../src/store/open.js";
import type { TraceReader } from "../../src/store/reader.js";
import { engineOfEachFamily } from "../store/available-engines.js";
import { attributesOf, chat, message, morning, nano, requestOf, span, spanId, traceId } from "../store/otlp.js";
import { exportAll, settleAll, spansById, withIngest, withReader } from "../store/store.js";
import { newStorePath } from "../store/temporary-folder.js";

const good = span({ trace: 99, id: 99, name: "the good one" });

/** Asks everything that can be asked, so that whatever was stored is read. */
async function askEverything(reader: TraceReader): Promise<void> {
  const { traces } = await reader.listTraces({ limit: 200 });
  for (const { trace_id } of traces) {
    const { spans } = await reader.getTrace({ trace_id });
    for (const { span_id } of spans.slice(0, 20)) await reader.getSpan({ trace_id, span_id });
  }
  for (const { session_id } of (await reader.listSessions({ limit: 200 })).sessions)
    await reader.getSession({ session_id, limit: 200 });
  await reader.getUsage({ group_by: ["model", "kind", "day"] });
  await reader.searchSpans({ query: "good", limit: 20 });
  await reader.changes({ after_seq: 0, limit: 200 });
  await reader.info();
}

/** Sends the request together with a good span, reads everything back, and returns what became of it. */
async function send(engine: EngineName, request: unknown): Promise<IngestResult> {
  const store = { path: newStorePath(), engine };
  const { resourceSpans } = request as TracesData;
  const result = await withIngest(store, (ingest) => {
    const both = {
      resourceSpans: [
        ...(Array.isArray(resourceSpans) ? resourceSpans : []),
        ...(requestOf([good]).resourceSpans ?? []),
      ],
    };
    const own = ingest.traces(both);
    settleAll(ingest);
    return own;
  });
  await withReader(store, async (reader) => {
    await askEverything(reader);
    expect((await reader.getTrace({ trace_id: traceId(99) })).spans.map((one) => one.name)).toEqual(["the good one"]);
  });
  await exportAll(store);
  return result;
}

const withSpan = (one: unknown) => requestOf([one as OtlpSpan]);
const base = span({ trace: 1, id: 1 });

/** Shapes that no exporter should send, and whether the span in them is kept. */
const shapes: [what: string, request: unknown, kept: boolean][] = [
  ["a span that is null", withSpan(null), false],
  ["a span that is a string", withSpan("span"), false],
  ["a span that is an array", withSpan([]), false],
  ["a span without ids", withSpan({ name: "x" }), false],
  ["a traceId that is a number", withSpan({ ...base, traceId: 12 }), false],
  ["a traceId that is too short", withSpan({ ...base, traceId: "abc" }), false],
  ["a traceId of zeros", withSpan({ ...base, traceId: "0".repeat(32) }), false],
  ["a traceId in base64", withSpan({ ...base, traceId: "W47/95gDgQPSabYzgT/GDA==" }), false],
  ["a spanId of zeros", withSpan({ ...base, spanId: "0".repeat(16) }), false],
  ["a spanId with letters past f", withSpan({ ...base, spanId: "g".repeat(16) }), false],
  ["attributes that are an object", withSpan({ ...base, attributes: { a: 1 } }), false],
  ["attributes that hold null", withSpan({ ...base, attributes: [null] }), false],
  ["events that are a string", withSpan({ ...base, events: "none" }), false],
  ["no attributes, events, links, status", withSpan({ traceId: base.traceId, spanId: base.spanId }), true],
  [
    "fields that are null",
    withSpan({
      ...base,
      attributes: undefined,
      events: undefined,
      links: null,
      status: null,
      parentSpanId: null,
      name: null,
      kind: null,
    }),
    true,
  ],
  ["events that hold null", withSpan({ ...base, events: [null, 5, { name: null, attributes: null }] }), true],
  ["events whose attributes are an object", withSpan({ ...base, events: [{ name: "e", attributes: { a: 1 } }] }), true],
  [
    "events whose attributes hold null",
    withSpan({ ...base, events: [{ name: "exception", attributes: [null, 5] }] }),
    true,
  ],
  ["links that are a string", withSpan({ ...base, links: "none" }), true],
  ["links that hold null", withSpan({ ...base, links: [null, {}] }), true],
  ["a status that is a string", withSpan({ ...base, status: "ERROR" }), true],
  ["a name that is an object", withSpan({ ...base, name: { a: 1 } }), true],
  [
    "an attribute without key or value",
    withSpan({ ...base, attributes: [{}, { key: "k" }, { value: { stringValue: "v" } }, { key: 5, value: 5 }] }),
    true,
  ],
  [
    "an attribute value of no known type",
    withSpan({
      ...base,
      attributes: [
        { key: "k", value: { strangeValue: 1 } },
        { key: "s", value: "bare" },
        { key: "n", value: null },
      ],
    }),
    true,
  ],
  [
    "an array value that holds no array",
    withSpan({ ...base, attributes: [{ key: "k", value: { arrayValue: { values: "x" } } }] }),
    true,
  ],
  [
    "an array value that holds null",
    withSpan({ ...base, attributes: [{ key: "k", value: { arrayValue: { values: [null] } } }] }),
    true,
  ],
  [
    "a key-value list that holds null",
    withSpan({ ...base, attributes: [{ key: "k", value: { kvlistValue: { values: [null] } } }] }),
    true,
  ],
  [
    "a text that is a number",
    withSpan({ ...base, attributes: [{ key: "gen_ai.input.messages", value: { stringValue: 5 } }] }),
    true,
  ],
  [
    "tokens that are no numbers",
    withSpan({ ...base, attributes: attributesOf({ ...chat({}), "gen_ai.usage.input_tokens": "many" }) }),
    true,
  ],
  [
    "tokens below zero and past all bounds",
    withSpan({
      ...base,
      attributes: attributesOf({ ...chat({}), "gen_ai.usage.input_tokens": -5, "gen_ai.usage.output_tokens": 1e300 }),
    }),
    true,
  ],
  [
    "messages that are broken JSON",
    withSpan({
      ...base,
      attributes: attributesOf({
        ...chat({}),
        "gen_ai.input.messages": '[{"role":"user"',
        "gen_ai.output.messages": '[{"role":}]',
      }),
    }),
    true,
  ],
  [
    "messages of no known form",
    withSpan({
      ...base,
      attributes: attributesOf({
        ...chat({}),
        "gen_ai.input.messages": '[1,null,[],{"a":{"b":[]}},"x"]',
        "gen_ai.output.messages": "[[[[]]]]",
      }),
    }),
    true,
  ],
  [
    "keys with names of JavaScript's own",
    withSpan({
      ...base,
      attributes: attributesOf({ __proto__x: "1", constructor: "2", toString: "3" } as never).concat([
        { key: "__proto__", value: { stringValue: "4" } },
      ]),
    }),
    true,
  ],
  [
    "resourceSpans that hold null",
    { resourceSpans: [null, 5, {}, { scopeSpans: "x" }, { scopeSpans: [null, 5, { spans: "x" }] }] },
    true,
  ],
  ["a resource that is a string", { resourceSpans: [{ resource: "shop", scopeSpans: [{ spans: [base] }] }] }, true],
  [
    "a resource whose attributes hold null",
    {
      resourceSpans: [
        {
          resource: { attributes: [null, { key: "service.name", value: { stringValue: "shop" } }] },
          scopeSpans: [{ spans: [base] }],
        },
      ],
    },
    true,
  ],
  [
    "a resource whose attributes are an object",
    { resourceSpans: [{ resource: { attributes: { "service.name": "shop" } }, scopeSpans: [{ spans: [base] }] }] },
    true,
  ],
  [
    "a service name that is a number",
    {
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { intValue: "5" } }] },
          scopeSpans: [{ spans: [base] }],
        },
      ],
    },
    true,
  ],
  ["a scope that is a string", { resourceSpans: [{ scopeSpans: [{ scope: "lib", spans: [base] }] }] }, true],
  [
    "a scope whose name is a number",
    { resourceSpans: [{ scopeSpans: [{ scope: { name: 5, version: {} }, spans: [base] }] }] },
    true,
  ],
];

describe.each(engineOfEachFamily)("on %s", (engine) => {
  test.each(shapes)("%s: the good span beside it is kept", async (_, request, kept) => {
    const { accepted, rejected } = await send(engine, request);
    const sent = ((request as TracesData).resourceSpans ?? []).some(
      (one) => Array.isArray(one?.scopeSpans) && one.scopeSpans.some((scope) => Array.isArray(scope?.spans)),
    );
    if (kept) expect([accepted, rejected]).toEqual([sent ? 2 : 1, []]);
    else {
      expect(accepted).toBe(1);
      expect(rejected).toMatchObject([{ reason: expect.stringMatching(/\w+/) }]);
    }
  });

  test("spans of any shape can be stored without what was captured, and through a redaction", async () => {
    const redaction = { ...defaultRedaction, custom: [{ name: "good", pattern: /good/ }], keys: ["key", /^a/] };
    for (const options of [{ captureContent: false }, { redaction }, { redaction: null }]) {
      const path = newStorePath();
      const ingest = await openIngest({ path, engine, ...options });
      for (const [what, request, kept] of shapes) {
        if (kept) expect(ingest.traces(request as TracesData).rejected, what).toEqual([]);
      }
      ingest.close();
      await withReader({ path, engine }, askEverything);
    }
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a string", "x"],
    ["a list", []],
    ["logs", { resourceLogs: [] }],
    ["an object", { resourceSpans: {} }],
  ])("%s instead of a request is a clear error", async (_, request) => {
    await withIngest({ path: newStorePath(), engine }, (ingest) => {
      expect(() => ingest.traces(request as TracesData)).toThrow(
        expect.objectContaining({ name: "AgensightError", code: "bad_input" }),
      );
      expect(ingest.traces(requestOf([good]))).toMatchObject({ accepted: 1 });
    });
  });

  test("log records of any shape are ignored or kept, never an error", async () => {
    const store = { path: newStorePath(), engine };
    const ids = { traceId: traceId(1), spanId: spanId(1) };
    const records = [
      null,
      5,
      {},
      ids,
      { ...ids, body: null, attributes: null },
      { ...ids, body: { stringValue: 5 } },
      { ...ids, attributes: [null], eventName: "gen_ai.user.message" },
      { ...ids, eventName: "gen_ai.user.message", body: { kvlistValue: { values: [null] } } },
      {
        ...ids,
        timeUnixNano: "x",
        eventName: "gen_ai.user.message",
        body: { kvlistValue: { values: [{ key: "content", value: { stringValue: "hello" } }] } },
      },
    ];
    await withIngest(store, (ingest) => {
      ingest.traces(requestOf([base]));
      for (const request of [
        { resourceLogs: [null, 5, { scopeLogs: [null, { logRecords: "x" }] }] },
        {
          resourceLogs: [
            { resource: { attributes: [null] }, scopeLogs: [{ scope: { name: 5 }, logRecords: records }] },
          ],
        },
      ]) {
        const result = ingest.logs(request as unknown as LogsData);
        expect(result.rejected).toEqual([]);
      }
      expect(() => ingest.logs({} as LogsData)).toThrow(expect.objectContaining({ code: "bad_input" }));
      settleAll(ingest);
    });
    await withReader(store, async (reader) => {
      await askEverything(reader);
      const { input_messages } = await reader.getSpan({ span_id: spanId(1) });
      expect(input_messages).toContainEqual({ role: "user", parts: [{ type: "text", content: "hello" }] });
    });
    await exportAll(store);
  });

  test("whatever times a span has, it is shown with valid ones and does not last less than nothing", async () => {
    const times: (string | number | null | undefined)[] = [
      "0",
      "1",
      "999999999",
      nano(morning),
      `-${nano(morning)}`,
      "99999999999999999999",
      "999999999999999999999999",
      "18446744073709551615",
      "soon",
      "1.5e18",
      "",
      0,
      -1,
      1.5,
      1e300,
      Number(nano(morning)),
      null,
      undefined,
    ];
    const spans = times.flatMap((start, i) =>
      times.map(
        (end, j) =>
          ({
            ...span({ trace: 1 + i, id: 1 + i * times.length + j }),
            startTimeUnixNano: start,
            endTimeUnixNano: end,
          }) as OtlpSpan,
      ),
    );
    const store = { path: newStorePath(), engine };
    await withIngest(store, (ingest) => {
      expect(ingest.traces(requestOf(spans))).toMatchObject({ accepted: times.length ** 2, rejected: [] });
      settleAll(ingest);
    });
    await withReader(store, async (reader) => {
      const { traces } = await reader.listTraces({ limit: 200 });
      expect(traces).toHaveLength(times.length);
      for (const trace of traces) {
        expect(Number.isFinite(Date.parse(trace.start))).toBe(true);
        if (trace.duration_ms !== null) expect(trace.duration_ms).toBeGreaterThanOrEqual(0);
        for (const one of (await reader.getTrace({ trace_id: trace.trace_id })).spans) {
          expect(Number.isFinite(Date.parse(one.start))).toBe(true);
          if (one.duration_ms === null) expect(one.status).toBe("running");
          else expect(one.duration_ms).toBeGreaterThanOrEqual(0);
        }
      }
      await reader.getUsage({ group_by: ["hour", "kind"] });
      await reader.getUsage({ group_by: ["day"], since: 0, until: morning });
    });
    const found = spansById(await exportAll(store));
    for (const one of spans)
      expect(found.get(`${one.traceId} ${one.spanId}`)?.span).toEqual(JSON.parse(JSON.stringify(one)));
  });

  test.each([
    ["one that is its own parent", [[1, 1]]],
    [
      "two that are each other's parents",
      [
        [1, 2],
        [2, 1],
      ],
    ],
    [
      "a circle with a tail, beside a proper tree",
      [
        [1, 3],
        [2, 1],
        [3, 2],
        [4, 3],
        [5, undefined],
        [6, 5],
      ],
    ],
    [
      "only orphans",
      [
        [1, 70],
        [2, 71],
        [3, 1],
      ],
    ],
  ] as [string, [number, number | undefined][]][])("spans in a circle are all shown: %s", async (_, links) => {
    const attributes = chat({
      input: 10,
      output: 1,
      session: "visit-1",
      messages: [message("user", "Hi")],
      reply: "Ho",
    });
    const spans = links.map(([id, parent]) =>
      span({ trace: 1, id, start: morning + id, attributes, ...(parent === undefined ? {} : { parent }) }),
    );
    const store = { path: newStorePath(), engine };
    await withIngest(store, (ingest) => {
      for (const one of spans) ingest.traces(requestOf([one]));
      settleAll(ingest);
    });
    await withReader(store, async (reader) => {
      const { trace, spans: found } = await reader.getTrace({ trace_id: traceId(1) });
      expect(found.map((one) => one.span_id)).toEqual(spans.map((one) => one.spanId));
      expect(trace.span_count).toBe(links.length);
      expect(trace.status).toBe(links.some(([, parent]) => parent === undefined) ? "ok" : "incomplete");
      for (const [id] of links)
        expect(
          (await reader.getTrace({ trace_id: traceId(1), span_id: spanId(id) })).spans.map((one) => one.span_id),
        ).toContain(spanId(id));
      expect((await reader.getTrace({ trace_id: traceId(1), max_spans: 1 })).spans).toHaveLength(1);
      await askEverything(reader);
    });
  });

  test("a span tree that is 10,000 deep is stored, derived and shown", async () => {
    const depth = 10_000;
    const spans = Array.from({ length: depth }, (_, n) =>
      span({
        trace: 1,
        id: n + 1,
        start: morning + n,
        ...(n === 0
          ? {
              attributes: {
                "session.id": "deep",
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": "diver",
              },
            }
          : { parent: n }),
        ...(n === depth - 1 ? { error: "bottom" } : {}),
      }),
    );
    const store = { path: newStorePath(), engine };
    await withIngest(store, (ingest) => {
      for (let at = 0; at < depth; at += 2500) ingest.traces(requestOf(spans.slice(at, at + 2500).reverse()));
      settleAll(ingest);
    });
    await withReader(store, async (reader) => {
      const { trace, spans: shown, omitted } = await reader.getTrace({ trace_id: traceId(1), max_spans: 100 });
      expect(trace).toMatchObject({ span_count: depth, error_count: 1, status: "ok", agents: ["diver"] });
      expect([shown.length, omitted]).toEqual([100, depth - 100]);
      expect(await reader.getSpan({ span_id: spanId(depth) })).toMatchObject({ agent: "diver", session_id: "deep" });
      const half = await reader.getTrace({ trace_id: traceId(1), span_id: spanId(depth / 2), max_spans: depth });
      expect(half.spans).toHaveLength(depth / 2 + 1);
    });
  });

  test("a span with 20,000 attributes is kept whole", async () => {
    const attributes = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`key.${n}`, `value ${n}`]));
    const store = { path: newStorePath(), engine };
    await withIngest(store, (ingest) => {
      ingest.traces(requestOf([span({ trace: 1, id: 1, attributes })]));
      settleAll(ingest);
    });
    await withReader(store, async (reader) => {
      expect((await reader.getSpan({ span_id: spanId(1) })).attributes).toEqual(attributes);
    });
  });

  test("what was captured can be left out, and then is nowhere in the file", async () => {
    const path = newStorePath();
    const ingest = await openIngest({ path, engine, captureContent: false });
    const secret = "the launch code is 0000";
    const attributes = chat({
      input: 5,
      output: 1,
      messages: [message("user", secret)],
      reply: secret,
      session: "visit-1",
      more: { "input.value": secret },
    });
    ingest.traces(requestOf([span({ trace: 1, id: 1, attributes })]));
    settleAll(ingest);
    ingest.close();
    const reader = await openReader(path, { engine });
    const found = await reader.getSpan({ span_id: spanId(1) });
    expect(found).toMatchObject({
      input_tokens: 5,
      model: "gpt-4o",
      session_id: "visit-1",
      input_messages: [],
      output_messages: [],
    });
    expect(JSON.stringify([found, await reader.getSession({ session_id: "visit-1", limit: 10 })])).not.toContain(
      "launch",
    );
    reader.close();
    expect(JSON.stringify(await exportAll({ path, engine }))).not.toContain("launch");
  });
});
