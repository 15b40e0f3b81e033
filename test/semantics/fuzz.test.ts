/** Whatever a recorder sends, reading it never throws. Random, but the same each time. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type DeriveSpan, deriveTrace } from "../../src/model/derive.js";
import { spanKinds } from "../../src/model/kind.js";
import type { LogsData, OtlpLogRecord, OtlpSpan, TracesData } from "../../src/model/otlp.js";
import { messageText, readMessages, systemText } from "../../src/model/read-message.js";
import { jsonText } from "../../src/model/read-part.js";
import { isSameModel } from "../../src/model/same-model.js";
import { normaliseLog } from "../../src/semantics/log-events.js";
import { normaliseSpan } from "../../src/semantics/normalise.js";

/** mulberry32 */
function randomOf(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = randomOf(20261122);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

function deep(levels: number): unknown {
  let value: unknown = { stringValue: "bottom" };
  for (let i = 0; i < levels; i++) value = { arrayValue: { values: [value] } };
  return value;
}

const oddities: unknown[] = [
  null,
  undefined,
  0,
  -1,
  NaN,
  "",
  "null",
  "[",
  "[]",
  "{}",
  '[{"role":1}]',
  '[[[["x"]]]]',
  '{"messages":{"length":3}}',
  '[{"role":"user","content":{"parts":7}}]',
  "\ud800",
  "__proto__",
  [],
  {},
  [null],
  { values: 5 },
  { stringValue: 5 },
  { intValue: {} },
  { intValue: "99999999999999999999" },
  { doubleValue: "NaN" },
  { arrayValue: { values: 7 } },
  { arrayValue: null },
  { kvlistValue: { values: [null] } },
  { kvlistValue: { values: [{ key: "__proto__", value: { stringValue: "x" } }] } },
  { bytesValue: "AAAA" },
  deep(10_000),
];

/** Replaces, removes and truncates parts of a recorded value. */
function mutate(value: unknown, chance: number): unknown {
  if (random() < chance) return pick(oddities);
  if (typeof value === "string")
    return random() < chance * 3 ? value.slice(0, Math.floor(random() * value.length)) : value;
  if (Array.isArray(value)) return value.map((item) => mutate(item, chance));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [random() < chance / 4 ? pick(keys) : key, mutate(item, chance)]),
  );
}

const folder = new URL("../fixtures/corpus/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
const requests = files.flatMap((name) =>
  readFileSync(new URL(name, folder), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TracesData & LogsData),
);
const spans = requests.flatMap(({ resourceSpans = [] }) =>
  resourceSpans.flatMap(({ scopeSpans = [] }) =>
    scopeSpans.flatMap(({ scope, spans: list = [] }) => list.map((span) => ({ span, scope }))),
  ),
);
const records = requests.flatMap(({ resourceLogs = [] }) =>
  resourceLogs.flatMap(({ scopeLogs = [] }) => scopeLogs.flatMap(({ logRecords = [] }) => logRecords)),
);
const keys = [
  ...new Set(spans.flatMap(({ span }) => (span.attributes ?? []).map(({ key }) => key))),
  "llm.input_messages.0.message",
  "llm.input_messages.0.message.role.x",
  "llm.input_messages.-1",
  "llm.input_messages.99999999999999999999.message.role",
  "gen_ai.prompt..",
  "gen_ai.prompt.__proto__.role",
];

test("mutated spans of every dialect are read", () => {
  for (let round = 0; round < 3; round++) {
    for (const { span, scope } of spans) {
      const attributes = (span.attributes ?? []).map((item) => (random() < 0.1 ? { ...item, key: pick(keys) } : item));
      const bad = mutate({ ...span, attributes }, 0.02 * (round + 1));
      const facts = normaliseSpan((bad ?? {}) as OtlpSpan, pick([{}, { "session.id": 7 }]), pick([scope, undefined]));
      expect(spanKinds).toContain(facts.kind);
      for (const source of [facts.input, facts.output]) {
        if (source && "messages" in source)
          for (const message of source.messages) expect(typeof messageText(message)).toBe("string");
      }
    }
  }
});

test("every odd value under every known key is read", () => {
  for (const key of keys) {
    for (const odd of oddities) {
      const attributes = [
        { key, value: odd },
        { key: "gen_ai.operation.name", value: { stringValue: pick(["chat", "execute_tool", "invoke_agent"]) } },
      ];
      const facts = normaliseSpan({ traceId: "", spanId: "", attributes } as unknown as OtlpSpan, {}, undefined);
      expect(spanKinds).toContain(facts.kind);
    }
  }
});

test("mutated log records are read", () => {
  for (let round = 0; round < 15; round++) {
    for (const record of records) {
      const messages = normaliseLog((mutate(record, 0.02) ?? {}) as OtlpLogRecord);
      for (const { message } of messages ?? []) expect(typeof messageText(message)).toBe("string");
    }
  }
});

test("mutated message JSON is read", () => {
  const texts = spans
    .flatMap(({ span }) => (span.attributes ?? []).map(({ value }) => value?.stringValue ?? ""))
    .filter((text) => /^[[{]/.test(text));
  expect(readMessages("[".repeat(50_000)).length).toBe(1);
  for (const text of texts) {
    const parsed = jsonText(mutate(JSON.parse(text), 0.05));
    const cut = text.slice(0, Math.floor(random() * text.length));
    for (const json of [parsed, cut]) {
      for (const message of readMessages(json)) expect(typeof messageText(message)).toBe("string");
      expect(typeof systemText(json)).toBe("string");
    }
  }
});

test("random traces, cyclic and with repeated ids, are derived", () => {
  for (let round = 0; round < 500; round++) {
    const size = Math.floor(random() * 30);
    const id = () => String(Math.floor(random() * size * 1.2));
    const trace = Array.from(
      { length: size },
      (): DeriveSpan => ({
        span_id: id(),
        parent_span_id: random() < 0.2 ? null : id(),
        kind: pick(spanKinds),
        start_us: random() * 100,
        duration_us: pick([null, random() * 100]),
        is_error: random() < 0.1,
        provider: null,
        model: pick([null, "gpt-4o", "gpt-4o-2024-08-06", "claude"]),
        response_id: pick([null, null, "r1", "r2"]),
        agent: pick([null, "a"]),
        tool: pick([null, "t"]),
        session_id: pick([null, "s1", "s2"]),
        input_tokens: pick([null, 0, 5]),
        output_tokens: pick([null, 3]),
        cost_usd: null,
      }),
    );
    const derived = deriveTrace(trace);
    expect(derived.length).toBe(size);
    for (const item of derived) expect(item.call === null || item.counted).toBe(true);
  }
});

test("model names of any length are compared", () => {
  const long = "/".repeat(100_000);
  expect(isSameModel(long, `${long}a`)).toBe(false);
  expect(isSameModel("openai/gpt-4o", "gpt-4o-2024-08-06")).toBe(true);
  expect(isSameModel("gpt-4o", "gpt-4o-mini")).toBe(false);
  expect(isSameModel("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5")).toBe(true);
});
