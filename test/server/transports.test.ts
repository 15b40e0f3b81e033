/** The same conversation over stdio, WebSocket, HTTP and the bridge from stdio to WebSocket, by the official client: the answers are the same. */
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { EmptyResultSchema, ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { corpusLines, storeOf, type TestStore } from "../mcp/store.js";
import { requestOf, span } from "../store/otlp.js";
import { overHttp, overStdio, overWebSocket } from "./clients.js";
import { startTestServer, type TestServer } from "./start.js";

let store: TestStore;
let server: TestServer;
let made = 0;
beforeAll(async () => {
  store = await storeOf(corpusLines());
  server = await startTestServer({ path: store.path });
});
afterAll(async () => {
  await server.close();
  store.remove();
});

const transports: [name: string, connect: () => Promise<Client>][] = [
  ["stdio", () => overStdio(["--db", store.path])],
  ["WebSocket", () => overWebSocket(server.wsUrl)],
  ["HTTP", () => overHttp(server.url)],
  ["the bridge", () => overStdio(["--connect", server.url])],
];

const failure = (error: { code?: unknown; message?: string }) => ({ code: error.code, message: error.message });

/** What a client may ask, and what it was told. */
async function conversation(client: Client): Promise<Record<string, unknown>> {
  const call = async (name: string, args: Record<string, unknown> = {}) => client.callTool({ name, arguments: args });
  const text = (result: unknown) => (result as { content: { text: string }[] }).content[0]?.text ?? "";
  const listed = await call("list_traces", { limit: 5 });
  const [id = ""] = /^[0-9a-f]{32}/.exec(text(listed)) ?? [];
  const uri = `agensight://traces/${id}`;
  const cancelled = new AbortController();
  const given = client
    .callTool({ name: "get_usage", arguments: {} }, undefined, { signal: cancelled.signal })
    .catch((error) => String(error.message ?? error));
  cancelled.abort("no longer wanted");
  return {
    "the server": client.getServerVersion()?.name,
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
    "tools/list": await client.listTools(),
    list_traces: listed,
    get_trace: await call("get_trace", { trace_id: id }),
    "get_trace as JSON": await call("get_trace", { trace_id: id, format: "json" }),
    get_usage: await call("get_usage", { group_by: ["model"] }),
    search_spans: await call("search_spans", { query: "weather" }),
    "a wrong argument": await call("list_traces", { colour: "red" }),
    "an unknown tool": await call("paint_trace"),
    "a trace that is not there": await call("get_trace", { trace_id: "f".repeat(32) }),
    "resources/list": await client.listResources(),
    "resources/templates/list": await client.listResourceTemplates(),
    "resources/read": await client.readResource({ uri }),
    "a resource that is not there": await client.readResource({ uri: "agensight://nowhere" }).catch(failure),
    "completion/complete": await client.complete({
      ref: { type: "ref/resource", uri: "agensight://traces/{traceId}" },
      argument: { name: "traceId", value: id.slice(0, 4) },
    }),
    ping: await client.ping(),
    "an unknown method": await client.request({ method: "traces/paint" }, EmptyResultSchema).catch(failure),
    "a cancelled call": await given,
    "a call after it": await call("list_traces", { limit: 1 }),
  };
}

describe("one conversation over every transport", () => {
  let told: Record<string, Record<string, unknown>>;
  beforeAll(async () => {
    told = {};
    for (const [name, connect] of transports) {
      const client = await connect();
      told[name] = await conversation(client);
      await client.close();
    }
  });

  test("says something at each step", () => {
    const { stdio = {} } = told;
    expect(stdio["the server"]).toBe("agensight");
    expect((stdio["tools/list"] as { tools: unknown[] }).tools.length).toBeGreaterThanOrEqual(7);
    expect(JSON.stringify(stdio.get_trace)).toContain("coverage: ");
    expect(stdio["a wrong argument"]).toMatchObject({ isError: true });
    expect(stdio["an unknown tool"]).toMatchObject({ isError: true });
    expect(stdio["a trace that is not there"]).toMatchObject({ isError: true });
    expect(stdio["a resource that is not there"]).toMatchObject({ code: -32002 });
    expect(stdio["an unknown method"]).toMatchObject({ code: -32601 });
    expect(stdio["completion/complete"]).toMatchObject({ completion: { total: 1 } });
    expect(stdio["a cancelled call"]).toContain("no longer wanted");
    for (const [step, answer] of Object.entries(stdio)) expect([step, answer]).not.toEqual([step, undefined]);
  });

  test.each(["WebSocket", "HTTP", "the bridge"])("over %s is told exactly what stdio tells", (name) => {
    expect(told[name]).toEqual(told.stdio);
  });

  test.each(transports)("over %s, many questions at once are answered each with its own answer", async (_, connect) => {
    const client = await connect();
    const limits = Array.from({ length: 150 }, (_, i) => (i % 5) + 1);
    const answers = await Promise.all(
      limits.map((limit) => client.callTool({ name: "list_traces", arguments: { limit } })),
    );
    const lines = answers.map(
      (answer) => (answer.content as { text: string }[])[0]?.text.match(/^[0-9a-f]{32} /gm)?.length,
    );
    expect(lines).toEqual(limits);
    await client.close();
  });

  test.for(transports)("over %s, a subscriber is told what changed, until it unsubscribes", async ([, connect]) => {
    const client = await connect();
    const [live, shop] = ["agensight://live", "agensight://live?service=shop"];
    const told: Record<string, number> = { [live]: 0, [shop]: 0 };
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params: { uri } }) => {
      told[uri] = (told[uri] ?? 0) + 1;
    });
    const change = () => server.ingest.traces(requestOf([span({ trace: ++made, id: made })]));
    for (const uri of [live, shop]) await client.subscribeResource({ uri });
    change();
    await expect.poll(() => told[live] && told[shop], { timeout: 15_000 }).toBeGreaterThan(0);
    await client.unsubscribeResource({ uri: live });
    const before = { ...told };
    change();
    await expect.poll(() => told[shop], { timeout: 15_000 }).toBeGreaterThan(before[shop] ?? 0);
    expect(told[live]).toBe(before[live]);
    await client.close();
  });
});
