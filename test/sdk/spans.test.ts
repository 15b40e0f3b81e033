import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { infoOf, parents, run, spansIn, workspace } from "./program.js";

let space: ReturnType<typeof workspace>;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

test("Spans nest across awaits, parallel promises, timers and microtasks, and carry their kind", async () => {
  const { code, stdout } = await run("nesting.mjs", { db: space.db });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });

  const spans = await spansIn(space.db);
  expect(parents(spans)).toEqual({
    planner: null,
    search: "planner",
    "inside search": "search",
    answer: "planner",
    handbook: "planner",
    "in a microtask": "planner",
    "a second trace": null,
  });
  expect(new Set(spans.map((span) => span.trace_id)).size).toBe(2);
  const kinds = Object.fromEntries(spans.map((span) => [span.name, span.kind]));
  expect(kinds).toMatchObject({
    planner: "agent",
    search: "tool",
    answer: "llm",
    handbook: "retriever",
    "inside search": "other",
  });

  const named = (name: string) => spans.find((span) => span.name === name);
  expect(named("planner")).toMatchObject({ service: "nesting", agent: "planner", status: "ok" });
  expect(named("search")).toMatchObject({ tool: "search", input_value: '{"city":"Oslo"}', output_value: "rain" });
  expect(named("search")?.attributes.hits).toBe(3);
  expect(named("answer")).toMatchObject({
    model: "gpt-4o-mini",
    provider: "openai",
    input_tokens: 12,
    output_tokens: 5,
  });
  expect(named("answer")?.duration_ms).toBeGreaterThan(0);
});

const results = {
  sync: 7,
  async: 8,
  isPromise: true,
  undefinedAttributes: 9,
  sameSync: true,
  sameAsync: true,
  sameOdd: true,
  sameNothing: true,
  lazy: "rows",
  lazyRuns: 1,
  steps: [
    { value: "a", done: false },
    { value: "b", done: false },
    { value: "end", done: true },
  ],
  seen: ["one", "two"],
  asyncChunks: [1, 2],
  brokenFirst: 1,
  brokenSame: true,
  code: "ENOENT",
  attributes: 1,
  cyclic: 2,
};

test("Before setupTracing the functions run all the same and nothing is recorded", async () => {
  const { messages, code, stdout } = await run("results.mjs", { db: space.db, args: ["unrecorded"] });
  expect({ code, stdout, messages }).toEqual({ code: 0, stdout: "", messages: [results] });
  expect(await spansIn(space.db)).toEqual([]);
});

test("Results, promises, generators and errors come out of a span as the function gave them", async () => {
  const { messages, code, stdout } = await run("results.mjs", { db: space.db, args: ["recorded"] });
  expect({ code, stdout, messages }).toEqual({ code: 0, stdout: "", messages: [results] });
});

test("An error ends its span with type, message and stack", async () => {
  await run("results.mjs", { db: space.db, args: ["recorded"] });
  const spans = await spansIn(space.db);
  const named = (name: string) => spans.find((span) => span.name === name);

  for (const name of ["throws", "rejects", "broken stream"]) {
    expect(named(name)).toMatchObject({ status: "error", error_type: "Refused", error_message: "no such city" });
    expect(named(name)?.error_stack).toMatch(/^Error: no such city\n +at .*results\.mjs/);
    expect(named(name)?.events).toHaveLength(1);
  }
  expect(named("system error")).toMatchObject({ error_type: "ENOENT" });
  expect(named("throws an object")).toMatchObject({
    status: "error",
    error_type: "_OTHER",
    error_message: '{"reason":"odd"}',
  });
  expect(named("throws undefined")).toMatchObject({ status: "error", error_type: "_OTHER" });
  expect(named("sync")).toMatchObject({ status: "ok", error_type: null, events: [] });
});

test("A generator's span lasts until it is done and is the parent of what happens inside", async () => {
  await run("results.mjs", { db: space.db, args: ["recorded"] });
  const spans = await spansIn(space.db);
  expect(parents(spans)).toMatchObject({ stream: null, "chunk a": "stream", "chunk b": "stream", "left early": null });
  expect(spans.find((span) => span.name === "stream")?.attributes.chunks).toBe(2);
});

test("Attributes that OpenTelemetry has no type for are kept as JSON, unusable ones do not cost the span", async () => {
  await run("results.mjs", { db: space.db, args: ["recorded"] });
  const spans = await spansIn(space.db);
  expect(spans.find((span) => span.name === "attributes")?.attributes).toEqual({
    list: ["a", "b"],
    mixed: '[1,"a"]',
    object: '{"a":1}',
    big: "5",
  });
  expect(spans.find((span) => span.name === "cyclic")?.attributes).toEqual({ self: "[object Object]" });
});

describe("Odd spans", () => {
  test("Hundreds of attributes, large texts and remote parents are kept; what is not sampled is not", async () => {
    await run("wide.mjs", { db: space.db });
    const spans = await spansIn(space.db);
    const named = (name: string) => spans.find((span) => span.name === name);
    expect(Object.keys(named("many attributes")?.attributes ?? {})).toHaveLength(500);
    expect(String(named("large")?.attributes.text)).toHaveLength(5_000_000);
    expect(named("numbers")?.attributes).toEqual({ whole: 3, half: 0.5, huge: 2 ** 60, negative: -1, not: Number.NaN });
    expect(named("remote child")).toMatchObject({
      trace_id: "0af7651916cd43dd8448eb211c80319c",
      parent_span_id: "b7ad6b7169203331",
    });
    expect(named("unsampled")).toBeUndefined();
    expect((await infoOf(space.db)).dropped_spans).toBe(0);
  });

  test("With captureContent false arguments stay out of the file", async () => {
    await run("wide.mjs", { db: space.db, args: ["no content"] });
    const secretive = (await spansIn(space.db)).find((span) => span.name === "secretive");
    expect(secretive).toMatchObject({ tool: "secretive", input_value: null });
    expect(JSON.stringify(secretive)).not.toContain("the password");
  });
});
