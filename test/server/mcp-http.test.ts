/** MCP over Streamable HTTP: its sessions, its streams, and what it refuses. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { corpusLines, storeOf, type TestStore } from "../mcp/store.js";
import { requestOf, span } from "../store/otlp.js";
import { connectClient, overHttp } from "./clients.js";
import { startTestServer, type TestServer } from "./start.js";
import { request, toolCall } from "./websocket.js";

let store: TestStore;
let server: TestServer;
beforeAll(async () => {
  store = await storeOf(corpusLines());
});
afterAll(() => store.remove());
const start = async (options: { token?: string } = {}) => {
  server = await startTestServer({ path: store.path, ...options });
  return server;
};
afterEach(async () => {
  vi.useRealTimers();
  await server.close();
});

const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const hello = request(1, "initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "raw", version: "1" },
});

const post = (body: unknown, extra: Record<string, string> = {}) =>
  fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: { ...headers, ...extra },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const inSession = (id: string) => ({ "mcp-session-id": id });

/** The session's id. */
async function initialize(): Promise<string> {
  const response = await post(hello);
  expect(await response.text()).toContain(`"name":"agensight"`);
  return response.headers.get("mcp-session-id") ?? "";
}
const ping = async (session: string) => {
  const response = await post(request(2, "ping"), inSession(session));
  await response.text();
  return response.status;
};

describe("a session", () => {
  test("begins with initialize, answers, and ends by DELETE: then its id is not found", async () => {
    await start();
    const session = await initialize();
    expect(session).toMatch(/^[0-9a-f-]{36}$/);
    expect(await ping(session)).toBe(200);
    const ended = await fetch(`${server.url}/mcp`, { method: "DELETE", headers: inSession(session) });
    expect(ended.status).toBe(200);
    const late = await post(request(3, "ping"), inSession(session));
    expect(late.status).toBe(404);
    expect(await late.json()).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: -32001 } });
  });

  test("is needed: requests without one get 400, those with one that never was 404", async () => {
    await start();
    expect((await post(request(1, "ping"))).status).toBe(400);
    expect((await post(request(1, "ping"), inSession("nobody"))).status).toBe(404);
    expect((await post(hello, inSession("nobody"))).status).toBe(404);
    for (const method of ["GET", "DELETE"]) {
      expect((await fetch(`${server.url}/mcp`, { method, headers })).status).toBe(400);
      expect(
        (await fetch(`${server.url}/mcp`, { method, headers: { ...headers, ...inSession("nobody") } })).status,
      ).toBe(404);
    }
  });

  test("ends after 30 minutes without a request", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await start();
    const session = await initialize();
    vi.advanceTimersByTime(29 * 60_000);
    expect(await ping(session)).toBe(200);
    vi.advanceTimersByTime(29 * 60_000);
    expect(await ping(session)).toBe(200);
    vi.advanceTimersByTime(30 * 60_000);
    expect(await ping(session)).toBe(404);
  });

  test("stays while its stream is open, however quiet", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await start();
    const session = await initialize();
    const leave = new AbortController();
    const stream = await fetch(`${server.url}/mcp`, {
      headers: { accept: "text/event-stream", ...inSession(session) },
      signal: leave.signal,
    });
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    vi.advanceTimersByTime(120 * 60_000);
    expect(await ping(session)).toBe(200);
    leave.abort();
  });

  test("makes room when 64 are there: the one longest unused goes", async () => {
    await start();
    const sessions: string[] = [];
    for (let n = 0; n < 64; n++) sessions.push(await initialize());
    expect(await ping(sessions[0] as string)).toBe(200);
    const next = await initialize();
    expect(await ping(next)).toBe(200);
    expect(await ping(sessions[0] as string)).toBe(200);
    expect(await ping(sessions[1] as string)).toBe(404);
    expect(await ping(sessions[2] as string)).toBe(200);
  });

  test("is refused with 503 while 64 with open streams are there", async () => {
    await start();
    const leave = new AbortController();
    for (let n = 0; n < 64; n++) {
      const session = await initialize();
      await fetch(`${server.url}/mcp`, {
        headers: { accept: "text/event-stream", ...inSession(session) },
        signal: leave.signal,
      });
    }
    const refused = await post(hello);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: -32000 } });
    // a client that is long gone leaves its stream open: after some minutes it holds no place
    const later = performance.now() + 6 * 60_000;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => later);
    expect((await post(hello)).status).toBe(200);
    clock.mockRestore();
    leave.abort();
    await expect.poll(async () => (await post(hello)).status).toBe(200);
  });
});

test("a stream of notifications that is not read is cut off; the session stays, and may open another", async () => {
  await start();
  const session = await initialize();
  // many large notifications: the same filter under a hundred addresses
  const letters = "s".repeat(6000);
  for (let n = 0; n < 100; n++) {
    const uri = `agensight://live?session=${letters.slice(0, n)}%73${letters.slice(n + 1)}`;
    const subscribed = await post(request(n, "resources/subscribe", { uri }), inSession(session));
    expect(await subscribed.text()).toContain(`"result":{}`);
  }
  const stream = await new Promise<IncomingMessage>((resolve) => {
    const options = { headers: { accept: "text/event-stream", ...inSession(session) } };
    httpRequest(`${server.url}/mcp`, options, resolve).end();
  });
  stream.pause();
  const cut = new Promise((resolve) => stream.once("error", resolve));
  let made = 0;
  const write = setInterval(() => {
    const attributes = { "session.id": letters };
    server.ingest.traces(requestOf([span({ trace: ++made, id: made, attributes })]));
  }, 100);
  onTestFinished(() => clearInterval(write));
  const again = () => fetch(`${server.url}/mcp`, { headers: { accept: "text/event-stream", ...inSession(session) } });
  // one stream a session: refused until the other is gone
  await expect
    .poll(
      async () => {
        const { status, body } = await again();
        await body?.cancel();
        return status;
      },
      { timeout: 25_000, interval: 250 },
    )
    .toBe(200);
  stream.resume();
  await cut;
  expect(await ping(session)).toBe(200);
});

describe("a bad request", () => {
  test.each([
    ["half a message", "{", 400, -32700],
    ["JSON nested 10,000 deep", `${"[".repeat(10_000)}${"]".repeat(10_000)}`, 400, -32700],
    ["no JSON-RPC", `{"hello":1}`, 400, -32000],
  ])("of %s gets an error and leaves the others alone", async (_, body, status, code) => {
    await start();
    const session = await initialize();
    const response = await post(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ id: null, error: { code } });
    expect((await post(body, inSession(session))).status).toBe(400);
    expect(await ping(session)).toBe(200);
  });

  test("of more than 4 MiB gets 413, whether or not it says so first", async () => {
    await start();
    const session = await initialize();
    const large = JSON.stringify(toolCall(1, "list_traces", { text: "x".repeat(4 * 1024 * 1024) }));
    expect((await post(large, inSession(session))).status).toBe(413);
    const status = await new Promise((resolve, reject) => {
      const sending = httpRequest(`${server.url}/mcp`, { method: "POST", headers }, (response) => {
        resolve(response.statusCode);
        sending.destroy();
      });
      sending.on("error", reject);
      sending.end(large);
    });
    expect(status).toBe(413);
    expect(await ping(session)).toBe(200);
  });

  test("from another site, under another host name, by another method, or of another type is refused", async () => {
    await start();
    expect((await post(hello, { origin: "https://example.com" })).status).toBe(403);
    expect((await post(hello, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await post(hello, { "content-type": "text/plain" })).status).toBe(415);
    expect((await post(hello, { accept: "application/json" })).status).toBe(406);
    const put = await fetch(`${server.url}/mcp`, { method: "PUT", headers, body: "{}" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "POST, GET, DELETE"]);
  });

  test("without the token is refused, with it the official client works", async () => {
    await start({ token: "s3cret" });
    const refused = await post(hello);
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    const client = await overHttp(server.url, { headers: { authorization: "Bearer s3cret" } });
    expect((await client.listTools()).tools.length).toBeGreaterThanOrEqual(7);
    await client.close();
  });
});

test("a server that stops ends sessions and their streams", async () => {
  const { url } = await start();
  const transport = new StreamableHTTPClientTransport(new URL("/mcp", url), {
    reconnectionOptions: {
      maxRetries: 0,
      initialReconnectionDelay: 1,
      maxReconnectionDelay: 1,
      reconnectionDelayGrowFactor: 1,
    },
  });
  const client = await connectClient(transport as Transport);
  await client.ping();
  await server.running.close();
  const error = await client.ping().catch((cause) => cause);
  expect(error).toBeInstanceOf(Error);
  expect(error instanceof McpError && error.code === ErrorCode.RequestTimeout).toBe(false);
  await client.close();
});
