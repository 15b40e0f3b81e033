/** Retention: what is too old or too much goes, per service; the file shrinks; the rest stays whole. */
import { describe, expect, test } from "vitest";
import { openIngest } from "../../src/ingest/ingest.js";
import type { OtlpLogRecord, OtlpSpan } from "../../src/model/otlp.js";
import { openReader } from "../../src/store/open.js";
import { openForReading } from "../../src/store/open-store.js";
import { availableEngines, nativeEngines } from "./available-engines.js";
import { chat, message, nano, requestOf, span, spanId, traceId } from "./otlp.js";
import { seeded } from "./seeded.js";
import { exportAll, settleAll, spansById, type Target, withIngest, withReader } from "./store.js";
import { bytesOnDisk, newStorePath } from "./temporary-folder.js";

const now = Date.now();
const day = 86_400_000;
const random = seeded(6);
const words = (count: number) => Array.from({ length: count }, () => random.below(2 ** 31).toString(36)).join(" ");

/** A trace of two spans that takes about `kilobytes` in the file. */
function trace(n: number, ageDays: number, kilobytes: number, text = ""): OtlpSpan[] {
  const start = now - ageDays * day;
  const messages = [message("system", text || `system ${n}`), message("user", words(Math.ceil(kilobytes * 160)))];
  return [
    span({ trace: n, id: 2 * n, start, ms: 500, attributes: { "session.id": `session ${n}` } }),
    span({
      trace: n,
      id: 2 * n + 1,
      parent: 2 * n,
      start: start + 1,
      attributes: chat({ input: 100, output: 10, messages, reply: "ok" }),
    }),
  ];
}

async function keepHouse(
  target: Target,
  retention?: { service: string; max_age_s?: number; max_bytes?: number },
): Promise<void> {
  const ingest = await openIngest({ ...target, ...(retention ? { retention } : {}) });
  settleAll(ingest);
  ingest.close();
}

const listed = (target: Target, service?: string) =>
  withReader(target, async (reader) =>
    (await reader.listTraces({ limit: 200, ...(service ? { service } : {}) })).traces
      .map((one) => Number.parseInt(one.trace_id.slice(16), 16))
      .reverse(),
  );

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** Nothing that belongs to a trace is left of one that is gone, and nothing is missing of those that are there. */
async function expectTidy(target: Target, sent: OtlpSpan[]): Promise<void> {
  const engine = await openForReading(target.path, { engine: target.engine });
  const count = (sql: string) => engine.get(`SELECT count(*) AS n FROM ${sql}`)?.n;
  expect({
    hashes: count("content_hash WHERE content / 4096 NOT IN (SELECT id FROM block)"),
    uses: count(
      "block_use WHERE block NOT IN (SELECT id FROM block) OR (trace > 0 AND trace NOT IN (SELECT id FROM trace))",
    ),
    blocks: count("block WHERE id NOT IN (SELECT block FROM block_use)"),
    conversations: count("conversation WHERE span NOT IN (SELECT id FROM span)"),
    spans: count("span WHERE trace NOT IN (SELECT id FROM trace)"),
    facets: count("trace_facet WHERE trace NOT IN (SELECT id FROM trace)"),
    sessions: count("session WHERE id NOT IN (SELECT session FROM trace WHERE session IS NOT NULL)"),
    found:
      target.engine === "sqljs" ? 0 : count("(SELECT rowid AS id FROM search) WHERE id NOT IN (SELECT id FROM span)"),
  }).toEqual({ hashes: 0, uses: 0, blocks: 0, conversations: 0, spans: 0, facets: 0, sessions: 0, found: 0 });
  expect(engine.get("PRAGMA integrity_check")?.integrity_check).toBe("ok");
  engine.close();
  const there = spansById(await exportAll(target));
  const byId = new Map(sent.map((one) => [`${one.traceId} ${one.spanId}`, one]));
  for (const [key, { span: own }] of there) expect(JSON.stringify(own)).toBe(JSON.stringify(byId.get(key)));
}

describe.each(availableEngines)("on %s", (engine) => {
  const target = (): Target => ({ path: newStorePath(), engine });

  test("traces older than a service keeps them go; newer ones, and all of other services, stay", async () => {
    const store = target();
    const shop = range(1, 8).flatMap((n) => trace(n, 9 - n, 2));
    const helpdesk = range(11, 14).flatMap((n) => trace(n, 30 - n, 2));
    await withIngest(store, (ingest) => {
      ingest.traces(requestOf(shop, "shop"));
      ingest.traces(requestOf(helpdesk, "helpdesk"));
    });
    await keepHouse(store);
    expect(await listed(store)).toHaveLength(12);
    await keepHouse(store, { service: "shop", max_age_s: (4.5 * day) / 1000 });
    expect(await listed(store, "shop")).toEqual([5, 6, 7, 8]);
    expect(await listed(store, "helpdesk")).toEqual([11, 12, 13, 14]);
    await expectTidy(store, [...shop, ...helpdesk]);
    // the rule is the file's own: a program that knows nothing of it keeps to it, another service's comes beside it
    await withIngest(store, (ingest) => ingest.traces(requestOf(trace(20, 50, 1), "shop")));
    await keepHouse(store, { service: "helpdesk", max_age_s: (17.5 * day) / 1000 });
    expect(await listed(store, "shop")).toEqual([5, 6, 7, 8]);
    expect(await listed(store, "helpdesk")).toEqual([13, 14]);
    expect(await withReader(store, (reader) => reader.info())).toMatchObject({
      pruned_traces: 7,
      services: expect.arrayContaining([{ service: "shop", traces: 4, max_age_s: 388_800, max_bytes: null }]),
    });
  });

  test("what was pruned and comes in again changes nothing: its calls are counted already", async () => {
    const store = target();
    const spans = range(1, 4).flatMap((n) => trace(n, 9 - n, 2));
    await withIngest(store, (ingest) => ingest.traces(requestOf(spans, "shop")));
    await keepHouse(store, { service: "shop", max_age_s: (6.5 * day) / 1000 });
    const before = await withReader(store, (reader) => reader.getUsage({ group_by: ["model"] }));
    const again = await withIngest(store, (ingest) => ingest.traces(requestOf(spans, "shop")));
    expect(again).toMatchObject({ accepted: spans.length, unchanged: spans.length, rejected: [] });
    await keepHouse(store);
    expect(await listed(store, "shop")).toEqual([3, 4]);
    expect((await withReader(store, (reader) => reader.getUsage({ group_by: ["model"] }))).total).toEqual(before.total);
  });

  test("a service that takes more than its size loses its oldest traces, the file shrinks, and others keep theirs", async () => {
    const store = target();
    const shop = range(1, 60).flatMap((n) => trace(n, 61 - n, 30));
    const helpdesk = range(101, 110).flatMap((n) => trace(n, 200, 30));
    await withIngest(store, (ingest) => {
      for (let at = 0; at < shop.length; at += 10) ingest.traces(requestOf(shop.slice(at, at + 10), "shop"));
      ingest.traces(requestOf(helpdesk, "helpdesk"));
    });
    await keepHouse(store);
    const before = bytesOnDisk(store.path);
    const limit = before / 4;
    await keepHouse(store, { service: "shop", max_bytes: limit });
    const left = await listed(store, "shop");
    expect(left.length).toBeGreaterThan(3);
    expect(left.length).toBeLessThan(30);
    expect(left).toEqual(range(60 - left.length + 1, 60));
    expect(await listed(store, "helpdesk")).toHaveLength(10);
    expect(bytesOnDisk(store.path)).toBeLessThan(before * 0.6);
    await expectTidy(store, [...shop, ...helpdesk]);
  });

  test("what is asked about a trace that is gone is answered “pruned by retention”", async () => {
    const store = target();
    await withIngest(store, (ingest) => ingest.traces(requestOf([...trace(1, 10, 1), ...trace(2, 0, 1)])));
    await keepHouse(store, { service: "shop", max_age_s: 3600 });
    await withReader(store, async (reader) => {
      const pruned = {
        code: "pruned",
        message: expect.stringMatching(/pruned by retention/),
        hint: expect.stringContaining("get_usage"),
      };
      await expect(reader.getTrace({ trace_id: traceId(1) })).rejects.toMatchObject(pruned);
      await expect(reader.getTrace({ trace_id: traceId(1).slice(0, 32) })).rejects.toMatchObject(pruned);
      await expect(reader.getSpan({ trace_id: traceId(1), span_id: spanId(3) })).rejects.toMatchObject(pruned);
      await expect(reader.getSpan({ span_id: spanId(3) })).rejects.toMatchObject({
        code: "not_found",
        hint: expect.stringContaining("pruned"),
      });
      await expect(reader.getSession({ session_id: "session 1", limit: 5 })).rejects.toMatchObject({ code: "pruned" });
      const { total, coverage } = await reader.getUsage({ group_by: ["session"] });
      expect(total).toMatchObject({ calls: 2, input_tokens: 200 });
      expect(coverage.notes.join(" ")).toMatch(/include 1 .*pruned/);
      expect((await reader.searchSpans({ query: '"system 1"', limit: 5 })).hits).toEqual([]);
      expect((await reader.listSessions({ limit: 5 })).sessions.map((session) => session.session_id)).toEqual([
        "session 2",
      ]);
    });
  });

  test("a text that a pruned trace shared with others stays for them, also for those that come later", async () => {
    const store = target();
    const shared = words(400);
    const old = range(1, 5).flatMap((n) => trace(n, 10, 5, shared));
    const young = range(6, 8).flatMap((n) => trace(n, 0, 5, shared));
    const later = range(9, 10).flatMap((n) => trace(n, 0, 5, shared));
    await withIngest(store, (ingest) => {
      ingest.traces(requestOf(old));
      ingest.traces(requestOf(young));
    });
    await keepHouse(store, { service: "shop", max_age_s: 3600 });
    expect(await listed(store)).toHaveLength(3);
    await withIngest(store, (ingest) => ingest.traces(requestOf(later)));
    await expectTidy(store, [...old, ...young, ...later]);
    await withReader(store, async (reader) => {
      for (const n of [6, 8, 10])
        expect((await reader.getSpan({ span_id: spanId(2 * n + 1) })).input_messages[0]?.parts).toEqual([
          { type: "text", content: shared },
        ]);
    });
  });

  test("a program that remembers what has been pruned writes it anew", async () => {
    const store = target();
    const shared = words(400);
    const first = trace(1, 10, 5, shared);
    const second = trace(2, 0, 5, shared);
    // the same conversation goes on
    const third = { ...second[1], spanId: spanId(50) } as OtlpSpan;
    const ingest = await openIngest({ ...store, retention: { service: "shop", max_age_s: 3600 } });
    ingest.traces(requestOf(first));
    settleAll(ingest);
    expect(await listed(store)).toEqual([]);
    ingest.traces(requestOf(second));
    ingest.traces(requestOf([third]));
    ingest.close();
    await expectTidy(store, [...first, ...second, third]);
    expect(await listed(store)).toEqual([2]);
  });

  test("a running trace that is pruned for its size stays out of the answers, and what it has counted so far counts", async () => {
    const store = target();
    const { endTimeUnixNano: _, ...root } = trace(1, 10, 1)[0] as OtlpSpan;
    const call = trace(1, 10, 1)[1] as OtlpSpan;
    await withIngest(store, (ingest) => ingest.traces(requestOf([root, call])));
    await keepHouse(store, { service: "shop", max_age_s: 3600 });
    expect(await listed(store)).toEqual([]);
    expect((await withReader(store, (reader) => reader.getUsage({ group_by: ["model"] }))).total).toMatchObject({
      calls: 1,
      input_tokens: 100,
    });
  });

  test("log records that came before their span keep their text, whatever is pruned beside them", async () => {
    const store = target();
    const text = words(300);
    const record = (trace: number, id: number): OtlpLogRecord => ({
      traceId: traceId(trace),
      spanId: spanId(id),
      timeUnixNano: nano(now),
      eventName: "gen_ai.user.message",
      body: { kvlistValue: { values: [{ key: "content", value: { stringValue: text } }] } },
    });
    // both say the same, so the text lies where the older one put it
    const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [record(1, 3), record(2, 5)] }] }] };
    const old = trace(1, 10, 5);
    const own = span({ trace: 2, id: 5, start: now, attributes: chat({}) });
    const ingest = await openIngest({ ...store, retention: { service: "shop", max_age_s: 3600 } });
    ingest.traces(requestOf(old));
    expect(ingest.logs(logs)).toMatchObject({ accepted: 2 });
    settleAll(ingest);
    expect(await listed(store)).toEqual([]);
    ingest.traces(requestOf([own]));
    settleAll(ingest);
    ingest.close();
    await expectTidy(store, [own]);
    await withReader(store, async (reader) => {
      expect((await reader.getSpan({ span_id: spanId(5) })).input_messages).toEqual([
        { role: "user", parts: [{ type: "text", content: text }] },
      ]);
      expect(
        (await reader.searchSpans({ query: `"${text.split(" ").slice(0, 3).join(" ")}"`, limit: 5 })).hits,
      ).toHaveLength(1);
    });
  });
});

describe.each(nativeEngines)("on %s, with others beside it", (engine) => {
  const target = (): Target => ({ path: newStorePath(), engine });

  test("it works in steps, so that nobody waits long", async () => {
    const store = target();
    const shop = range(1, 160).flatMap((n) => trace(n, 10, 0.1));
    await withIngest(store, (ingest) => {
      ingest.traces(requestOf(shop));
      settleAll(ingest);
    });
    const ingest = await openIngest({ ...store, retention: { service: "shop", max_age_s: 60 } });
    const counts: number[] = [];
    for (let more = true; more; ) {
      more = ingest.maintain();
      counts.push(160 - (await listed(store)).length);
    }
    ingest.close();
    expect(counts.at(-1)).toBe(160);
    const steps = counts.map((count, index) => count - (counts[index - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(50);
  });

  test("a program beside the one that prunes writes anew what it remembers", async () => {
    const store = target();
    const shared = words(400);
    const [first, second] = [trace(1, 10, 5, shared), trace(2, 0, 5, shared)];
    const writing = await openIngest(store);
    const reader = await openReader(store.path, { engine });
    writing.traces(requestOf(first));
    expect((await reader.getSpan({ span_id: spanId(3) })).input_messages).toHaveLength(2);
    await keepHouse(store, { service: "shop", max_age_s: 3600 });
    writing.traces(requestOf(second));
    expect((await reader.getSpan({ span_id: spanId(5) })).input_messages[0]?.parts).toEqual([
      { type: "text", content: shared },
    ]);
    reader.close();
    writing.close();
    await expectTidy(store, [...first, ...second]);
  });
});
