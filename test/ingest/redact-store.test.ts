/** What a store holds is redacted as if it came in only now, and the old values are gone from its files. */
import { copyFileSync, existsSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { countRedactions, redactStore } from "../../src/ingest/redact-store.js";
import type { LogsData, TracesData } from "../../src/model/otlp.js";
import { readRedaction } from "../../src/redaction/options.js";
import type { RedactionSettings } from "../../src/redaction/settings.js";
import type { EngineName } from "../../src/store/engines/engine.js";
import { openForReading, openForWriting } from "../../src/store/open-store.js";
import { redactionKeyFile } from "../../src/store/pseudonyms.js";
import type { TraceReader } from "../../src/store/reader.js";
import { prune } from "../../src/store/retention.js";
import { openSpanWriter } from "../../src/store/writer.js";
import { corpusLines } from "../mcp/store.js";
import { availableEngines, engineOfEachFamily } from "../store/available-engines.js";
import { attributesOf, chat, message, morning, nano, requestOf, span, spanId, traceId } from "../store/otlp.js";
import { whereInFiles } from "../store/raw-bytes.js";
import { exportAll, settleAll, type Target, withIngest, withReader } from "../store/store.js";
import { newStorePath } from "../store/temporary-folder.js";

/** Made up here, in the form of a vendor's keys. */
const key = `sk-proj-${"aB3dE5gH7jK9mN1p".repeat(3)}`;
const alice = "alice.wonder@mail.example";
const bob = "bob.builder@mail.example";
const hidden = "the hidden note";
const secrets = ["aB3dE5gH7jK9mN1p", "alice.wonder", "bob.builder", "hidden note"];

const settings = (mode: "mask" | "pseudonym" | "drop"): RedactionSettings =>
  readRedaction({ patterns: ["email"], keys: ["my.note", "secretNote"], mode }).settings;

/** A secret in every place that a span and a log record have. */
function requests(more: (TracesData | LogsData)[]): (TracesData | LogsData)[] {
  const turns = (count: number) =>
    Array.from({ length: count }, (_, n) =>
      message(n % 2 ? "assistant" : "user", `Turn ${n} of ${alice}: ${"x ".repeat(300)}${key}`),
    );
  const call = (trace: number, id: number, count: number, who = alice) =>
    span({
      trace,
      id,
      start: morning + trace * 60_000 + id * 1000,
      ...(id === trace * 100 ? {} : { parent: trace * 100 }),
      name: `chat of ${who}`,
      attributes: chat({
        model: `model of ${key}`,
        input: 100,
        output: 20,
        messages: turns(count),
        reply: `I wrote to ${who}`,
        session: `session ${who}`,
        more: {
          "gen_ai.agent.name": `agent of ${who}`,
          "gen_ai.system_instructions": JSON.stringify([
            { type: "text", content: `You serve ${alice}. ${"Be kind. ".repeat(100)}` },
          ]),
          "user.id": who,
          "my.note": hidden,
          "my.json": JSON.stringify({ deep: [{ secretNote: hidden, to: who }] }),
          [`about ${alice}`]: "in a key",
        },
      }),
    });
  const tool = {
    ...span({
      trace: 1,
      id: 190,
      parent: 100,
      error: `cannot mail ${alice}`,
      attributes: {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": `mail ${alice}`,
        "gen_ai.tool.call.arguments": JSON.stringify({ to: alice, secretNote: hidden }),
        "gen_ai.tool.call.result": `${key} `.repeat(40),
        list: [alice, "plain"],
      },
    }),
    events: [
      { name: `event ${alice}`, timeUnixNano: nano(morning), attributes: attributesOf({ note: key }) },
      {
        name: "exception",
        timeUnixNano: nano(morning),
        attributes: attributesOf({ "exception.type": "Error", "exception.stacktrace": `at mail (${alice})` }),
      },
    ],
    links: [{ traceId: traceId(9), spanId: spanId(9), attributes: attributesOf({ to: bob }) }],
    traceState: `vendor=${key}`,
  };
  const record = (trace: number, id: number) => ({
    traceId: traceId(trace),
    spanId: spanId(id),
    timeUnixNano: nano(morning),
    attributes: attributesOf({ "event.name": "gen_ai.user.message" }),
    body: { kvlistValue: { values: attributesOf({ content: `mail to ${bob} ${"and so on ".repeat(80)}` }) } },
  });
  const first = requestOf([call(1, 100, 2), call(1, 101, 4), tool as never, call(1, 102, 6)], `shop of ${alice}`);
  first.resourceSpans?.[0]?.resource?.attributes?.push(...attributesOf({ owner: alice }));
  const running = span({
    trace: 4,
    id: 400,
    ms: null,
    name: `running for ${alice}`,
    attributes: chat({ messages: turns(1) }),
  });
  return [
    first,
    requestOf([call(2, 200, 2, bob), call(2, 201, 4, bob)], `shop of ${alice}`),
    requestOf([call(3, 300, 1)], `shop of ${bob}`),
    requestOf([running]),
    { resourceLogs: [{ scopeLogs: [{ scope: { name: "app" }, logRecords: [record(1, 101), record(77, 7701)] }] }] },
    ...more,
  ] as (TracesData | LogsData)[];
}

/** `redaction` null: as older versions wrote. The oldest traces are pruned. */
async function record(
  target: Target,
  redaction: RedactionSettings | null,
  more: (TracesData | LogsData)[],
): Promise<void> {
  await withIngest({ ...target, redaction } as Target, (ingest) => {
    for (const request of requests(more)) {
      if ("resourceLogs" in request) ingest.logs(request as LogsData);
      else ingest.traces(request as TracesData);
    }
    settleAll(ingest);
  });
  const engine = await openForWriting(target.path, { engine: target.engine });
  const writer = openSpanWriter(engine);
  while (prune(writer, { service: null, before_us: (morning + 1.5 * 60_000) * 1000 }));
  engine.close();
}

/** What every reader would be told, but for numbers that count how often something was written. */
async function everything(target: Target): Promise<string[]> {
  const told = await withReader(target, async (reader: TraceReader) => {
    const page = { limit: 200 };
    const { traces } = await reader.listTraces(page);
    const trees = await Promise.all(traces.map(({ trace_id }) => reader.getTrace({ trace_id })));
    const spans = [];
    for (const { span_id, trace_id } of trees.flatMap((tree) => tree.spans))
      spans.push(await reader.getSpan({ span_id, trace_id }));
    const { sessions } = await reader.listSessions(page);
    const talks = [];
    for (const { session_id } of sessions) talks.push(await reader.getSession({ ...page, session_id }));
    const usage = [];
    for (const by of ["model", "provider", "agent", "service", "session", "tool", "kind", "hour", "day"] as const) {
      const { groups, ...rest } = await reader.getUsage({ group_by: [by], limit: 200 });
      usage.push(rest, ...groups.map((group) => ({ by, ...group })));
    }
    const hits = [];
    for (const query of ["mail", "email", "weather", "Turn", "kind"])
      hits.push(await reader.searchSpans({ ...page, query }));
    const { groups: faults, total } = await reader.findErrors({ ...page, now: Date.now() });
    const hashes = await spanHashes(target);
    return {
      faults,
      total: [total],
      hashes,
      traces,
      trees,
      spans,
      sessions,
      talks,
      usage,
      hits,
      services: (await reader.info()).services,
    };
  });
  // a line each: what differs is told by itself
  return Object.entries(told)
    .flatMap(([question, answers]) => answers.map((answer) => `${question} ${JSON.stringify(answer, rounded)}`))
    .sort();
}

/** What was computed from texts: nothing of the old ones may be left in it. */
async function spanHashes({ path, engine: name }: Target) {
  const opened = await openForReading(path, { engine: name });
  try {
    return opened.all("SELECT hex(span_id) AS span, error_key, failure, prompt FROM span");
  } finally {
    opened.close();
  }
}

/** Sums of USD are not the same to the last bit when they were added in another order. */
function rounded(name: string, value: unknown): unknown {
  return name === "cost_usd" && typeof value === "number" ? Number(value.toFixed(6)) : value;
}

let engine: EngineName;
let old: Target;
let fresh: Target;
async function recordBoth(
  name: EngineName,
  redaction: RedactionSettings,
  more: (TracesData | LogsData)[] = [],
): Promise<void> {
  engine = name;
  old = { path: newStorePath(), engine };
  fresh = { path: newStorePath(), engine };
  await record(fresh, redaction, more);
  const keyFile = redactionKeyFile(fresh.path) as string;
  if (existsSync(keyFile)) copyFileSync(keyFile, redactionKeyFile(old.path) as string);
  await record(old, null, more);
}

describe.each(availableEngines)("on %s", (name) => {
  test("it answers every question as if it had been redacted on its way in", async () => {
    await recordBoth(
      name,
      settings("mask"),
      corpusLines().filter((_, n) => n % 6 === 0),
    );
    const before = await withReader(old, (reader) => reader.info());
    await redactStore(old.path, settings("mask"), { engine });
    expect(await everything(old)).toEqual(await everything(fresh));
    expect(JSON.stringify(await exportAll(old))).toBe(JSON.stringify(await exportAll(fresh)));
    const after = await withReader(old, (reader) => reader.info());
    const same = [
      "store_id",
      "traces",
      "spans",
      "running_spans",
      "pruned_traces",
      "dropped_spans",
      "unsettled_traces",
    ] as const;
    for (const what of same) expect([what, after[what]]).toEqual([what, before[what]]);
    expect(after.unindexed_spans).toBe(0);
  }, 60_000);

  test("the old values are in none of its bytes", async () => {
    await recordBoth(name, settings("pseudonym"));
    expect((await whereInFiles(old.path, name, secrets)).length).toBeGreaterThan(6);
    await redactStore(old.path, settings("pseudonym"), { engine });
    expect(await whereInFiles(old.path, name, secrets)).toEqual([]);
    expect(await everything(old)).toEqual(await everything(fresh));
  }, 60_000);
});

describe.each(engineOfEachFamily)("of the family of %s", (name) => {
  beforeEach(() => recordBoth(name, settings("drop")), 60_000);

  test("what would be redacted is counted without a change, and as it is redacted then", async () => {
    const before = JSON.stringify(await exportAll(old));
    const counted = await countRedactions(old.path, settings("mask"), { engine });
    expect(JSON.stringify(await exportAll(old))).toBe(before);
    expect(counted.values).toMatchObject({ api_key: expect.any(Number), email: expect.any(Number) });
    expect(await redactStore(old.path, settings("mask"), { engine })).toEqual(counted);
  }, 60_000);

  test("a second time it finds nothing and changes nothing", async () => {
    const first = await redactStore(old.path, settings("drop"), { engine });
    const once = await everything(old);
    const second = await redactStore(old.path, settings("drop"), { engine });
    expect(second).toEqual({ spans: first.spans, redacted_spans: 0, values: {} });
    expect(await everything(old)).toEqual(once);
  }, 60_000);

  test("what is recorded afterwards continues what was", async () => {
    await redactStore(old.path, settings("drop"), { engine });
    const later = requestOf([
      span({ trace: 2, id: 250, parent: 200, start: morning + 400_000, attributes: chat({ input: 5, output: 5 }) }),
    ]);
    for (const target of [old, fresh])
      await withIngest({ ...target, redaction: settings("drop") } as Target, (ingest) => {
        ingest.traces(later);
        settleAll(ingest);
      });
    expect(await everything(old)).toEqual(await everything(fresh));
  }, 60_000);

  test.skipIf(name === "sqljs")(
    "a trace that takes several steps keeps its conversation, sums and settled state",
    async () => {
      const turns = Array.from({ length: 700 }, (_, n) => message("user", `turn ${n} of ${alice}`));
      const long = Array.from({ length: 700 }, (_, n) =>
        span({
          trace: 5,
          id: 50_000 + n,
          ...(n === 0 ? {} : { parent: 50_000 }),
          start: morning + 300_000 + n,
          attributes: chat({
            input: 3,
            output: 1,
            messages: turns.slice(Math.max(0, n - 3) && n - (n % 40), n + 1),
            session: `session ${n < 600 ? alice : bob}`,
            more: { "gen_ai.agent.name": `agent of ${alice}` },
          }),
        }),
      );
      await recordBoth(name, settings("mask"), [requestOf(long.slice(0, 300)), requestOf(long.slice(300))]);
      const found = await redactStore(old.path, settings("mask"), { engine });
      expect(found.redacted_spans).toBeGreaterThan(699);
      expect(await everything(old)).toEqual(await everything(fresh));
      expect(JSON.stringify(await exportAll(old))).toBe(JSON.stringify(await exportAll(fresh)));
      expect(await whereInFiles(old.path, name, secrets)).toEqual([]);
    },
    60_000,
  );
});
