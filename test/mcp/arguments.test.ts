import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseTime } from "../../src/mcp/arguments.js";
import { type Connected, connect } from "./client.js";
import { agentRun, fakeReader, traceIdOf } from "./fake-reader.js";

let mcp: Connected;
beforeAll(async () => {
  mcp = await connect({ reader: async () => fakeReader({ traces: [agentRun(3, 1), agentRun(2, 2)] }) });
});
afterAll(() => mcp.close());

async function error(tool: string, args: Record<string, unknown>): Promise<string> {
  const { text, isError } = await mcp.call(tool, args);
  expect(isError).toBe(true);
  return text;
}

describe("bad arguments", () => {
  it("names an unknown one, guesses what was meant and lists the valid ones", async () => {
    expect(await error("list_traces", { sinse: "7d" })).toMatchInlineSnapshot(`
      "Error (bad_argument): unknown argument "sinse" (did you mean "since"?).
      Valid arguments of list_traces: since, until, service, session_id, agent, model, status, text, sort, min_duration_ms, min_cost_usd, limit, cursor, max_tokens, format."
    `);
  });

  it.each([
    [
      "list_traces",
      { sort: "slow" },
      'sort: "slow" is not one of newest, slowest, costliest, most_tokens, most_errors (did you mean "slowest"?)',
    ],
    ["list_traces", { status: "failed" }, 'status: "failed" is not one of ok, error, running, incomplete'],
    ["list_traces", { limit: 500 }, "limit: 500 is too large, at most 200"],
    ["list_traces", { limit: 0 }, "limit: 0 is too small, at least 1"],
    ["list_traces", { limit: "5" }, 'limit: "5" is not a number'],
    ["list_traces", { limit: 2.5 }, "limit: 2.5 is not an integer"],
    ["list_traces", { max_tokens: 50 }, "max_tokens: 50 is too small, at least 200"],
    ["list_traces", { max_tokens: 50_000 }, "max_tokens: 50000 is too large, at most 20000"],
    ["list_traces", { format: "yaml" }, 'format: "yaml" is not one of text, json'],
    [
      "list_traces",
      { since: "yesterday" },
      'since: "yesterday" must be an ISO time (2026-01-31T09:30:00Z) or an age (90m, 24h, 7d)',
    ],
    ["list_traces", { since: "1h", until: "2h" }, "since (1h) is not before until (2h)"],
    ["list_traces", { min_cost_usd: -1 }, "min_cost_usd: -1 is too small, at least 0"],
    ["get_trace", {}, "trace_id is missing"],
    ["get_trace", { trace_id: "abc" }, 'trace_id: "abc" must be a trace id or its first 6 or more digits'],
    ["get_trace", { trace_id: 12345678 }, "trace_id: 12345678 is not a string"],
    ["get_trace", { trace_id: traceIdOf(1), cursor: "x" }, "cursor is not one of get_trace"],
    ["get_span", { span_id: "12345678", offset: 5 }, "offset needs field"],
    ["search_spans", { query: " " }, "must hold at least one word"],
    ["search_spans", { query: "x", kind: "toll" }, 'kind: "toll" is not one of'],
    ["get_session", {}, "session_id is missing"],
    ["get_usage", { group_by: "model" }, 'group_by: "model" is not an array'],
    [
      "get_usage",
      { group_by: ["modle"] },
      '"modle" is not one of model, provider, agent, service, session, tool, kind, hour, day (did you mean "model"?)',
    ],
    ["get_usage", { cursor: "abc" }, "cursor is not one of get_usage"],
  ])("%s %j is told what is valid", async (tool, args, said) => {
    const text = await error(tool, args);
    expect(text).toContain("Error (bad_argument): ");
    expect(text).toContain(said);
  });

  it("tells of several at once", async () => {
    const text = await error("list_traces", { limit: 500, sort: "slow", foo: 1 });
    for (const name of ["limit", "sort", "foo"]) expect(text).toContain(name);
  });

  it("cannot smuggle lines or controls into the answer", async () => {
    const text = await error("list_traces", { "x\n\u001b[31mError": 1 });
    expect(text.split("\n")).toHaveLength(2);
    expect(text).not.toContain("\u001b");
  });

  it("names the tools for an unknown tool", async () => {
    expect(await error("list_trace", {})).toMatchInlineSnapshot(`
      "Error (bad_argument): There is no tool list_trace (did you mean "list_traces"?).
      Tools: list_traces, get_trace, get_span, search_spans, list_sessions, get_session, get_usage, find_errors, get_agent_graph, diagnose_trace, compare_traces, explain_context, tail_spans, check_trace."
    `);
  });

  it("is an error object where JSON was asked", async () => {
    expect(JSON.parse(await error("get_trace", { trace_id: "ffffffff", format: "json" }))).toEqual({
      error: { code: "not_found", message: "No trace ffffffff.", hint: "Use list_traces to see what there is." },
    });
  });

  it("passes on what the store says to do next", async () => {
    expect(await error("get_trace", { trace_id: "ffffffff" })).toBe(
      "Error (not_found): No trace ffffffff.\nUse list_traces to see what there is.",
    );
  });
});

describe("times", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  it.each([
    ["90m", "2026-11-22T10:30:00.000Z"],
    ["24h", "2026-11-21T12:00:00.000Z"],
    ["7d", "2026-11-15T12:00:00.000Z"],
    ["1.5h", "2026-11-22T10:30:00.000Z"],
    ["2026-11-01", "2026-11-01T00:00:00.000Z"],
    ["2026-11-01T10:00", "2026-11-01T10:00:00.000Z"],
    ["2026-11-01 10:00:05.5", "2026-11-01T10:00:05.500Z"],
    ["2026-11-01T10:00:00+02:00", "2026-11-01T08:00:00.000Z"],
  ])("%s is %s", (text, iso) => {
    expect(new Date(parseTime(text, now) ?? 0).toISOString()).toBe(iso);
  });

  it.each([
    "",
    "2026-02-30",
    "2026-02-30T10:00Z",
    "h",
    "-1h",
    "24",
    "tomorrow",
    "2026-13-01",
    "2026-11-01T25:00Z",
    "1761990000000",
  ])("%j is none", (text) => {
    expect(parseTime(text, now)).toBeNull();
  });
});
