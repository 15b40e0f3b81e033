/** A trace's totals count each call once, whoever reported it, and its spans know agent and session. */
import { expect, test } from "vitest";
import { type DeriveSpan, deriveTrace } from "../../src/model/derive.js";

function span(span_id: string, parent_span_id: string | null, over: Partial<DeriveSpan> = {}): DeriveSpan {
  return {
    span_id,
    parent_span_id,
    kind: "other",
    start_us: 0,
    duration_us: 1000,
    is_error: false,
    provider: null,
    model: null,
    response_id: null,
    agent: null,
    tool: null,
    session_id: null,
    input_tokens: null,
    output_tokens: null,
    cost_usd: null,
    ...over,
  };
}

const llm = { kind: "llm", model: "gpt-4o", input_tokens: 10, output_tokens: 5 } as const;

/** Ids of spans that are counted, with what they are counted as. */
function counted(spans: DeriveSpan[]): Record<string, string | null> {
  const derived = deriveTrace(spans);
  return Object.fromEntries(
    spans.flatMap(({ span_id }, i) => (derived[i]?.counted ? [[span_id, derived[i].call]] : [])),
  );
}

test("a framework's model call over a provider's is one call, the provider's", () => {
  const spans = [
    span("chain", null, llm),
    span("http", "chain"),
    span("api", "http", { ...llm, model: "gpt-4o-2024-08-06" }),
  ];
  expect(counted(spans)).toEqual({ api: "llm" });
});

test("the outer span is the call where only it knows the tokens", () => {
  const spans = [span("outer", null, llm), span("inner", "outer", { ...llm, input_tokens: null, output_tokens: null })];
  expect(counted(spans)).toEqual({ outer: "llm" });
});

test("retries below one framework call are calls of their own", () => {
  const spans = [
    span("outer", null, llm),
    span("first", "outer", { ...llm, input_tokens: null, output_tokens: null, is_error: true }),
    span("second", "outer", llm),
  ];
  expect(counted(spans)).toEqual({ first: "llm", second: "llm" });
});

test("a call that an agent or tool makes inside a model call's span is another call", () => {
  const spans = [
    span("stream", null, llm),
    span("tool", "stream", { kind: "tool", tool: "ask" }),
    span("inner", "tool", llm),
  ];
  expect(counted(spans)).toEqual({ stream: "llm", tool: "tool", inner: "llm" });
});

test("a call that begins after the span above it has ended is another call", () => {
  expect(counted([span("a", null, llm), span("b", "a", { ...llm, start_us: 5000 })])).toEqual({ a: "llm", b: "llm" });
});

test("another model with another usage inside a call's span is another call", () => {
  const spans = [span("a", null, llm), span("b", "a", { ...llm, model: "gpt-4o-mini", input_tokens: 3 })];
  expect(counted(spans)).toEqual({ a: "llm", b: "llm" });
});

test("a gateway's alias over the real model is one call when the usage agrees", () => {
  expect(counted([span("a", null, { ...llm, model: "fast" }), span("b", "a", llm)])).toEqual({ b: "llm" });
});

test("two spans with one response id are one call, the one that knows the tokens", () => {
  const response = { ...llm, response_id: "resp_1" };
  const spans = [
    span("root", null),
    span("a", "root", { ...response, input_tokens: null, output_tokens: null }),
    span("b", "root", response),
  ];
  expect(counted(spans)).toEqual({ b: "llm" });
});

test("parallel calls of one prompt are not taken for one", () => {
  expect(counted([span("root", null), span("a", "root", llm), span("b", "root", llm)])).toEqual({ a: "llm", b: "llm" });
});

test("embeddings and tools are counted once too", () => {
  const embedding = { kind: "embedding", model: "text-embedding-3-small" } as const;
  const spans = [
    span("many", null, embedding),
    span("one", "many", { ...embedding, input_tokens: 3 }),
    span("tool", null, { kind: "tool", tool: "search" }),
    span("mcp", "tool", { kind: "tool", tool: "search" }),
    span("other", "mcp", { kind: "tool", tool: "fetch" }),
  ];
  expect(counted(spans)).toEqual({ one: "embedding", mcp: "tool", other: "tool" });
});

test("an agent's own usage counts as a call only where no model call below reports any", () => {
  const usage = { input_tokens: 100, output_tokens: 20 };
  expect(counted([span("agent", null, { kind: "agent", ...usage }), span("call", "agent", llm)])).toEqual({
    call: "llm",
  });
  const lone = [span("outer", null, { kind: "agent", ...usage }), span("inner", "outer", { kind: "agent", ...usage })];
  expect(counted(lone)).toEqual({ inner: "llm" });
  const silent = span("call", "agent", { kind: "llm", model: "gpt-4o" });
  expect(counted([span("agent", null, { kind: "agent", ...usage }), silent])).toEqual({ agent: null, call: "llm" });
});

test("agent and session come from the span, then from above, then the session from the trace's only one", () => {
  const spans = [
    span("root", null),
    span("agent", "root", { kind: "agent", agent: "writer", session_id: "s1" }),
    span("call", "agent", llm),
    span("sub", "agent", { kind: "agent", agent: "critic" }),
  ];
  expect(deriveTrace(spans).map(({ agent, session_id }) => [agent, session_id])).toEqual([
    [null, "s1"],
    ["writer", "s1"],
    ["writer", "s1"],
    ["critic", "s1"],
  ]);
  const two = deriveTrace([...spans, span("other", "root", { session_id: "s2" })]);
  expect(two[0]?.session_id).toBe(null);
});

test("cycles, self-parents, repeated ids and missing parents are survived", () => {
  const spans = [
    span("a", "c", { ...llm, session_id: "s" }),
    span("b", "a"),
    span("c", "b", { agent: "x" }),
    span("self", "self", llm),
    span("lost", "nowhere", { ...llm, agent: "y" }),
    span("lost", "lost", llm),
    span("child", "lost", llm),
  ];
  const derived = deriveTrace(spans);
  expect(derived.length).toBe(spans.length);
  expect(derived.every((item) => item !== undefined)).toBe(true);
  expect(derived[6]?.agent).toBe("y");
});

test("a chain of 200,000 spans is derived without running out of stack", () => {
  const spans = Array.from({ length: 200_000 }, (_, i) =>
    span(String(i), i === 0 ? null : String(i - 1), i === 0 ? { agent: "deep" } : {}),
  );
  spans.reverse();
  expect(deriveTrace(spans)[0]?.agent).toBe("deep");
});
