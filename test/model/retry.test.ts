import { describe, expect, test } from "vitest";
import { agentRun, dialects, findingsOf, type Turn } from "./agent-runs.js";

const of = (spans: Parameters<typeof findingsOf>[1]) => findingsOf("retry", spans);
const broken = { type: "TimeoutError", message: "no answer in 450 ms" };
const asks = { asks: [{ tool: "fetch", args: { url: "https://a.example/prices" } }] };

describe.each(dialects)("recorded by %s", (dialect) => {
  test("a storm of one tool that never worked is a warning with what it took", async () => {
    const turns = [1, 2, 3, 4].flatMap((): Turn[] => [asks, { tool: "fetch", error: broken }]);
    const [finding, ...others] = await of(agentRun(dialect, [...turns, { says: "The prices are not available." }]));
    expect(others).toEqual([]);
    // four attempts of 100 ms and three model calls of 100 ms with 1 ms around each; 120 tokens each
    expect(finding).toMatchObject({
      severity: "warning",
      summary:
        "tool fetch failed 4 times and never succeeded: TimeoutError no answer in 450 ms. The failed attempts and the waiting between them took 706 ms; 3 model calls between them used 360 tok.",
      spans: [3, 5, 7, 9, 4, 6, 8],
      saves: { ms: 706, tokens: 360 },
    });
  });

  test("a model call that was tried again and again, with longer waits, is a warning", async () => {
    const turns: Turn[] = [0, 1_000, 2_000, 4_000].map((wait) => ({
      wait: wait + 1,
      error: { message: "socket hang up" },
    }));
    const [finding] = await of(agentRun(dialect, [...turns, { wait: 8_000, says: "Hello." }]));
    expect(finding).toMatchObject({ severity: "warning", spans: [2, 3, 4, 5, 6], saves: { ms: 15_403 } });
    expect(finding?.summary).toContain("a call to gpt-4o failed 4 times, then succeeded: socket hang up");
  });

  test("a retry that worked is information", async () => {
    const turns: Turn[] = [asks, { tool: "fetch", error: broken }, asks, { tool: "fetch", result: "12 EUR" }];
    expect(await of(agentRun(dialect, [...turns, { says: "12 EUR." }]))).toMatchObject([
      { severity: "info", spans: [3, 5, 4] },
    ]);
  });
});

describe("innocent", () => {
  test("calls that failed for different things are no retries", async () => {
    const turns = ["FW-17", "FW-18", "FW-19", "FW-20"].flatMap((order): Turn[] => [
      { asks: [{ tool: "find_order", args: { order } }] },
      { tool: "find_order", args: { order }, error: { message: `order ${order} is not there` } },
    ]);
    expect(await of(agentRun("otel", [...turns, { says: "None of the four could be found." }]))).toEqual([]);
  });

  test("the same call again after a success is none", async () => {
    const turns = [1, 2, 3].flatMap((): Turn[] => [asks, { tool: "fetch", result: "pending" }]);
    expect(await of(agentRun("vercel", turns))).toEqual([]);
  });

  test("a storm that is small in a long run and worked is information", async () => {
    const turns: Turn[] = [1, 2, 3].flatMap((): Turn[] => [asks, { tool: "fetch", error: broken, ms: 5 }]);
    const good: Turn[] = [asks, { tool: "fetch", result: "12 EUR" }];
    const found = await of(agentRun("otel", [...turns, ...good, { says: "12 EUR.", ms: 60_000 }]));
    expect(found).toMatchObject([{ severity: "info" }]);
  });

  test("what rate limits explain is not told again", async () => {
    const limit = { type: "rate_limit_exceeded", message: "429 Rate limit reached" };
    const turns: Turn[] = [1, 2, 3, 4].map(() => ({ error: limit, wait: 1_000 }));
    expect(await of(agentRun("otel", [...turns, { says: "Hello." }]))).toEqual([]);
  });

  test("work that was done between two attempts is not counted as lost", async () => {
    const other: Turn[] = [{ asks: [{ tool: "find_order" }] }, { tool: "find_order", result: "paid", ms: 9_000 }];
    const turns: Turn[] = [asks, { tool: "fetch", error: broken }, ...other, asks, { tool: "fetch", result: "12 EUR" }];
    expect(await of(agentRun("otel", turns))).toMatchObject([{ severity: "info", saves: { ms: 100 } }]);
  });
});
