/** Random nonsense over WebSocket: the server lives, and serves others. The seed is fixed; a failure names its case. */
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { corpusLines, storeOf, type TestStore } from "../mcp/store.js";
import { type Random, seeded } from "../store/seeded.js";
import { startTestServer, type TestServer } from "./start.js";
import { openRaw, request, toolCall } from "./websocket.js";

let store: TestStore;
let server: TestServer;
beforeAll(async () => {
  store = await storeOf(corpusLines());
  server = await startTestServer({ path: store.path });
});
afterAll(async () => {
  await server.close();
  store.remove();
});

const bytes = (random: Random, most: number) =>
  Buffer.from(Array.from({ length: random.below(most) }, () => random.below(256)));

const methods = [
  "initialize",
  "ping",
  "tools/list",
  "tools/call",
  "resources/read",
  "resources/list",
  "completion/complete",
];
const tools = ["list_traces", "get_trace", "get_usage", "search_spans", "__proto__", "constructor", ""];

function value(random: Random, depth = 0): unknown {
  const kind = random.below(depth > 4 ? 7 : 9);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind === 2) return random.pick([0, -1, 1e308, -1e-308, 2 ** 53, 0.1, 1e21]);
  if (kind === 3) return random.pick(["", "\u0000", "\ud800", "__proto__", "\u202e", "ｘ", "' OR 1=1 --", "%00"]);
  if (kind === 4) return "x".repeat(random.below(50_000));
  if (kind === 5) return bytes(random, 40).toString("latin1");
  if (kind === 6) return random.pick(["1h", "2026-11-20T00:00:00Z", "text", "json", "24h", "*", '"']);
  if (kind === 7) return Array.from({ length: random.below(5) }, () => value(random, depth + 1));
  const names = [
    "jsonrpc",
    "id",
    "method",
    "params",
    "name",
    "arguments",
    "uri",
    "ref",
    "limit",
    "cursor",
    "__proto__",
  ];
  return Object.fromEntries(
    Array.from({ length: random.below(5) }, () => [random.pick(names), value(random, depth + 1)]),
  );
}

function message(random: Random): object {
  const kind = random.below(4);
  if (kind === 0)
    return toolCall(random.below(100), random.pick(tools), {
      [random.pick(["limit", "trace_id", "query", "since"])]: value(random),
    });
  if (kind === 1) return { jsonrpc: "2.0", id: value(random), method: random.pick(methods), params: value(random) };
  if (kind === 2)
    return {
      jsonrpc: "2.0",
      method: random.pick(["notifications/cancelled", "notifications/initialized", "x"]),
      params: value(random),
    };
  return { jsonrpc: "2.0", id: random.below(10), [random.pick(["result", "error"])]: value(random) };
}

type Frame = { data: string | Buffer; fragments: number };

function frame(random: Random): Frame {
  const kind = random.below(12);
  const fragments = random.chance(0.2) ? 1 + random.below(8) : 1;
  const text = JSON.stringify(message(random));
  if (kind === 0) return { data: bytes(random, 300), fragments };
  if (kind === 1) return { data: bytes(random, 300).toString("latin1"), fragments };
  if (kind === 2) return { data: text.slice(0, random.below(text.length)), fragments };
  if (kind === 3) return { data: "[{".repeat(random.below(100_000)), fragments };
  if (kind === 4) return { data: JSON.stringify(request("9".repeat(random.below(1_000_000)), "ping")), fragments };
  if (kind === 5) return { data: JSON.stringify(value(random)), fragments };
  return { data: text, fragments };
}

/** A healthy client's answer, from a connection of its own. */
async function healthy(): Promise<unknown> {
  const client = await openRaw(`${server.wsUrl}/ws`);
  client.send(toolCall(1, "list_traces", { limit: 1 }));
  const { result } = await client.answer(1);
  client.socket.close();
  await client.closed;
  return result;
}

test("600 random frames over 60 connections, in fragments too, are answered or end their own connection only", async () => {
  const random = seeded(20261122);
  const expected = await healthy();
  for (let n = 0; n < 60; n++) {
    const client = await openRaw(`${server.wsUrl}/ws`);
    for (let i = 0; i < 10; i++) {
      const { data, fragments } = frame(random);
      const size = Math.ceil(data.length / fragments) || 1;
      const binary = typeof data !== "string";
      for (let at = 0; at === 0 || at < data.length; at += size)
        client.socket.send(data.slice(at, at + size), { binary, fin: at + size >= data.length });
    }
    client.send(request("the end", "ping"));
    const ended = await Promise.race([client.answer("the end").then(() => "answered"), client.closed]);
    if (ended !== "answered") expect([1003, 1007]).toContain((ended as { code: number }).code);
    for (const { jsonrpc } of client.messages as { jsonrpc?: string }[]) expect([n, jsonrpc]).toEqual([n, "2.0"]);
    client.socket.terminate();
    if (n % 10 === 0) expect(await healthy()).toEqual(expected);
  }
  expect(await healthy()).toEqual(expected);
  expect(server.said).toEqual([]);
});

test("garbage on the socket itself, before, in and after the upgrade, ends that connection only", async () => {
  const random = seeded(4318);
  const upgrade = [
    "GET /ws HTTP/1.1",
    `host: 127.0.0.1:${server.port}`,
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-protocol: mcp",
    "",
    "",
  ].join("\r\n");
  const expected = await healthy();
  for (let n = 0; n < 90; n++) {
    const head = [upgrade, upgrade.slice(0, random.below(upgrade.length)), ""][n % 3] ?? "";
    const socket = connect(server.port, "127.0.0.1");
    const closed = new Promise<boolean>((resolve) => socket.once("close", () => resolve(true)));
    socket.on("error", () => {});
    socket.resume();
    socket.write(Buffer.concat([Buffer.from(head), bytes(random, 400)]));
    // what looks like the start of a frame or of a header would be waited for
    socket.end();
    expect(await closed).toBe(true);
    if (n % 30 === 0) expect(await healthy()).toEqual(expected);
  }
  expect(await healthy()).toEqual(expected);
  expect(server.said).toEqual([]);
});
