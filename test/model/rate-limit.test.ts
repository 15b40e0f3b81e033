import { describe, expect, test } from "vitest";
import { agentRun, diagnose, dialects, findingsOf, type Problem, type Turn } from "./agent-runs.js";

const of = (spans: Parameters<typeof findingsOf>[1]) => findingsOf("rate_limit", spans);
const limited = { type: "rate_limit_exceeded", message: "Rate limit reached for requests per minute." };

const wordings: Problem[] = [
  limited,
  { type: "RateLimitError", message: '429 {"type":"error","error":{"type":"rate_limit_error"}}' },
  { type: "overloaded_error", message: "Overloaded" },
  { type: "529", message: "error" },
  { message: "Resource has been exhausted (e.g. check quota)." },
  { type: "ThrottlingException", message: "slow down" },
  { type: "Error", message: "Request failed with status code 429" },
  { type: "insufficient_quota", message: "You exceeded your current quota, please check your plan" },
];

describe.each(dialects)("recorded by %s", (dialect) => {
  test("a storm tells how often, of which model and how long the run waited", async () => {
    const turns: Turn[] = [1, 1_000, 2_000, 4_000].map((wait) => ({ wait, error: limited }));
    const [finding, ...others] = await of(agentRun(dialect, [...turns, { wait: 8_000, says: "Hello." }]));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: "warning",
      summary:
        "a call to gpt-4o was turned away 4 times by a rate limit; the run waited 15.4 s for it until the next call succeeded. rate_limit_exceeded Rate limit reached for requests per minute.",
      spans: [2, 3, 4, 5, 6],
      saves: { ms: 15_400 },
    });
  });

  test("a storm that ended the run is critical, and the only finding that tells of it", async () => {
    const turns: Turn[] = [1, 1_000, 2_000].map((wait) => ({ wait, error: limited }));
    const found = (await diagnose(agentRun(dialect, turns, { error: limited }))).filter(
      ({ severity }) => severity !== "info",
    );
    expect(found).toMatchObject([{ kind: "rate_limit", severity: "critical" }]);
    expect(found[0]?.summary).toContain(
      "turned away 3 times by a rate limit over 3.3 s, and ended the run through agent helper",
    );
  });

  test("one that a quick retry got over is information", async () => {
    const turns: Turn[] = [{ error: limited }, { wait: 300, says: "Hello." }];
    expect(await of(agentRun(dialect, turns))).toMatchObject([{ severity: "info", spans: [2, 3] }]);
  });
});

test.each(wordings)("is known by its words: $type $message", async (error) => {
  const turns: Turn[] = [1, 2, 3].map(() => ({ error, wait: 500 }));
  expect(await of(agentRun("otel", [...turns, { says: "Hello." }]))).toMatchObject([{ severity: "warning" }]);
});

test.each([
  { message: "order 429 is not there" },
  { message: "disk quota exceeded" },
  { type: "Error", message: "invalid request: temperature" },
])("is no rate limit: $message", async (error) => {
  const turns: Turn[] = [1, 2, 3].map(() => ({ error, wait: 500 }));
  expect(await of(agentRun("otel", [...turns, { says: "Hello." }]))).toEqual([]);
});

test("calls that wait side by side are counted once in time", async () => {
  const turns: Turn[] = [
    { error: limited, ms: 100 },
    { error: limited, ms: 100, wait: -100 },
    { error: limited, ms: 100, wait: -100 },
    { wait: 900, says: "Hello." },
  ];
  expect(await of(agentRun("otel", turns))).toMatchObject([{ severity: "warning", saves: { ms: 1_000 } }]);
});

test("a tool's service that has enough is named by the tool", async () => {
  const error = { message: "HTTP 429 Too Many Requests" };
  const turns = [1, 2, 3].flatMap((): Turn[] => [{ asks: [{ tool: "web_search" }] }, { tool: "web_search", error }]);
  const found = await of(agentRun("vercel", [...turns, { says: "The search is not available." }]));
  expect(found).toMatchObject([{ severity: "warning" }]);
  expect(found[0]?.summary).toContain("tool web_search was turned away 3 times by a rate limit");
});

describe("told by results alone", () => {
  const asked = { asks: [{ tool: "geocode", args: { city: "Graz" } }] };
  const times = (result: string) => [1, 2, 3, 4].flatMap((): Turn[] => [asked, { tool: "geocode", result }]);

  test.each([
    '{"status":429,"body":"slow down","quota":{"left":0,"per":"minute"}}',
    "429 Too Many Requests",
    "Error: rate limit exceeded",
    '{"ok":false,"mensaje":"Too many requests","zona":"eu"}',
  ])("%s again and again is a rate limit and no loop", async (result) => {
    const found = await diagnose(agentRun("otel", [...times(result), { says: "The map service turned us away." }]));
    expect(found.filter(({ severity }) => severity !== "info")).toMatchObject([{ kind: "rate_limit" }]);
    expect(found[0]?.summary).toContain("tool geocode was turned away 4 times by a rate limit");
  });

  test.each(["The rate limit of this service is 100 requests a minute.", '{"population":429}', "429 inhabitants"])(
    "%s is none",
    async (result) => {
      expect(await of(agentRun("otel", [...times(result), { says: "I see." }]))).toEqual([]);
    },
  );
});
