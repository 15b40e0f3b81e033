/** Lists of traces and sessions: every one once, whatever the order, the filter and the size of a page. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ingest, openIngest } from "../../src/ingest/ingest.js";
import type { TraceSummary } from "../../src/model/summary.js";
import { openReader } from "../../src/store/open.js";
import { type TraceFilter, type TraceReader, type TraceSort, traceSorts } from "../../src/store/reader.js";
import { availableEngines } from "./available-engines.js";
import { chat, morning, requestOf, span, traceId } from "./otlp.js";
import { seeded } from "./seeded.js";
import { settleAll } from "./store.js";
import { newStorePath } from "./temporary-folder.js";

type Made = {
  id: string;
  service: string;
  session: string | null;
  agent: string;
  model: string;
  user: string;
  start: number;
  ms: number;
  status: string;
  errors: number;
  tokens: number;
};

describe.each(availableEngines)("on %s", (engine) => {
  const random = seeded(4);
  const made: Made[] = [];
  let ingest: Ingest;
  let reader: TraceReader;

  /** Many share their start, duration, tokens and number of errors. */
  function make(n: number): Made {
    return {
      id: traceId(n),
      service: random.pick(["shop", "helpdesk", "rare"].slice(0, random.chance(0.01) ? 3 : 2)),
      session: random.chance(0.8) ? `visit-${random.below(40)}` : null,
      agent: random.pick(["seller", "writer"]),
      model: random.pick(["gpt-4o", "gpt-4o-mini", "house-model"]),
      user: random.pick(["ann", "bob"]),
      start: morning + random.below(300) * 60_000,
      ms: 10 * (1 + random.below(20)),
      status: random.pick(["ok", "ok", "ok", "error", "incomplete", "running"]),
      errors: random.below(3),
      tokens: 10 * random.below(15),
    };
  }
  function write(list: Made[]): void {
    for (const service of ["shop", "helpdesk", "rare"]) {
      const spans = list
        .filter((one) => one.service === service)
        .flatMap((one) => {
          const n = Number.parseInt(one.id.slice(16), 16);
          const root = { trace: n, id: 10 * n + 1, start: one.start, ms: one.status === "running" ? null : one.ms };
          const more = {
            "gen_ai.agent.name": one.agent,
            "user.id": one.user,
            ...(one.session === null ? {} : { "session.id": one.session }),
          };
          const attributes = chat({ model: one.model, input: one.tokens, output: 1, more });
          const call = span({ trace: n, id: 10 * n + 2, parent: 10 * n + 1, start: one.start, ms: one.ms, attributes });
          const failed = Array.from({ length: one.errors }, (_, index) =>
            span({ trace: n, id: 10 * n + 3 + index, parent: 10 * n + 1, start: one.start, ms: 1, error: "x" }),
          );
          const roots =
            one.status === "incomplete"
              ? []
              : [span({ ...root, ...(one.status === "error" ? { error: "root failed" } : {}) })];
          return [...roots, call, ...failed];
        });
      if (spans.length > 0) ingest.traces(requestOf(spans, service));
    }
  }

  beforeAll(async () => {
    const store = { path: newStorePath(), engine };
    ingest = await openIngest(store);
    for (let n = 1; n <= 1300; n++) made.push(make(n));
    for (let at = 0; at < made.length; at += 100) write(made.slice(at, at + 100));
    settleAll(ingest);
    reader = await openReader(store.path, { engine });
  });
  afterAll(() => {
    reader?.close();
    ingest?.close();
  });

  type Query = TraceFilter & { sort?: TraceSort; min_duration_ms?: number; min_cost_usd?: number };

  async function walk(query: Query, limit: number, between?: () => void): Promise<TraceSummary[]> {
    const all: TraceSummary[] = [];
    let cursor: string | undefined;
    do {
      const { traces, coverage } = await reader.listTraces({ ...query, limit, ...(cursor ? { cursor } : {}) });
      expect(coverage.returned).toBe(traces.length);
      all.push(...traces);
      cursor = coverage.next_cursor ?? undefined;
      between?.();
    } while (cursor);
    return all;
  }

  const sortedBy: Record<TraceSort, (trace: TraceSummary) => number> = {
    newest: (trace) => Date.parse(trace.start),
    slowest: (trace) => trace.duration_ms ?? -1,
    costliest: (trace) => trace.cost_usd ?? -1,
    most_tokens: (trace) => (trace.input_tokens ?? 0) + (trace.output_tokens ?? 0),
    most_errors: (trace) => trace.error_count,
  };

  test.each(traceSorts)("sorted by %s, pages walk every trace exactly once, in order", async (sort) => {
    const all = await walk({ sort }, 170);
    expect(all).toHaveLength(made.length);
    expect(new Set(all.map((trace) => trace.trace_id)).size).toBe(made.length);
    const values = all.map(sortedBy[sort]);
    expect(values).toEqual([...values].sort((a, b) => b - a));
  });

  const filters: [string, Query, (one: Made) => boolean][] = [
    ["a service", { service: "shop" }, (one) => one.service === "shop"],
    ["a rare service", { service: "rare" }, (one) => one.service === "rare"],
    ["a session", { session_id: "visit-7" }, (one) => one.session === "visit-7"],
    ["a user", { user_id: "ann" }, (one) => one.user === "ann"],
    [
      "an agent and a model",
      { agent: "seller", model: "gpt-4o" },
      (one) => one.agent === "seller" && one.model === "gpt-4o",
    ],
    ["running", { status: "running" }, (one) => one.status === "running"],
    ["errors", { status: "error" }, (one) => one.status === "error"],
    [
      "incomplete ones",
      { status: "incomplete", service: "helpdesk" },
      (one) => one.status === "incomplete" && one.service === "helpdesk",
    ],
    [
      "a time range",
      { since: morning + 60 * 60_000, until: morning + 120 * 60_000 },
      (one) => one.start >= morning + 60 * 60_000 && one.start < morning + 120 * 60_000,
    ],
    [
      "all at once",
      { service: "shop", agent: "seller", model: "gpt-4o", status: "ok", since: morning + 60 * 60_000 },
      (one) =>
        one.service === "shop" &&
        one.agent === "seller" &&
        one.model === "gpt-4o" &&
        one.status === "ok" &&
        one.start >= morning + 60 * 60_000,
    ],
    ["a service that is not there", { service: "nobody" }, () => false],
  ];

  test.each(filters)("filtered by %s, in any order, exactly those are listed that fit", async (_, query, fits) => {
    const wanted = made.filter(fits).map((one) => one.id);
    for (const sort of traceSorts) {
      const found = await walk({ ...query, sort }, 130);
      expect(found.map((trace) => trace.trace_id).sort()).toEqual([...wanted].sort());
      const values = found.map(sortedBy[sort]);
      expect(values).toEqual([...values].sort((a, b) => b - a));
    }
    const { coverage } = await reader.listTraces({ ...query, limit: 1 });
    expect(coverage).toMatchObject({
      matched: Math.min(1000, wanted.length),
      matched_is_minimum: wanted.length > 1000,
    });
  });

  test("the least duration and cost are limits that hold", async () => {
    const slow = await walk({ min_duration_ms: 150, sort: "slowest" }, 200);
    expect(slow.length).toBeGreaterThan(0);
    expect(slow.every((trace) => (trace.duration_ms ?? 0) >= 150)).toBe(true);
    const dear = await walk({ min_cost_usd: 0.0002 }, 200);
    const all = await walk({}, 200);
    expect(dear.map((trace) => trace.trace_id)).toEqual(
      all.filter((trace) => (trace.cost_usd ?? 0) >= 0.0002).map((trace) => trace.trace_id),
    );
    expect(dear.length).toBeGreaterThan(0);
  });

  test("while new traces come in, the newest ones are still walked once each", async () => {
    const before = made.map((one) => one.id);
    let next = 2000;
    const all = await walk({ sort: "newest" }, 150, () => {
      const late = { ...make(next++), start: morning + 400 * 60_000 };
      made.push(late);
      write([late]);
      ingest.maintain({ all: true });
    });
    const ids = all.map((trace) => trace.trace_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => before.includes(id)).sort()).toEqual([...before].sort());
  });

  test("sessions come latest active first, every one once, also filtered", async () => {
    const walkSessions = async (filter: TraceFilter) => {
      const ids: string[] = [];
      const ends: number[] = [];
      let cursor: string | undefined;
      do {
        const { sessions, coverage } = await reader.listSessions({
          ...filter,
          limit: 7,
          ...(cursor ? { cursor } : {}),
        });
        ids.push(...sessions.map((session) => session.session_id));
        ends.push(...sessions.map((session) => Date.parse(session.end)));
        cursor = coverage.next_cursor ?? undefined;
      } while (cursor);
      expect(ends).toEqual([...ends].sort((a, b) => b - a));
      return ids.sort();
    };
    const sessionsOf = (list: Made[]) =>
      [...new Set(list.map((one) => one.session).filter((id) => id !== null))].sort();
    expect(await walkSessions({})).toEqual(sessionsOf(made));
    expect(await walkSessions({ agent: "seller", model: "house-model" })).toEqual(
      sessionsOf(made.filter((one) => one.agent === "seller" && one.model === "house-model")),
    );
    expect(await walkSessions({ service: "rare" })).toEqual(sessionsOf(made.filter((one) => one.service === "rare")));
    expect(await walkSessions({ status: "error", user_id: "ann" })).toEqual(
      sessionsOf(made.filter((one) => one.status === "error" && one.user === "ann")),
    );
  });

  test("a cursor that is not ours, or another question's, is refused", async () => {
    await expect(reader.listTraces({ limit: 1, cursor: "made-up" })).rejects.toMatchObject({ code: "bad_argument" });
    const { coverage } = await reader.listTraces({ limit: 1 });
    await expect(reader.listSessions({ limit: 1, cursor: coverage.next_cursor as string })).rejects.toMatchObject({
      code: "bad_argument",
    });
  });
});
