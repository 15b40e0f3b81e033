/** MCP over WebSocket, for clients that do wrong, are strangers, or do not read. */
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { webSocketTransport } from "../../src/server/websocket-transport.js";
import { corpusLines, storeOf, type TestStore } from "../mcp/store.js";
import { startTestServer, type TestServer } from "./start.js";
import { openRaw, type RawClient, refusal, request, toolCall } from "./websocket.js";

let store: TestStore;
let server: TestServer;
let url: string;
const clients: RawClient[] = [];
const open = async (...args: Parameters<typeof openRaw>) => {
  const client = await openRaw(...args);
  clients.push(client);
  return client;
};
beforeAll(async () => {
  store = await storeOf(corpusLines());
  server = await startTestServer({ path: store.path });
  url = `${server.wsUrl}/ws`;
});
afterEach(async () => {
  for (const { socket } of clients) socket.terminate();
  await Promise.all(clients.splice(0).map(({ closed }) => closed));
});
afterAll(async () => {
  await server.close();
  store.remove();
});

describe("a message that is none", () => {
  test.each([
    ["text that is not JSON", "{broken", -32700],
    ["an empty frame", "", -32700],
    ["JSON nested 10,000 deep", `${"[".repeat(10_000)}${"]".repeat(10_000)}`, -32700],
    ["a number", "1", -32600],
    ["a batch", JSON.stringify([request(1, "ping")]), -32600],
    ["an id that is an object", JSON.stringify({ jsonrpc: "2.0", id: {}, method: "ping" }), -32600],
    ["another version of JSON-RPC", JSON.stringify({ jsonrpc: "1.0", id: 1, method: "ping" }), -32600],
  ])("%s is answered by an error without id, and the connection stays", async (_, frame, code) => {
    const client = await open(url);
    client.send(frame);
    expect(await client.next()).toMatchObject({ jsonrpc: "2.0", id: null, error: { code } });
    client.send(request("after", "ping"));
    expect(await client.answer("after")).toEqual({ jsonrpc: "2.0", id: "after", result: {} });
  });

  test("a binary frame closes the connection with 1003, one of more than 4 MiB with 1009, and no other connection", async () => {
    const [binary, large, other] = [await open(url), await open(url), await open(url)];
    binary.socket.send(Buffer.from(JSON.stringify(request(1, "ping"))));
    expect(await binary.closed).toMatchObject({ code: 1003, reason: expect.stringContaining("text") });
    large.send(JSON.stringify(request(1, "ping", { padding: "x".repeat(4 * 1024 * 1024) })));
    expect(await large.closed).toMatchObject({ code: 1009 });
    other.send(request(1, "ping"));
    expect(await other.answer(1)).toMatchObject({ result: {} });
  });

  test("a message of almost 4 MiB in many fragments is one message", async () => {
    const client = await open(url);
    const text = JSON.stringify(toolCall(1, "list_traces", { text: "x".repeat(3_900_000) }));
    for (let at = 0; at < text.length; at += 500_000)
      client.socket.send(text.slice(at, at + 500_000), { fin: at + 500_000 >= text.length });
    expect(await client.answer(1)).toHaveProperty("result.content");
  });
});

describe("who may come in", () => {
  test("not without the subprotocol, from another site, under another host name, or to another address", async () => {
    expect(await refusal(url, [])).toBe(400);
    expect(await refusal(url, ["graphql-ws"])).toBe(400);
    expect(await refusal(url, ["graphql-ws", "mcp"])).toBe(null);
    expect(await refusal(url, ["mcp"], { origin: "https://example.com" })).toBe(403);
    expect(await refusal(url, ["mcp"], { origin: server.url })).toBe(null);
    expect(await refusal(url, ["mcp"], { headers: { host: "rebound.example.com" } })).toBe(421);
    expect(await refusal(`${server.wsUrl}/socket`, ["mcp"])).toBe(404);
  });

  test("with a token, in the header or in the address", async () => {
    const guarded = await startTestServer({ path: store.path, token: "s3cret" });
    const address = `${guarded.wsUrl}/ws`;
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    expect(await refusal(address, ["mcp"])).toBe(401);
    expect(await refusal(address, ["mcp"], bearer("s3cre"))).toBe(401);
    expect(await refusal(`${address}?access_token=wrong`, ["mcp"])).toBe(401);
    expect(await refusal(address, ["mcp"], bearer("s3cret"))).toBe(null);
    expect(await refusal(`${address}?access_token=s3cret`, ["mcp"])).toBe(null);
    expect(guarded.said.join()).not.toContain("s3cre");
    await guarded.close();
  });

  test("64 at a time; the next one when one has gone", async () => {
    const all = await Promise.all(Array.from({ length: 64 }, () => open(url)));
    expect(await refusal(url, ["mcp"])).toBe(503);
    all[0]?.socket.close();
    await expect.poll(() => refusal(url, ["mcp"])).toBe(null);
  });
});

describe("a client that does not read", () => {
  test("holds up nobody else, however much it asks for", async () => {
    const [deaf, other] = [await open(url), await open(url)];
    deaf.socket.pause();
    for (let id = 0; id < 3000; id++)
      deaf.send(toolCall(id, "list_traces", { limit: 200, format: "json", max_tokens: 20_000 }));
    for (let id = 0; id < 20; id++) {
      other.send(toolCall(id, "list_traces", { limit: 1 }));
      expect(await other.answer(id)).toHaveProperty("result.content");
    }
    deaf.socket.resume();
    expect(await deaf.answer(0)).toHaveProperty("result.content");
  });

  /** A server's end of a connection whose client does not read, and that client. */
  async function unread() {
    const listener = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(listener, "listening");
    const { port } = listener.address() as { port: number };
    const connected = once(listener, "connection") as Promise<[WebSocket]>;
    const client = await open(`ws://127.0.0.1:${port}`);
    const [socket] = await connected;
    const transport = webSocketTransport(socket);
    await transport.start();
    client.socket.pause();
    const fill = () => {
      for (let sent = 0; sent < 100 && socket.readyState === WebSocket.OPEN; sent++)
        void transport.send({ jsonrpc: "2.0", method: "notifications/message", params: { text: "x".repeat(500_000) } });
    };
    return { client, socket, transport, fill, end: () => listener.close() };
  }

  test("is cut off with 1013 when too much waits for it", async () => {
    const { client, socket, fill, end } = await unread();
    fill();
    expect(socket.readyState).toBe(WebSocket.CLOSING);
    expect(socket.bufferedAmount).toBeLessThan(6_000_000);
    client.socket.resume();
    expect(await client.closed).toEqual({ code: 1013, reason: "answers were not read" });
    end();
  });

  test("is cut off with 1013 when it has read nothing for 10 seconds, and is gone soon if it does not read that either", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { socket, transport, end } = await unread();
    while (socket.bufferedAmount === 0)
      void transport.send({ jsonrpc: "2.0", method: "notifications/message", params: { text: "x".repeat(500_000) } });
    vi.advanceTimersByTime(9_000);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    vi.advanceTimersByTime(1_000);
    expect(socket.readyState).toBe(WebSocket.CLOSING);
    const gone = once(socket, "close");
    vi.advanceTimersByTime(3_000);
    vi.useRealTimers();
    await gone;
    end();
  });
});

test("a client whose calls all wait can cancel one of them, and the next request is answered", async () => {
  const client = await open(url);
  const waiting = 40;
  for (let id = 0; id < waiting; id++) client.send(toolCall(id, "tail_spans", { wait_ms: 25_000 }));
  client.send(request("last", "ping"));
  for (let id = 0; id < waiting; id++)
    client.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });
  expect(await client.answer("last")).toEqual({ jsonrpc: "2.0", id: "last", result: {} });
});

test("a server that stops closes its connections with 1001", async () => {
  const short = await startTestServer({ path: store.path });
  const client = await open(`${short.wsUrl}/ws`);
  const [closed] = await Promise.all([client.closed, short.close()]);
  expect(closed).toEqual({ code: 1001, reason: "the server stops" });
});
