/** What goes in comes out again, to the last character. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openIngest } from "../../src/ingest/ingest.js";
import type { AnyValue, KeyValue, LogsData, OtlpSpan, TracesData } from "../../src/model/otlp.js";
import { availableEngines, engineOfEachFamily, nativeEngines } from "./available-engines.js";
import { attributesOf, chat, message, morning, nano, requestOf, span, spanId, traceId } from "./otlp.js";
import { runProgram } from "./run-program.js";
import { seeded } from "./seeded.js";
import { exportAll, settleAll, spansById, type Target, withIngest, withReader } from "./store.js";
import { newStorePath, temporaryFolder } from "./temporary-folder.js";

const corpus = fileURLToPath(new URL("../fixtures/corpus", import.meta.url));
const corpusFiles = readdirSync(corpus).filter((name) => name.endsWith(".otlp.jsonl"));
const readLines = (file: string) =>
  readFileSync(join(corpus, file), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

async function roundTrip(target: Target, requests: TracesData[], batch = 1): Promise<(TracesData | LogsData)[]> {
  await withIngest(target, (ingest) => {
    for (let at = 0; at < requests.length; at += batch) {
      const resourceSpans = requests.slice(at, at + batch).flatMap((request) => request.resourceSpans ?? []);
      const { rejected } = ingest.traces({ resourceSpans });
      expect(rejected).toEqual([]);
    }
    settleAll(ingest);
  });
  return exportAll(target);
}

/** Every span that went in is there, character for character, under its resource and scope; and no other. */
function expectSame(found: (TracesData | LogsData)[], expected: TracesData[]): void {
  const there = spansById(found);
  const wanted = spansById(expected);
  expect([...there.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [key, { span, resource, scope }] of wanted) {
    const own = there.get(key);
    if (JSON.stringify(own?.span) !== JSON.stringify(span)) expect(own?.span).toEqual(span);
    expect(JSON.stringify(own?.span)).toBe(JSON.stringify(span));
    expect(own?.resource).toBe(resource);
    expect(own?.scope).toBe(scope);
  }
}

/** Spans whose only interesting attribute is the text of their input messages. */
function calls(inputs: string[], trace = 1, firstId = 1): OtlpSpan[] {
  return inputs.map((input, index) =>
    span({
      trace,
      id: firstId + index,
      start: morning + index * 1000,
      attributes: { ...chat({}), "gen_ai.input.messages": input },
    }),
  );
}

const turn = (n: number) => message(n % 2 === 0 ? "user" : "assistant", `Turn ${n}: ${"some words ".repeat(n % 7)}`);
const conversation = (turns: number) => Array.from({ length: turns }, (_, n) => turn(n));

describe.each(availableEngines)("on %s", (engine) => {
  const target = (): Target => ({ path: newStorePath(), engine });

  test.each(corpusFiles)("export gives %s back as it was imported", async (file) => {
    const requests = readLines(file) as TracesData[];
    expectSame(await roundTrip(target(), requests), requests);
  });

  test("log records with message content come back as they were, before or after their spans", async () => {
    const spans = readLines("otel-openai.otlp.jsonl") as TracesData[];
    const logs = readLines("otel-openai.otlp-logs.jsonl") as LogsData[];
    const records = (data: (TracesData | LogsData)[]) =>
      data.flatMap((request) =>
        (("resourceLogs" in request && request.resourceLogs) || []).flatMap(({ scopeLogs = [] }) =>
          scopeLogs.flatMap(({ logRecords = [] }) => logRecords.map((record) => JSON.stringify(record))),
        ),
      );
    for (const logsFirst of [true, false]) {
      const store = target();
      const kept = await withIngest(store, (ingest) => {
        let accepted = 0;
        const takeLogs = () => {
          for (const request of logs) {
            const result = ingest.logs(request);
            accepted += result.accepted - result.unchanged;
          }
        };
        if (logsFirst) takeLogs();
        for (const request of spans) ingest.traces(request);
        if (!logsFirst) takeLogs();
        return accepted;
      });
      const found = records(await exportAll(store));
      expect(found.length).toBe(kept);
      expect(kept).toBeGreaterThan(0);
      const sent = new Set(records(logs));
      for (const record of found) expect(sent.has(record)).toBe(true);
    }
  });

  test("what was exported, imported elsewhere and exported again is the same", async () => {
    const requests = corpusFiles.flatMap(readLines) as TracesData[];
    const first = (await roundTrip(target(), requests, 50)) as TracesData[];
    expectSame(first, requests);
    const second = await roundTrip(target(), first);
    expect(second).toEqual(first);
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
  });

  test.each([1, 2, 3])("spans with every kind of value and odd field come back (%i)", async (seed) => {
    const random = seeded(seed);
    const requests = Array.from({ length: 30 }, (_, n) => ({
      resourceSpans: [oddResource(random.below(3), oddSpans(n))],
    }));
    function oddSpans(n: number): OtlpSpan[] {
      return Array.from({ length: 5 }, (_, m) => oddSpan(n, m)) as OtlpSpan[];
    }
    function oddSpan(n: number, m: number): object {
      const id = n * 5 + m + 1;
      const fields: Record<string, unknown> = { traceId: traceId(n + 1), spanId: spanId(id) };
      if (random.chance(0.3)) fields.traceId = traceId(n + 1).toUpperCase();
      if (random.chance(0.3)) fields.spanId = spanId(id).toUpperCase();
      const start = BigInt(morning) * 1_000_000n + BigInt(random.below(1e9));
      fields.startTimeUnixNano = random.pick([
        String(start),
        Number(start),
        "0",
        `0${start}`,
        "",
        "never",
        -5,
        null,
        "1",
        "1000",
      ]);
      const end = start + BigInt(random.below(1e9));
      const times = [
        String(end),
        Number(end),
        "0",
        0,
        String(start - 500n),
        "99999999999999999999",
        String(start),
        null,
      ];
      if (random.chance(0.9)) fields.endTimeUnixNano = random.pick<unknown>(times);
      if (random.chance(0.8))
        fields.name = random.pick(["", "step", "a\0b", "line\nbreak", "x".repeat(3000), "Größe 😀", 5, null]);
      if (random.chance(0.5))
        fields.parentSpanId = random.pick([
          "",
          spanId(id - 1),
          spanId(id - 1).toUpperCase(),
          "0000000000000000",
          "short",
          null,
        ]);
      if (random.chance(0.5)) fields.kind = random.pick([0, 1, 5, "SPAN_KIND_CLIENT", -1]);
      if (random.chance(0.5))
        fields.status = random.pick<unknown>([
          {},
          { code: 1 },
          { code: 2, message: "no" },
          { code: "STATUS_CODE_ERROR" },
          { message: "" },
          null,
        ]);
      if (random.chance(0.5))
        fields.events = random.pick<unknown>([
          [],
          [{ name: "e", timeUnixNano: "5", attributes: [] }],
          [{}],
          [{ name: "exception", attributes: attributesOf({ "exception.stacktrace": "at x" }) }],
        ]);
      if (random.chance(0.4))
        fields.links = random.pick<unknown>([[], [{ traceId: traceId(9), spanId: spanId(9), attributes: [] }]]);
      if (random.chance(0.3)) fields.flags = 257;
      if (random.chance(0.3)) fields.traceState = random.pick(["", "a=b"]);
      if (random.chance(0.3)) fields.droppedAttributesCount = random.below(3);
      if (random.chance(0.3))
        fields["vendor.field*"] = random.pick<unknown>([null, "x", { deep: [1, { er: true }] }, []]);
      if (random.chance(0.9)) fields.attributes = random.chance(0.1) ? [] : oddAttributes();
      return Object.fromEntries(random.shuffle(Object.entries(fields)));
    }
    function oddAttributes(): KeyValue[] {
      const values: (AnyValue | undefined)[] = [
        { stringValue: "" },
        { stringValue: "short" },
        { stringValue: "a\0b" },
        { stringValue: `long ${"\u2028 é 😀 ".repeat(40)}` },
        { stringValue: "0" },
        { intValue: "12" },
        { intValue: 12 },
        { intValue: "9223372036854775807" },
        { intValue: "-9223372036854775808" },
        { doubleValue: 0.1 },
        { doubleValue: 1e300 },
        { doubleValue: 5 },
        { doubleValue: "NaN" },
        { doubleValue: "-Infinity" },
        { boolValue: true },
        { boolValue: false },
        { bytesValue: "AAEC/w==" },
        { arrayValue: {} },
        { arrayValue: { values: [] } },
        { arrayValue: { values: [{ stringValue: "x" }, { intValue: "1" }, {}] } },
        { kvlistValue: { values: [{ key: "k", value: { doubleValue: 1.5 } }, { key: "empty" }] } },
        {},
        { stringValue: "two", intValue: "2" } as AnyValue,
      ];
      const keys = ["a", "b", "", "line\nbreak", "gen_ai.request.model", "gen_ai.input.messages", "session.id", "ü"];
      const made: KeyValue[] = Array.from({ length: random.below(12) }, () => ({
        key: random.pick(keys),
        value: random.pick(values) as AnyValue,
      }));
      if (random.chance(0.2)) made.push({ key: "without a value" });
      if (random.chance(0.2)) made.push({ key: "more", value: { intValue: "1" }, extra: 1 } as KeyValue);
      return made;
    }
    function oddResource(n: number, spans: OtlpSpan[]): NonNullable<TracesData["resourceSpans"]>[number] {
      if (n === 0) return { scopeSpans: [{ scope: {}, spans }] };
      if (n === 1)
        return {
          resource: { attributes: [] },
          scopeSpans: [{ scope: { name: "", version: "" }, spans, schemaUrl: "https://x/1" }],
          schemaUrl: "https://x/2",
        };
      return {
        resource: { attributes: attributesOf({ "service.name": "odd", n: 5 }), droppedAttributesCount: 3 },
        scopeSpans: [{ scope: { name: "s", attributes: attributesOf({ a: true }) }, spans }],
      };
    }
    expectSame(await roundTrip(target(), requests, 7), requests);
  });

  test("spans without a scope or resource come back without one", async () => {
    const requests: TracesData[] = [{ resourceSpans: [{ scopeSpans: [{ spans: [span({ trace: 1, id: 1 })] }] }] }];
    expectSame(await roundTrip(target(), requests), requests);
  });

  describe("conversations", () => {
    const forms: Record<string, (messages: unknown[]) => string> = {
      compact: (messages) => JSON.stringify(messages),
      "separated by comma and space": (messages) =>
        `[${messages.map((item) => JSON.stringify(item).replaceAll('":', '": ').replaceAll(',"', ', "')).join(", ")}]`,
      "pretty-printed": (messages) => JSON.stringify(messages, null, 2),
      "with a space before the end": (messages) => `${JSON.stringify(messages).slice(0, -1)} ]`,
      "of plain strings": (messages) => JSON.stringify(messages.map((_, index) => `message ${index}`)),
    };

    test.each(Object.entries(forms))("that grow call by call, %s", async (_, write) => {
      const requests = [requestOf(calls(Array.from({ length: 12 }, (_, n) => write(conversation(n + 1)))))];
      expectSame(await roundTrip(target(), requests), requests);
    });

    test("whose form changes from call to call", async () => {
      const inputs = Object.values(forms).flatMap((write) => [write(conversation(2)), write(conversation(3))]);
      const requests = [requestOf(calls([...inputs, ...inputs]))];
      expectSame(await roundTrip(target(), requests), requests);
    });

    test("that are no proper JSON, or whose beginning only looks the same", async () => {
      const inputs = [
        "[1]",
        "[12]",
        "[1 ]",
        "[1,2]",
        "[1,2",
        "[1,]",
        "[,1]",
        "[1,2]]",
        '["a"]',
        '["ab"]',
        '["a" ,"b"]',
        '["a","b"]',
      ];
      inputs.push(
        "[]",
        "[ ]",
        "[[]]",
        "[{]}]",
        '[{"a":1}{"b":2}]',
        '[{"a":1},{"b":2}]',
        '["\\"]"]',
        '["\\\\"]',
        '["',
        "not json",
      );
      inputs.push(
        '[{"role":"user"}]',
        '[{"role":"user"}\n]',
        '[{"role":"user"} , {"role":"user"}]',
        '[{"role":"user"},null]',
        "[null]",
      );
      const requests = [requestOf(calls([...inputs, ...inputs.slice().reverse()]))];
      expectSame(await roundTrip(target(), requests), requests);
    });

    test("that shrink, fork, start anew and interleave between two agents", async () => {
      const random = seeded(11);
      const histories = [conversation(3), [message("system", "You are the other one."), ...conversation(2)]];
      const inputs: string[] = [];
      for (let n = 0; n < 80; n++) {
        const which = random.below(histories.length);
        const history = histories[which] as unknown[];
        const change = random.below(10);
        if (change === 0)
          histories[which] = history.slice(0, Math.max(1, history.length - 3)) as (typeof histories)[number];
        else if (change === 1)
          histories.push([...history.slice(0, 2), message("user", `fork ${n}`)] as (typeof histories)[number]);
        else if (change === 2)
          histories[which] = [message("system", `summary ${n}`), ...history.slice(-2)] as (typeof histories)[number];
        else histories[which] = [...history, message("user", `said ${n}`)] as (typeof histories)[number];
        inputs.push(JSON.stringify(histories[which]));
      }
      const requests = calls(inputs).map((one) => requestOf([one]));
      expectSame(await roundTrip(target(), requests, 3), requests);
    });

    test("of a hundred turns and more", async () => {
      const requests = calls(Array.from({ length: 150 }, (_, n) => JSON.stringify(conversation(n + 1)))).map((one) =>
        requestOf([one]),
      );
      const store = target();
      expectSame(await roundTrip(store, requests, 10), requests);
      await withReader(store, async (reader) => {
        const last = await reader.getSpan({ span_id: spanId(150) });
        expect(last.input_messages.map(({ parts }) => parts[0])).toEqual(
          conversation(150).map(({ parts }) => parts[0]),
        );
      });
    });

    test("that another program, and later a new process, go on with", async () => {
      const store = target();
      const inputs = Array.from({ length: 9 }, (_, n) => JSON.stringify(conversation(2 * n + 1)));
      const requests = calls(inputs).map((one) => requestOf([one]));
      const file = join(temporaryFolder(), "middle.jsonl");
      writeFileSync(
        file,
        requests
          .slice(3, 6)
          .map((request) => JSON.stringify(request))
          .join("\n"),
      );
      await withIngest(store, (ingest) => requests.slice(0, 3).map((request) => ingest.traces(request)));
      expect(await runProgram("ingest-file", { ...store, file })).toEqual({ accepted: 3 });
      await withIngest(store, (ingest) => requests.slice(6).map((request) => ingest.traces(request)));
      expectSame(await exportAll(store), requests);
    });

    test("of a call that was first seen running and then ended, with what continued it meanwhile", async () => {
      for (const final of [2, 3, 5]) {
        const store = target();
        const write = (turns: number) => JSON.stringify(conversation(turns));
        const [first, next, last] = calls([write(2), write(4), write(6)]) as [OtlpSpan, OtlpSpan, OtlpSpan];
        const { endTimeUnixNano: _, ...running } = first;
        const ended = calls([write(final)])[0] as OtlpSpan;
        await withIngest(store, (ingest) => {
          for (const one of [running, next, ended, last]) ingest.traces(requestOf([one]));
        });
        const wanted = [requestOf([ended, next, last])];
        expectSame(await exportAll(store), wanted);
        await withReader(store, async (reader) => {
          expect((await reader.getSpan({ span_id: spanId(1) })).input_messages).toHaveLength(final);
          expect((await reader.getSpan({ span_id: spanId(2) })).input_messages).toHaveLength(4);
        });
      }
    });

    test("that other dialects spread over many attributes", async () => {
      const flat = (turns: number) =>
        Object.fromEntries(
          conversation(turns).flatMap(({ role, parts }, n) => [
            [`llm.input_messages.${n}.message.role`, role],
            [`llm.input_messages.${n}.message.content`, parts[0]?.content ?? ""],
          ]),
        );
      const shapes = [1, 2, 3, 5, 2, 6].map((turns, index) =>
        span({
          trace: 1,
          id: index + 1,
          start: morning + index,
          attributes: { "openinference.span.kind": "LLM", ...flat(turns) },
        }),
      );
      const { endTimeUnixNano: _, ...running } = shapes[0] as OtlpSpan;
      const store = target();
      await withIngest(store, (ingest) => [running, ...shapes].map((one) => ingest.traces(requestOf([one]))));
      expectSame(await exportAll(store), [requestOf(shapes)]);
      await withReader(store, async (reader) => {
        for (const [index, turns] of [1, 2, 3, 5, 2, 6].entries()) {
          expect((await reader.getSpan({ span_id: spanId(index + 1) })).input_messages).toHaveLength(turns);
        }
      });
    });
  });

  test("nanoseconds come back to the digit", async () => {
    const times = [
      "1794297600123456789",
      "1794297600000000000",
      "1794297600000000001",
      "1",
      "999",
      "1000",
      "9007199254740993",
    ];
    const spans = times.map((time, index) => ({
      ...span({ trace: 1, id: index + 1 }),
      startTimeUnixNano: time,
      endTimeUnixNano: `${BigInt(time) + 1001n}`,
    }));
    expectSame(await roundTrip(target(), [requestOf(spans)]), [requestOf(spans)]);
  });
});

describe.each(engineOfEachFamily)("on %s", (engine) => {
  test("an attribute of 50 MB comes back", async () => {
    const random = seeded(3);
    const word = Array.from({ length: 5000 }, () => random.below(36).toString(36)).join("");
    const big = word.repeat(10_000);
    const requests = [
      requestOf([
        span({ trace: 1, id: 1, attributes: { big, small: "x" } }),
        span({ trace: 1, id: 2, parent: 1, attributes: { big } }),
      ]),
    ];
    const store = { path: newStorePath(), engine };
    const found = spansById(await roundTrip(store, requests));
    for (const id of [1, 2]) {
      const value = found.get(`${traceId(1)} ${spanId(id)}`)?.span.attributes?.find(({ key }) => key === "big")
        ?.value?.stringValue;
      expect(value?.length).toBe(big.length);
      expect(value === big).toBe(true);
    }
  }, 120_000);

  test("times of running, reversed and timeless spans come back as they were", async () => {
    const base = span({ trace: 1, id: 1 });
    const { startTimeUnixNano: _start, endTimeUnixNano: _end, ...timeless } = base;
    const spans: OtlpSpan[] = [
      { ...timeless, spanId: spanId(1) },
      { ...timeless, spanId: spanId(2), startTimeUnixNano: nano(morning) },
      { ...timeless, spanId: spanId(3), endTimeUnixNano: nano(morning) },
      { ...timeless, spanId: spanId(4), startTimeUnixNano: nano(morning), endTimeUnixNano: nano(morning - 5) },
      {
        ...timeless,
        spanId: spanId(5),
        startTimeUnixNano: Number(nano(morning)),
        endTimeUnixNano: Number(nano(morning + 1)),
      },
    ];
    expectSame(await roundTrip({ path: newStorePath(), engine }, [requestOf(spans)]), [requestOf(spans)]);
  });
});

describe.each(nativeEngines)("on %s", (engine) => {
  test("conversations that two programs write in turn", async () => {
    const store = { path: newStorePath(), engine };
    const inputs = Array.from({ length: 20 }, (_, n) => JSON.stringify(conversation(n + 1)));
    const requests = calls(inputs).map((one) => requestOf([one]));
    const [one, two] = [await openIngest(store), await openIngest(store)];
    for (const [index, request] of requests.entries()) (index % 2 === 0 ? one : two).traces(request);
    one.close();
    two.close();
    expectSame(await exportAll(store), requests);
  });
});
