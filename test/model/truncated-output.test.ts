import { describe, expect, test } from "vitest";
import { span } from "../store/otlp.js";
import { agentRun, dialects, findingsOf, type Turn } from "./agent-runs.js";

const of = (spans: Parameters<typeof findingsOf>[1]) => findingsOf("truncated_output", spans);
const search: Turn[] = [{ asks: [{ tool: "search" }] }, { tool: "search", result: "a page" }];

describe.each(dialects)("recorded by %s", (dialect) => {
  test.each(["length", "max_tokens", "MAX_TOKENS", "max_output_tokens"])(
    "a last answer that ended at %s is a warning",
    async (finish) => {
      const found = await of(agentRun(dialect, [...search, { says: "The first of the three rea", finish }]));
      expect(found).toMatchObject([
        {
          severity: "warning",
          summary: "a call to gpt-4o was cut off at its limit of tokens after 20 tokens: it is the run's last answer.",
          spans: [4],
        },
      ]);
    },
  );

  test.each(["content_filter", "refusal", "SAFETY", "content-filter"])(
    "so is one that was withheld: %s",
    async (finish) => {
      const found = await of(agentRun(dialect, [...search, { says: "I can't help with that.", finish }]));
      expect(found).toMatchObject([{ severity: "warning", spans: [4] }]);
      expect(found[0]?.summary).toContain("withheld or refused");
    },
  );

  test("an answer in the middle that the run went on from is information", async () => {
    const turns: Turn[] = [{ says: "First", finish: "length" }, { says: "First, second and third." }];
    expect(await of(agentRun(dialect, turns))).toMatchObject([{ severity: "info", spans: [2] }]);
  });

  test("answers that ended of themselves, or with a call of a tool, are none", async () => {
    expect(await of(agentRun(dialect, [...search, { says: "Done." }]))).toEqual([]);
  });
});

test("a call of a tool that was cut off is a warning wherever it is", async () => {
  const cut = {
    "gen_ai.output.messages": JSON.stringify([
      {
        role: "assistant",
        parts: [{ type: "tool_call", id: "c1", name: "write_file", arguments: '{"path":"a.ts","text":"expo' }],
      },
    ]),
  };
  const turns: Turn[] = [{ finish: "length", more: cut }, { says: "Done." }];
  const found = await of(agentRun("otel", turns));
  expect(found).toMatchObject([{ severity: "warning", spans: [2] }]);
  expect(found[0]?.summary).toContain("in the middle of its call of tool write_file");
});

test("the limit that was asked for is told", async () => {
  const turns: Turn[] = [{ says: "The first", finish: "length", more: { "gen_ai.request.max_tokens": 20 } }];
  expect((await of(agentRun("otel", turns)))[0]?.summary).toContain("after 20 tokens (asked for at most 20)");
});

test("who asked for one word got what was wanted", async () => {
  const more = { "gen_ai.request.max_tokens": 1, "gen_ai.usage.output_tokens": 1 };
  expect(await of(agentRun("otel", [{ says: "yes", finish: "length", more }]))).toMatchObject([{ severity: "info" }]);
});

test("the last answer of an agent within a run is a warning of that agent", async () => {
  const spans = agentRun("otel", [
    { says: "A summary that bre", finish: "length", parent: 30 },
    { says: "All is well." },
  ]);
  const attributes = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "summariser" };
  spans.push(span({ trace: 1, id: 30, parent: 1, ms: 110, attributes }));
  const found = await of(spans);
  expect(found).toMatchObject([{ severity: "warning", spans: [2] }]);
  expect(found[0]?.summary).toContain("the last answer of agent summariser");
});
