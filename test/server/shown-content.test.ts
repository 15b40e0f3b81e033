/** Recorded text of every kind, asked for by every tool, resource and stream, over every transport: no more of it than `--content` says. */
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { beforeAll, describe, expect, test } from "vitest";
import { openIngest } from "../../src/ingest/ingest.js";
import type { KeyValue, LogsData, OtlpSpan } from "../../src/model/otlp.js";
import { attributesOf, chat, message, morning, nano, requestOf, span, spanId, traceId } from "../store/otlp.js";
import { newStorePath } from "../store/temporary-folder.js";
import { overHttp, overStdio, overWebSocket } from "./clients.js";
import { watchLive } from "./live-client.js";
import { serve } from "./serve.js";

/** Every text begins and ends in a way of its own. */
const long = (place: string) => `open-${place} ${"words and more words ".repeat(20)}close-${place}`;
const places =
  "user reply system tools argument result reasoning attribute list resource event stack status link log image callargument callresult".split(
    " ",
  );
/** What is a name is shown at every level. */
const names = ["planner-span", "planner-agent", "planner-tool", "planner-session", "planner-service"];

function everything(): { spans: OtlpSpan[]; logs: LogsData } {
  const parts = [
    { type: "text", content: long("user") },
    { type: "reasoning", content: long("reasoning") },
    { type: "tool_call", id: "c1", name: "planner-tool", arguments: { deep: [long("callargument")] } },
    { type: "tool_call_response", id: "c1", response: long("callresult") },
    { type: "uri", modality: "image", uri: `https://example.com/${long("image").replaceAll(" ", "")}` },
  ];
  const call = span({
    trace: 1,
    id: 1,
    name: "planner-span",
    attributes: chat({
      messages: [{ role: "user", parts } as never, message("user", "and now?")],
      reply: long("reply"),
      session: "planner-session",
      more: {
        "gen_ai.agent.name": "planner-agent",
        "gen_ai.system_instructions": JSON.stringify([{ type: "text", content: long("system") }]),
        "gen_ai.tool.definitions": JSON.stringify([{ name: "planner-tool", description: long("tools") }]),
        "my.note": long("attribute"),
        "my.list": [long("list")],
      },
    }),
  });
  const tool: OtlpSpan = {
    ...span({
      trace: 1,
      id: 2,
      parent: 1,
      error: long("status"),
      attributes: {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "planner-tool",
        "gen_ai.tool.call.arguments": JSON.stringify({ query: long("argument") }),
        "gen_ai.tool.call.result": long("result"),
        "session.id": "planner-session",
      },
    }),
    events: [
      { name: "note", timeUnixNano: nano(morning), attributes: attributesOf({ note: long("event") }) },
      {
        name: "exception",
        timeUnixNano: nano(morning),
        attributes: attributesOf({ "exception.type": "Error", "exception.stacktrace": long("stack") }),
      },
    ],
    links: [{ traceId: traceId(9), spanId: spanId(9), attributes: attributesOf({ note: long("link") }) }],
  } as OtlpSpan;
  const attributes: KeyValue[] = attributesOf({ "event.name": "gen_ai.user.message" });
  const logs: LogsData = {
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              {
                timeUnixNano: nano(morning),
                traceId: traceId(1),
                spanId: spanId(3),
                attributes,
                body: { kvlistValue: { values: attributesOf({ content: long("log") }) } },
              },
            ],
          },
        ],
      },
    ],
  };
  const late = span({ trace: 1, id: 3, parent: 1, attributes: chat({ session: "planner-session" }) });
  return { spans: [call, tool, late, ...twin(call, tool)], logs };
}

/** The same run an hour later, with other words in all that it says. */
function twin(...spans: OtlpSpan[]): OtlpSpan[] {
  const later = (time: string | number | undefined) => nano(Number(time) / 1e6 + 3_600_000);
  return spans.map((each) => ({
    ...(JSON.parse(JSON.stringify(each).replaceAll("words and more words", "other words and more")) as OtlpSpan),
    traceId: traceId(2),
    startTimeUnixNano: later(each.startTimeUnixNano),
    endTimeUnixNano: later(each.endTimeUnixNano),
    status: {},
  }));
}

const path = newStorePath();
beforeAll(async () => {
  const ingest = await openIngest({ path });
  const { spans, logs } = everything();
  const request = requestOf(spans, "planner-service");
  request.resourceSpans?.[0]?.resource?.attributes?.push(...attributesOf({ "process.note": long("resource") }));
  ingest.traces(request);
  ingest.logs(logs);
  while (ingest.maintain({ all: true }));
  ingest.close();
});

const spanFields = [
  ...["error_message", "error_stack", "system", "tool_definitions", "input_value", "output_value"],
  ...["input_messages", "output_messages", "my.note", "my.list", "gen_ai.input.messages", "gen_ai.tool.call.result"],
];
const ids = [1, 2, 3].map(spanId);
/** Rules that fail, so that what they looked at is told. */
const rules = [
  { rule: "no_errors" },
  { rule: "calls", tool: "*", max: 0, same_arguments: true },
  { rule: "schema", of: "arguments", tool: "*", schema: { properties: { query: { const: 1 } } } },
  { rule: "schema", of: "arguments", tool: "*", schema: { additionalProperties: false } },
  { rule: "schema", of: "result", tool: "*", schema: { const: 1 } },
  { rule: "schema", of: "answer", schema: { const: 1 } },
  { rule: "uses_result", tool: "*", in: "answer" },
  { rule: "limit", of: "duration_ms", max: 0 },
];
const before = { until: new Date(morning + 1_800_000).toISOString() };
const afterwards = { since: before.until };
const questions: [tool: string, args: Record<string, unknown>][] = [
  ["list_traces", {}],
  ["list_traces", { text: "words" }],
  ["get_trace", { trace_id: traceId(1) }],
  ...ids.map((span_id): [string, object] => ["get_span", { trace_id: traceId(1), span_id }]),
  ...ids.flatMap((span_id) =>
    spanFields.map((field): [string, object] => ["get_span", { trace_id: traceId(1), span_id, field, offset: 100 }]),
  ),
  ...places.map((place): [string, object] => ["search_spans", { query: `close-${place}` }]),
  ["search_spans", { query: "words" }],
  ["list_sessions", {}],
  ["get_session", { session_id: "planner-session" }],
  ...["model", "agent", "service", "session", "tool"].map((by): [string, object] => ["get_usage", { group_by: [by] }]),
  ["find_errors", {}],
  ["diagnose_trace", { trace_id: traceId(1) }],
  ["get_agent_graph", {}],
  ["explain_context", { trace_id: traceId(1) }],
  ...[1, 3].map((id): [string, object] => ["explain_context", { trace_id: traceId(1), span_id: spanId(id) }]),
  ["tail_spans", { cursor: "t0", wait_ms: 0 }],
  ["check_trace", { rules }],
  ["compare_traces", { a: traceId(1), b: traceId(2) }],
  ["compare_traces", { group_a: before, group_b: afterwards }],
] as [string, Record<string, unknown>][];
const resources = [
  "agensight://live",
  `agensight://traces/${traceId(1)}`,
  ...ids.map((id) => `agensight://traces/${traceId(1)}/spans/${id}`),
  "agensight://sessions/planner-session",
  "agensight://usage/all",
];

/** Everything that the server says, without the words that were asked with. */
async function everyAnswer(client: Client): Promise<string> {
  const asked = new Set((await client.listTools()).tools.map(({ name }) => name));
  for (const [tool] of questions) asked.delete(tool);
  // a tool that is new here has to be asked too
  expect([...asked]).toEqual([]);
  let said = "";
  for (const [name, args] of questions) {
    for (const format of ["text", "json"]) {
      const limits = name === "get_usage" || "field" in args || name === "get_span" ? {} : { limit: 100 };
      const given = {
        ...args,
        ...([
          "get_trace",
          "get_usage",
          "diagnose_trace",
          "get_agent_graph",
          "explain_context",
          "compare_traces",
        ].includes(name)
          ? {}
          : limits),
        format,
        max_tokens: 20_000,
      };
      const result = await client.callTool({ name, arguments: given });
      const text = (result.content as { text: string }[]).map((block) => block.text).join("\n");
      said += "query" in args ? text.replaceAll(String(args.query), "") : text;
    }
  }
  for (const uri of resources) said += JSON.stringify((await client.readResource({ uri })).contents);
  for (const name of ["planner", "open", "words"])
    said += JSON.stringify(
      await client
        .complete({
          ref: { type: "ref/resource", uri: "agensight://sessions/{sessionId}" },
          argument: { name: "sessionId", value: name },
        })
        .catch(String),
    );
  return said;
}

const found = (said: string, what: "open" | "close") => places.filter((place) => said.includes(`${what}-${place}`));

const levels = {
  none: (said: string) => {
    expect(found(said, "open")).toEqual([]);
    expect(found(said, "close")).toEqual([]);
  },
  preview: (said: string) => {
    expect(found(said, "close")).toEqual([]);
    expect(found(said, "open").length).toBeGreaterThan(places.length - 4);
  },
  full: (said: string) => expect(found(said, "close")).toEqual(places),
};

describe.each(Object.keys(levels) as (keyof typeof levels)[])("with --content %s", (content) => {
  const holds = levels[content];
  const hasNames = (said: string) => expect(names.filter((name) => !said.includes(name))).toEqual([]);

  test("over stdio", async () => {
    const client = await overStdio(["--db", path, "--content", content]);
    const said = await everyAnswer(client);
    await client.close();
    holds(said);
    hasNames(said);
  }, 60_000);

  test("over HTTP, WebSocket and the stream of live events", async () => {
    const { url } = await serve(["--content", content], { path });
    const wsUrl = url.replace("http", "ws");
    for (const client of [await overHttp(url), await overWebSocket(wsUrl)]) {
      const said = await everyAnswer(client);
      await client.close();
      holds(said);
      hasNames(said);
    }
    const live = await watchLive(wsUrl, "?cursor=0");
    const told = JSON.stringify(await live.until((events) => events.length >= 3));
    await live.close();
    expect(found(told, "close")).toEqual([]);
    expect(found(told, "open").length > 0).toBe(content !== "none");
    expect(told).toContain("planner-span");
  }, 60_000);
});

test("who comes from another machine sees how texts begin, unless it was said", async () => {
  const headers = { Authorization: "Bearer planner" };
  const said = async (args: string[]) => {
    const { port } = await serve(["--host", "0.0.0.0", "--token", "planner", ...args], { path });
    const client = await overHttp(`http://127.0.0.1:${port}`, { headers });
    const { content } = await client.callTool({
      name: "get_span",
      arguments: { trace_id: traceId(1), span_id: spanId(1), max_tokens: 20_000 },
    });
    await client.close();
    return JSON.stringify(content);
  };
  const unsaid = await said([]);
  expect(unsaid).toContain("open-reply");
  expect(unsaid).not.toContain("close-reply");
  expect(await said(["--content", "full"])).toContain("close-reply");
}, 60_000);
