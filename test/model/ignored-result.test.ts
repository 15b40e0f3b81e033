import { describe, expect, test } from "vitest";
import { agentRun, dialects, findingsOf, type Turn } from "./agent-runs.js";

const of = (spans: Parameters<typeof findingsOf>[1]) => findingsOf("ignored_result", spans);
const asks: Turn = { asks: [{ tool: "find_order", args: { order: "FW-17" } }] };
const result = '{"order":"FW-17","paid_eur":176,"state":"shipped on Monday"}';

describe.each(dialects)("recorded by %s", (dialect) => {
  test("a result that no later call was sent is a warning", async () => {
    const turns: Turn[] = [asks, { tool: "find_order", result, isForgotten: true }, { says: "It is on its way." }];
    const found = await of(agentRun(dialect, turns));
    expect(found).toMatchObject([
      {
        severity: "warning",
        summary:
          "A model asked for tool find_order and never got the result: no later call was sent it. It took 100 ms.",
        spans: [3, 4, 2],
      },
    ]);
  });

  test("so is one of two, when only the other was told", async () => {
    const turns: Turn[] = [
      { asks: [{ tool: "find_order" }, { tool: "get_weather" }] },
      { tool: "find_order", result },
      { tool: "get_weather", result: "light showers on Sunday", isForgotten: true },
      { says: "It is on its way." },
    ];
    const found = await of(agentRun(dialect, turns));
    expect(found).toMatchObject([{ severity: "warning", spans: [4, 5, 2] }]);
    expect(found[0]?.summary).toContain("get_weather");
  });

  test("an answer that was not waited for is a warning", async () => {
    const turns: Turn[] = [
      asks,
      { tool: "find_order", result, isForgotten: true, ms: 5_000 },
      { says: "It is on its way.", wait: -4_000 },
    ];
    const found = await of(agentRun(dialect, turns));
    expect(found).toMatchObject([{ severity: "warning", spans: [3, 4, 2] }]);
    expect(found[0]?.summary).toContain("did not wait for it");
  });

  test("a result that the next call was sent is none", async () => {
    expect(await of(agentRun(dialect, [asks, { tool: "find_order", result }, { says: "It is on its way." }]))).toEqual(
      [],
    );
  });

  test("a tool that a program called of itself is none", async () => {
    expect(await of(agentRun(dialect, [{ tool: "find_order", result }, { says: "Hello." }]))).toEqual([]);
  });

  test("a tool that ends the run is none", async () => {
    expect(await of(agentRun(dialect, [asks, { tool: "find_order", result }]))).toEqual([]);
  });

  test("hand-overs have no result", async () => {
    const turns: Turn[] = [
      { asks: [{ tool: "transfer_to_writer" }] },
      { tool: "transfer_to_writer", result: "handed over to the writer", isForgotten: true },
      { says: "Hello." },
    ];
    expect(await of(agentRun(dialect, turns))).toEqual([]);
  });
});

test("a result that came to a model as plain text is none", async () => {
  const turns: Turn[] = [
    asks,
    { tool: "find_order", result, isForgotten: true },
    {
      says: "It is on its way.",
      more: {
        "gen_ai.input.messages": JSON.stringify([
          { role: "user", parts: [{ type: "text", content: "What about order 17?" }] },
          { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "find_order", arguments: {} }] },
          { role: "user", parts: [{ type: "text", content: `Observation: ${result}` }] },
        ]),
      },
    },
  ];
  expect(await of(agentRun("otel", turns))).toEqual([]);
});

test("nothing is said where messages were not recorded", async () => {
  const more = { "gen_ai.input.messages": "[]" };
  const turns: Turn[] = [asks, { tool: "find_order", result, isForgotten: true }, { says: "It is on its way.", more }];
  expect(await of(agentRun("otel", turns))).toEqual([]);
});
