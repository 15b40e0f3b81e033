/** What is private never reaches the disk, whichever way it comes and wherever it stands. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { type Ingest, type IngestOptions, openIngest } from "../../src/ingest/ingest.js";
import { messageText } from "../../src/model/read-message.js";
import { readRedaction } from "../../src/redaction/options.js";
import { redactionModes } from "../../src/redaction/settings.js";
import { openReader } from "../../src/store/open.js";
import type { SpanDetail, TraceReader } from "../../src/store/reader.js";
import { placesIn, plantedLogs, plantedSettings, plantedTraces, secret } from "../redaction/planted.js";
import { corpusFiles, plantCorpus, readCorpus } from "../redaction/planted-corpus.js";
import { placesOnDisk, textsOnDisk } from "../redaction/raw-bytes.js";
import { engineOfEachFamily } from "../store/available-engines.js";
import { chat, message, requestOf, span, spanId } from "../store/otlp.js";
import { exportAll, settleAll } from "../store/store.js";
import { newStorePath } from "../store/temporary-folder.js";

const trace = "c".repeat(32);
const engine = engineOfEachFamily[0] as (typeof engineOfEachFamily)[number];
const settings = (options: Parameters<typeof readRedaction>[0]) => readRedaction(options).settings;

async function store(options: Partial<IngestOptions>, work: (ingest: Ingest) => void | Promise<void>): Promise<string> {
  const { path = newStorePath() } = options;
  const ingest = await openIngest({ path, engine, ...options });
  try {
    await work(ingest);
  } finally {
    ingest.close();
  }
  return path;
}

async function ask<T>(path: string, question: (reader: TraceReader) => Promise<T>, by = engine): Promise<T> {
  const reader = await openReader(path, { engine: by });
  try {
    return await question(reader);
  } finally {
    reader.close();
  }
}

async function spansOf(reader: TraceReader): Promise<SpanDetail[]> {
  const { changes } = await reader.changes({ after_seq: 0, limit: 1000 });
  return Promise.all(changes.map(({ span }) => reader.getSpan({ span_id: span.span_id, trace_id: span.trace_id })));
}

function write(ingest: Ingest, requests: ReturnType<typeof readCorpus>): void {
  for (const request of requests)
    "resourceLogs" in request ? ingest.logs(request) : ingest.traces(request as Parameters<Ingest["traces"]>[0]);
}

describe.each(engineOfEachFamily)("on %s", (engine) => {
  test.each(redactionModes)(
    "no planted value is on disk while the store is written, nor afterwards, nor can it be found: mode %s",
    async (mode) => {
      const path = newStorePath();
      await store({ path, engine, redaction: plantedSettings(mode) }, async (ingest) => {
        expect(ingest.traces(plantedTraces(trace)).rejected).toEqual([]);
        // another trace, whose conversation goes on in a request of its own
        for (const calls of [1, 2, 3, 4]) ingest.traces(plantedTraces("d".repeat(32), calls));
        expect(ingest.logs(plantedLogs(trace))).toMatchObject({ accepted: 2 });
        expect(await placesOnDisk(dirname(path), path, { engine })).toEqual({});
        settleAll(ingest);
        expect(await placesOnDisk(dirname(path), path, { engine })).toEqual({});
      });
      expect(await placesOnDisk(dirname(path), path, { engine })).toEqual({});
      expect(placesIn(JSON.stringify(await exportAll({ path, engine })))).toEqual([]);
      await ask(
        path,
        async (reader) => {
          expect(placesIn(JSON.stringify(await spansOf(reader)))).toEqual([]);
          const matches = async (query: string) => (await reader.searchSpans({ query, limit: 5 })).coverage.matched;
          for (const query of ["planted100", "planted29@example.com", "ORD-00000027", "00000046"])
            expect(await matches(query), query).toBe(0);
          expect(await matches("about")).toBeGreaterThan(0);
        },
        engine,
      );
    },
  );
});

test("without redaction the same search finds every value: it would tell", async () => {
  const path = newStorePath();
  await store({ path, redaction: null }, async (ingest) => {
    ingest.traces(plantedTraces(trace));
    ingest.logs(plantedLogs(trace));
  });
  const found = Object.values(await placesOnDisk(dirname(path), path, { engine })).flat();
  const planted = placesIn(JSON.stringify([plantedTraces(trace), plantedLogs(trace)]));
  expect(planted.length).toBeGreaterThan(80);
  // of an attribute that came twice only the first is kept
  expect(planted.filter((place) => !found.includes(place) && place !== 80)).toEqual([]);
});

describe.each(corpusFiles)("%s", (file) => {
  test("with private values in all of its texts says the same, and none of them is on disk", async () => {
    const { requests, places } = plantCorpus(readCorpus(file));
    expect(places).toBeGreaterThan(0);
    const facts = async (redaction: IngestOptions["redaction"]) => {
      const path = newStorePath();
      await store({ path, ...(redaction === undefined ? {} : { redaction }) }, (ingest) => write(ingest, requests));
      const onDisk = await placesOnDisk(dirname(path), path, { engine });
      const spans = await ask(path, spansOf);
      return {
        onDisk,
        facts: spans.map(
          ({ span_id, kind, status, request_model, input_tokens, tool, agent, finish_reason, ...more }) => {
            const roles = [...more.input_messages, ...more.output_messages].map(({ role, parts }) => [
              role,
              parts.length,
            ]);
            return { span_id, kind, status, request_model, input_tokens, tool, agent, finish_reason, roles };
          },
        ),
      };
    };
    const plain = await facts(null);
    expect(plain.onDisk).not.toEqual({});
    const redacted = await facts(plantedSettings("mask"));
    expect(redacted.onDisk).toEqual({});
    expect(redacted.facts).toEqual(plain.facts);
  });

  test("leaves no text of a message or a tool on disk without captured content", async () => {
    const requests = readCorpus(file);
    const full = await store({}, (ingest) => write(ingest, requests));
    const spoken = new Set<string>();
    for (const span of await ask(full, spansOf)) {
      for (const message of [...span.input_messages, ...span.output_messages]) spoken.add(messageText(message));
      for (const text of [span.input_value, span.output_value, span.system, span.tool_definitions])
        spoken.add(text ?? "");
    }
    // an error's message is none of a conversation, though a tool may hand it on
    const errors = (await ask(full, spansOf))
      .flatMap(({ error_stack, error_message }) => [error_stack, error_message])
      .join();
    const wanted = [...spoken].filter((text) => text.length >= 24 && !errors.includes(text.slice(0, 24)));
    const path = newStorePath();
    await store({ path, captureContent: false }, (ingest) => write(ingest, requests));
    const onDisk = (await textsOnDisk(dirname(path), path, { engine })).map(([, text]) => text).join("\n");
    const escaped = (text: string) => JSON.stringify(text).slice(1, -1);
    expect(wanted.filter((text) => onDisk.includes(text) || onDisk.includes(escaped(text)))).toEqual([]);
    if (!file.includes("logs")) expect(onDisk).toContain(/* a span's name */ (await ask(full, spansOf))[0]?.name);
  });
});

const call = (id: number, messages: ReturnType<typeof message>[], more = {}) =>
  span({ trace: 1, id, start: Date.UTC(2026, 10, 10) + id, attributes: chat({ messages, ...more }) });

test("what was redacted is counted on the span: all that it shows, the messages that it repeats included", async () => {
  const mail = (n: number) => message("user", `I am planted${n}@example.com`);
  const path = await store({ redaction: settings({ patterns: ["email"] }) }, (ingest) => {
    ingest.traces(requestOf([call(1, [mail(1)])]));
    ingest.traces(
      requestOf([call(2, [mail(1), message("assistant", "hello"), mail(2)], { reply: "or planted3@example.com?" })]),
    );
    ingest.traces(requestOf([call(3, [mail(1), message("assistant", "hello"), mail(2), message("user", "bye")])]));
    ingest.traces(
      requestOf([
        span({ trace: 1, id: 4, name: "planted4@example.com", error: "no planted5@example.com" }),
        span({ trace: 1, id: 5 }),
      ]),
    );
  });
  const spans = await ask(path, spansOf);
  expect(spans.map(({ span_id, redacted }) => [span_id, redacted])).toEqual([
    [spanId(1), { email: 1 }],
    [spanId(2), { email: 3 }],
    [spanId(3), { email: 2 }],
    [spanId(4), { email: 2 }],
    [spanId(5), {}],
  ]);
});

describe("identities", () => {
  const keys = [
    "session.id",
    "gen_ai.conversation.id",
    "traceloop.association.properties.session_id",
    "ai.telemetry.metadata.sessionId",
    "langfuse.session.id",
  ];
  test.each(redactionModes)(
    "sessions named by e-mail addresses stay apart and can be followed: mode %s",
    async (mode) => {
      const path = newStorePath();
      const redaction = settings({ patterns: ["email"], mode });
      for (const [n, who] of ["ann", "bob", "ann"].entries())
        await store({ path, redaction }, (ingest) => {
          const spans = keys.map((key, at) =>
            span({
              trace: 10 * n + at,
              id: 1,
              attributes: { ...chat({}), [key]: `${who}-${at}@example.com`, "user.id": `${who}@example.com` },
            }),
          );
          ingest.traces(requestOf(spans));
        });
      const { sessions } = await ask(path, (reader) => reader.listSessions({ limit: 50 }));
      expect(sessions).toHaveLength(2 * keys.length);
      expect(new Set(sessions.map(({ session_id }) => session_id)).size).toBe(2 * keys.length);
      for (const { session_id } of sessions) expect(session_id).toMatch(/^\[email:[0-9a-f]{10}\]$/);
      const traces = await Promise.all(
        sessions.map(({ session_id }) => ask(path, (reader) => reader.listTraces({ session_id, limit: 10 }))),
      );
      expect(traces.map(({ coverage }) => coverage.matched).sort()).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
      expect(new Set((await ask(path, spansOf)).map(({ user_id }) => user_id)).size).toBe(2);
    },
  );
});

describe("the key of pseudonyms", () => {
  test("lies beside the store for its owner alone, is not in it, and is made when it is first needed", async () => {
    const path = newStorePath();
    const key = `${path}.redaction-key`;
    const redaction = settings({ patterns: ["email"], mode: "pseudonym" });
    await store({ path, redaction }, (ingest) => {
      ingest.traces(requestOf([span({ trace: 1, id: 1, name: "nothing private" })]));
      expect(statSync(key, { throwIfNoEntry: false })).toBeUndefined();
      ingest.traces(requestOf([span({ trace: 1, id: 2, name: "a@example.com" })]));
    });
    const bytes = readFileSync(key);
    expect(bytes).toHaveLength(32);
    if (process.platform !== "win32") expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(readFileSync(path).includes(bytes)).toBe(false);
    expect(readFileSync(path).includes(bytes.toString("hex"))).toBe(false);
  });

  test("is another one for another store, so that marks tell nothing across stores", async () => {
    const names = await Promise.all(
      [1, 2].map(async () => {
        const path = await store({ redaction: settings({ patterns: ["email"], mode: "pseudonym" }) }, (ingest) => {
          ingest.traces(requestOf([span({ trace: 1, id: 1, name: "a@example.com" })]));
        });
        return (await ask(path, spansOf))[0]?.name;
      }),
    );
    expect(names[0]).toMatch(/^\[email:[0-9a-f]{10}\]$/);
    expect(names[0]).not.toBe(names[1]);
  });

  test("that is no key is made anew, so that programs agree again", async () => {
    const path = newStorePath();
    writeFileSync(`${path}.redaction-key`, "cut off");
    const redaction = settings({ patterns: ["email"], mode: "pseudonym" });
    for (const id of [1, 2])
      await store({ path, redaction }, (ingest) => {
        ingest.traces(requestOf([span({ trace: id, id, name: "a@example.com" })]));
      });
    const names = (await ask(path, spansOf)).map(({ name }) => name);
    expect(names[0]).toMatch(/^\[email:[0-9a-f]{10}\]$/);
    expect(names[1]).toBe(names[0]);
    expect(statSync(`${path}.redaction-key`)).toMatchObject({ size: 32, mode: 0o100600 });
  });

  test("that cannot be kept redacts all the same", async () => {
    const path = await store(
      { path: ":memory:", redaction: settings({ patterns: ["email"], mode: "pseudonym" }) },
      (ingest) => {
        expect(ingest.traces(requestOf([span({ trace: 1, id: 1, name: "a@example.com" })]))).toMatchObject({
          accepted: 1,
        });
      },
    ).catch((error) => String(error));
    expect(path).toBe(":memory:");
    expect(statSync(":memory:.redaction-key", { throwIfNoEntry: false })).toBeUndefined();
  });
});

test("what is redacted can change while a store is written, also inside of a conversation that goes on", async () => {
  const first = message("user", secret(1));
  const path = await store({ redaction: settings({}) }, (ingest) => {
    ingest.traces(requestOf([call(1, [first])]));
    ingest.redact(plantedSettings("mask"));
    ingest.traces(requestOf([call(2, [first, message("user", secret(2))])]));
  });
  const [before, after] = await ask(path, spansOf);
  expect(before?.input_messages.map(messageText)).toEqual([
    "ask planted1@example.com with [api_key] about ORD-00000001",
  ]);
  expect(after?.input_messages.map(messageText)).toEqual([
    "ask [email] with [api_key] about [order]",
    "ask [email] with [api_key] about [order]",
  ]);
  expect(after?.redacted).toEqual({ email: 2, api_key: 2, order: 2 });
});

test("numbers are redacted as cards where they are some, and as whole values under a key", async () => {
  const path = await store({ redaction: settings({ patterns: ["credit_card"], keys: ["pin"] }) }, (ingest) => {
    const attributes = {
      card: 4111111111111111,
      pin: 1234,
      "gen_ai.usage.input_tokens": 1234,
      "gen_ai.operation.name": "chat",
    };
    ingest.traces(requestOf([span({ trace: 1, id: 1, attributes })]));
  });
  const [found] = await ask(path, spansOf);
  expect(found?.attributes).toMatchObject({ card: "[credit_card]", pin: "[pin]", "gen_ai.usage.input_tokens": 1234 });
  expect(found).toMatchObject({ input_tokens: 1234, redacted: { credit_card: 1, pin: 1 } });
});

test("ids and times are never taken for a card's digits", async () => {
  const digits = {
    traceId: "4111111111111111".repeat(2),
    spanId: "4111111111111111",
    parentSpanId: "5500005555555559",
  };
  const path = await store({ redaction: plantedSettings("mask") }, (ingest) => {
    ingest.traces(requestOf([{ ...span({ trace: 1, id: 1 }), ...digits, startTimeUnixNano: "4111111111111111" }]));
  });
  const [found] = await ask(path, spansOf);
  expect(found).toMatchObject({
    trace_id: digits.traceId,
    span_id: digits.spanId,
    parent_span_id: digits.parentSpanId,
    redacted: {},
  });
});

test("a conversation is redacted whole where its key says so, or where its own name is private", async () => {
  for (const options of [
    { keys: ["gen_ai.input.messages"] },
    { custom: { own: /gen_ai/, order: /ORD-\d{8}/ }, patterns: ["email"] },
  ]) {
    const path = newStorePath();
    await store({ path, redaction: settings(options) }, (ingest) => {
      for (const calls of [1, 2, 3])
        ingest.traces(requestOf([call(calls, Array(calls).fill(message("user", secret(calls))))]));
    });
    const onDisk = await placesOnDisk(dirname(path), path, { engine });
    expect(onDisk).toEqual({});
    expect((await ask(path, spansOf))[2]?.redacted).toEqual(
      "keys" in options ? { "gen_ai.input.messages": 1 } : expect.objectContaining({ email: 3, order: 3 }),
    );
  }
});
