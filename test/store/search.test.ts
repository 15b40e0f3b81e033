/** Search finds what was said, before and after it is in the index, and on the engine that has none. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ingest, openIngest } from "../../src/ingest/ingest.js";
import { openReader } from "../../src/store/open.js";
import type { TraceReader } from "../../src/store/reader.js";
import { availableEngines } from "./available-engines.js";
import { chat, message, morning, requestOf, span, spanId } from "./otlp.js";
import { settleAll } from "./store.js";
import { newStorePath } from "./temporary-folder.js";

const tool = (name: string, args: string, result: string) => ({
  "gen_ai.operation.name": "execute_tool",
  "gen_ai.tool.name": name,
  "gen_ai.tool.call.arguments": args,
  "gen_ai.tool.call.result": result,
});

/** Ids of spans 1 … n in which the words stand. */
const spans = [
  span({ trace: 1, id: 1, name: "plan the journey", start: morning }),
  span({
    trace: 1,
    id: 2,
    parent: 1,
    start: morning + 1,
    attributes: chat({
      messages: [message("user", "Which trains leave for Zürich tomorrow?")],
      reply: "The overnight express leaves at nine.",
    }),
  }),
  span({
    trace: 1,
    id: 3,
    parent: 1,
    start: morning + 2,
    name: "execute_tool timetable",
    attributes: tool("timetable", '{"station":"Kraków"}', "platform 7, delayed by ice"),
  }),
  span({ trace: 1, id: 4, parent: 1, start: morning + 3, error: "ECONNREFUSED timetable.example" }),
  span({
    trace: 2,
    id: 5,
    start: morning + 4,
    attributes: chat({
      messages: [
        message("user", "한국어 메시지입니다"),
        message("user", "日本語のガイドを探す"),
        message("user", "Мой поезд ушёл"),
      ],
      more: { "gen_ai.system_instructions": "Answer in pirate speech." },
    }),
  }),
  span({
    trace: 2,
    id: 6,
    parent: 5,
    start: morning + 5,
    attributes: chat({
      messages: [message("assistant", "snake_case_words and kebab-case-words, e-mail: ann@example.org")],
    }),
  }),
];

const questions: [query: string, ids: number[]][] = [
  ["journey", [1]],
  ["JOURNEY Plan", [1]],
  ["overnight", [2]],
  ['"leaves at nine"', [2]],
  ['"nine at leaves"', []],
  ["leave*", [2]],
  ["leav", []],
  ["zurich", [2]],
  ["Zürich", [2]],
  ["krakow", [3]],
  ["platform delayed", [3]],
  ["platform overnight", []],
  ["econnrefused", [4]],
  ["pirate", [5]],
  ["한국어", [5]],
  ["日本語のガイドを探す", [5]],
  ["мой", [5]],
  ["ушёл", [5]],
  ["kebab case", [6]],
  ["ann@example.org", [6]],
  ["snake_case_words", [6]],
  ["nowhere", []],
  ['AND OR NOT "', []],
  ["timetable NEAR(ice)", []],
];

describe.each(availableEngines)("on %s", (engine) => {
  describe.each([
    ["before it is indexed", false],
    ["after it is indexed", true],
  ] as const)("%s", (_, indexed) => {
    let ingest: Ingest;
    let reader: TraceReader;
    beforeAll(async () => {
      const store = { path: newStorePath(), engine };
      ingest = await openIngest(store);
      ingest.traces(requestOf(spans));
      if (indexed) settleAll(ingest);
      reader = await openReader(store.path, { engine });
    });
    afterAll(() => {
      reader?.close();
      ingest?.close();
    });

    const idsOf = async (query: string, more = {}) =>
      (await reader.searchSpans({ query, limit: 20, ...more })).hits.map((hit) => hit.span.span_id).sort();

    test.each(questions)("%s", async (query, ids) => {
      expect(await idsOf(query)).toEqual(ids.map(spanId));
    });

    test("the snippet shows the words where they stand", async () => {
      const hit = async (query: string) => (await reader.searchSpans({ query, limit: 1 })).hits[0];
      expect(await hit("journey")).toMatchObject({ field: "name", snippet: "plan the journey" });
      expect(await hit("overnight")).toMatchObject({
        field: "output",
        snippet: expect.stringContaining("The overnight express"),
      });
      expect(await hit("trains")).toMatchObject({
        field: "input",
        snippet: expect.stringContaining("Which trains leave"),
      });
      expect(await hit("zurich")).toMatchObject({ field: "input", snippet: expect.stringContaining("Zürich") });
      expect(await hit("delayed")).toMatchObject({ field: "output_value" });
      expect(await hit("station")).toMatchObject({ field: "input_value" });
      expect(await hit("econnrefused")).toMatchObject({ field: "error" });
      expect(await hit("pirate")).toMatchObject({ field: "system" });
    });

    test("filters hold, and traces can be listed by their words", async () => {
      expect(await idsOf("timetable")).toEqual([3, 4].map(spanId));
      expect(await idsOf("timetable", { kind: "tool" })).toEqual([spanId(3)]);
      expect(await idsOf("timetable", { status: "error" })).toEqual([spanId(4)]);
      expect(await idsOf("timetable", { since: morning + 3 })).toEqual([spanId(4)]);
      expect(await idsOf("timetable", { service: "nobody" })).toEqual([]);
      const listed = async (text: string) => (await reader.listTraces({ text, limit: 5 })).traces.length;
      expect([await listed("overnight"), await listed("pirate"), await listed("nowhere")]).toEqual([1, 1, 0]);
    });

    test("a text without words is refused", async () => {
      await expect(reader.searchSpans({ query: " ?! ", limit: 5 })).rejects.toMatchObject({ code: "bad_argument" });
    });

    test("a span that comes later is found at once", async () => {
      const late = span({ trace: 3, id: 7, start: morning + 10, name: "afterthought about journey" });
      ingest.traces(requestOf([late]));
      const { hits } = await reader.searchSpans({ query: "journey", limit: 20 });
      expect(hits.map((hit) => hit.span.span_id)).toEqual([spanId(7), spanId(1)]);
    });
  });

  test("a span that ends after it was indexed is found by what it said last, and not twice", async () => {
    const store = { path: newStorePath(), engine };
    const ingest = await openIngest(store);
    const reader = await openReader(store.path, { engine });
    const ids = async (query: string) =>
      (await reader.searchSpans({ query, limit: 9 })).hits.map((hit) => hit.span.span_id);
    ingest.traces(
      requestOf([
        span({ trace: 1, id: 1, ms: null, name: "thinking", attributes: { note: "early" } }),
        span({ trace: 1, id: 2 }),
      ]),
    );
    settleAll(ingest);
    expect(await ids("thinking")).toEqual([spanId(1)]);
    ingest.traces(requestOf([span({ trace: 1, id: 1, name: "decided" })]));
    for (const _ of [1, 2]) {
      expect(await ids("decided")).toEqual([spanId(1)]);
      expect(await ids("thinking")).toEqual([]);
      settleAll(ingest);
    }
    reader.close();
    ingest.close();
  });

  test("pages walk every hit once, newest first", async () => {
    const store = { path: newStorePath(), engine };
    const ingest = await openIngest(store);
    for (let n = 1; n <= 300; n++)
      ingest.traces(
        requestOf([
          span({ trace: 1 + (n % 7), id: n, start: morning + n, name: n % 2 === 0 ? "even step" : "odd step" }),
        ]),
      );
    settleAll(ingest);
    for (let n = 301; n <= 320; n++)
      ingest.traces(requestOf([span({ trace: 50, id: n, start: morning + n, name: "even step, not indexed yet" })]));
    const reader = await openReader(store.path, { engine });
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const { hits, coverage } = await reader.searchSpans({ query: "even", limit: 32, ...(cursor ? { cursor } : {}) });
      found.push(...hits.map((hit) => hit.span.span_id));
      cursor = coverage.next_cursor ?? undefined;
      expect(coverage.matched).toBe(170);
    } while (cursor);
    const wanted = [
      ...Array.from({ length: 20 }, (_, n) => 320 - n),
      ...Array.from({ length: 150 }, (_, n) => 300 - 2 * n),
    ];
    expect(found).toEqual(wanted.map(spanId));
    reader.close();
    ingest.close();
  });

  test("an answer says when spans had to be read through", async () => {
    const store = { path: newStorePath(), engine };
    const ingest = await openIngest(store);
    ingest.traces(requestOf(spans));
    settleAll(ingest);
    const reader = await openReader(store.path, { engine });
    const { coverage } = await reader.searchSpans({ query: "journey", limit: 5 });
    if (engine === "sqljs") expect(coverage.notes.join(" ")).toMatch(/no full-text index/);
    else expect(coverage.notes).toEqual([]);
    reader.close();
    ingest.close();
  });
});
