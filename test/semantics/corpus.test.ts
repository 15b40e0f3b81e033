/** What other people's instrumentations wrote is understood as a careful reader would understand it. */
import { describe, expect, test } from "vitest";
import { corpusExpectations } from "../fixtures/corpus-expectations.js";
import { type CorpusSpan, messagesOf, printed, readLogMessages, readSpans } from "./read-corpus.js";

function distinct(values: (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value !== null))].sort();
}

function sum(spans: CorpusSpan[], fact: "input_tokens" | "cached_tokens" | "cache_write_tokens" | "output_tokens") {
  return spans.filter(({ derived }) => derived.counted).reduce((total, { facts }) => total + (facts[fact] ?? 0), 0);
}

function countBy(values: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

describe.each(corpusExpectations)("$file", (expected) => {
  const spans = readSpans(expected.file);

  test("has the traces, spans and kinds that were recorded", () => {
    expect(new Set(spans.map(({ span }) => span.traceId)).size).toBe(expected.traces);
    expect(spans.length).toBe(expected.spans);
    expect(countBy(spans.map(({ facts }) => facts.kind))).toEqual(expected.kinds);
  });

  test("counts each call and its tokens once, under its model", () => {
    const calls = countBy(spans.map(({ derived }) => derived.call ?? "none"));
    expect({ llm: calls.llm ?? 0, embedding: calls.embedding ?? 0, tool: calls.tool ?? 0 }).toEqual({
      llm: expected.llm_calls,
      embedding: expected.embedding_calls,
      tool: expected.tool_calls,
    });
    const modelCalls = spans.filter(({ derived }) => derived.call === "llm" || derived.call === "embedding");
    const models = countBy(modelCalls.map(({ facts }) => facts.response_model ?? facts.request_model ?? ""));
    expect(models).toEqual(expected.models);
    expect({
      input: sum(spans, "input_tokens"),
      cached: sum(spans, "cached_tokens"),
      written: sum(spans, "cache_write_tokens"),
      output: sum(spans, "output_tokens"),
    }).toEqual({
      input: expected.input_tokens,
      cached: expected.cached_tokens,
      written: expected.cache_write_tokens,
      output: expected.output_tokens,
    });
  });

  test("names providers, agents, tools, sessions and users", () => {
    expect(distinct(spans.map(({ facts }) => facts.provider))).toEqual(expected.providers);
    expect(distinct(spans.map(({ derived }) => derived.agent))).toEqual(expected.agents);
    expect(distinct(spans.map(({ facts }) => facts.tool))).toEqual(expected.tools);
    expect(distinct(spans.map(({ derived }) => derived.session_id))).toEqual(expected.sessions);
    expect(distinct(spans.map(({ facts }) => facts.user_id))).toEqual(expected.users);
  });

  test("tells what failed and why", () => {
    const failed = spans.filter(({ span }) => span.status?.code === 2);
    expect(failed.length).toBe(expected.error_spans);
    for (const [spanId, type, message] of expected.errors) {
      const facts = failed.find(({ span }) => span.spanId === spanId)?.facts;
      expect(facts?.error_type).toBe(type);
      expect(facts?.error_message?.slice(0, message?.length) ?? null).toBe(message);
    }
    for (const { span, facts } of spans) {
      if (span.status?.code !== 2)
        expect([facts.error_type, facts.error_message, facts.error_stack]).toEqual([null, null, null]);
    }
  });

  test("has the words of a conversation", () => {
    const { span_id, input, output } = expected.conversation;
    const item = spans.find(({ span }) => span.spanId === span_id) as CorpusSpan;
    const said =
      expected.file === "otel-openai"
        ? readLogMessages("otel-openai").get(span_id)
        : { input: messagesOf(item.span, item.facts.input), output: messagesOf(item.span, item.facts.output) };
    expect(printed(said?.input ?? [])).toEqual(input);
    expect(printed(said?.output ?? [])).toEqual(output);
  });
});
