/** `agensight mcp --connect`: a host that speaks stdio only, and a server that comes and goes. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { bridgeStdio } from "../../src/cli/mcp/connect.js";
import { serverUrl } from "../../src/model/server-url.js";
import { overStdio } from "../server/clients.js";
import { startTestServer, type TestServer } from "../server/start.js";
import { request, toolCall } from "../server/websocket.js";
import { requestOf, span } from "../store/otlp.js";
import { newStorePath } from "../store/temporary-folder.js";
import { bin, environment, makeHome } from "./agensight.js";

const { home, run, write, remove } = makeHome();
const children: ChildProcessWithoutNullStreams[] = [];
let server: TestServer | undefined;
afterEach(async () => {
  vi.useRealTimers();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await server?.close();
  server = undefined;
});
afterAll(remove);

const hello = request("hello", "initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "host", version: "1" },
});
const ready = { jsonrpc: "2.0", method: "notifications/initialized" };

type Message = { id?: unknown; method?: string; params?: unknown; result?: unknown; error?: { message: string } };

/** Messages as they come, from a stream of lines or from a socket. */
function collect() {
  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  return {
    messages,
    take(text: string) {
      messages.push(JSON.parse(text));
      for (const look of waiting) look();
    },
    when: (wanted: (message: Message) => boolean) =>
      new Promise<Message>((resolve) => {
        const look = () => {
          const found = messages.find(wanted);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

function bridge(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [bin, "mcp", ...args], { env: environment({ AGENSIGHT_HOME: home, ...env }) });
  children.push(child);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  child.stdin.on("error", () => {});
  const told = collect();
  createInterface({ input: child.stdout }).on("line", told.take);
  return {
    child,
    messages: told.messages,
    send: (message: object | string) =>
      child.stdin.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`),
    when: told.when,
    answer: (id: unknown) => told.when((message) => message.id === id && message.method === undefined),
    stderr: () => stderr,
    ended: once(child, "close").then(([code]) => code as number),
  };
}

/** A server that does as the test says. */
async function scripted() {
  const listener = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(listener, "listening");
  const { port } = listener.address() as { port: number };
  const next = async () => {
    const [socket] = (await once(listener, "connection")) as [WebSocket];
    const heard = collect();
    socket.on("message", (data) => heard.take(String(data)));
    const say = (message: object) => socket.send(JSON.stringify(message));
    const answer = async (method: string, result: object = {}) => {
      const asked = await heard.when((message) => message.method === method);
      say({ jsonrpc: "2.0", id: asked.id, result });
      return asked;
    };
    return { socket, heard, say, answer };
  };
  return { url: `ws://127.0.0.1:${port}`, next, close: () => listener.close() };
}

describe("a server that goes and comes back", () => {
  test("is asked again what it had not answered, after its handshake and subscriptions were repeated unseen", async () => {
    const stage = await scripted();
    const first = stage.next();
    const host = bridge(["--connect", stage.url]);
    host.send(hello);
    const one = await first;
    await one.answer("initialize", { serverInfo: { name: "staged" } });
    await host.answer("hello");
    host.send(ready);
    host.send(request(1, "resources/subscribe", { uri: "agensight://live" }));
    await one.answer("resources/subscribe");
    await host.answer(1);
    host.send(request(2, "resources/subscribe", { uri: "agensight://traces/abc" }));
    await one.heard.when(({ id }) => id === 2);
    one.say({ jsonrpc: "2.0", id: 2, result: {} });
    await host.answer(2);
    host.send(request(3, "resources/unsubscribe", { uri: "agensight://traces/abc" }));
    await one.answer("resources/unsubscribe");
    await host.answer(3);
    host.send(toolCall(4, "tail_spans"));
    host.send(toolCall(5, "get_usage"));
    host.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 5 } });
    await one.heard.when(({ method }) => method === "notifications/cancelled");
    const second = stage.next();
    one.socket.terminate();

    const two = await second;
    const again = await two.answer("initialize", { serverInfo: { name: "staged" } });
    expect(again).toMatchObject({ ...hello, id: expect.not.stringMatching(/^hello$/) });
    const subscribed = await two.answer("resources/subscribe");
    expect(subscribed.params).toEqual({ uri: "agensight://live" });
    await host.when(({ method }) => method === "notifications/resources/updated");
    await two.answer("tools/call", { content: [] });
    expect(await host.answer(4)).toMatchObject({ result: { content: [] } });
    expect(two.heard.messages.map(({ method }) => method)).toEqual([
      "initialize",
      "notifications/initialized",
      "resources/subscribe",
      "tools/call",
    ]);
    expect(host.messages.map(({ id, method }) => id ?? method)).toEqual([
      "hello",
      1,
      2,
      3,
      "notifications/resources/updated",
      4,
    ]);
    stage.close();
  });

  test("is spoken to by the official client as if it had never gone", async () => {
    const path = newStorePath();
    server = await startTestServer({ path });
    const { port } = server;
    server.ingest.traces(requestOf([span({ trace: 1, id: 1, name: "before" })]));
    const client = await overStdio(["--connect", server.url]);
    const ask = async () => JSON.stringify(await client.callTool({ name: "list_traces", arguments: {} }));
    expect(await ask()).toContain("before");
    await server.close();
    const asked = ask();
    server = await startTestServer({ path, port });
    expect(await asked).toContain("before");
    await client.close();
  });

  test("is not asked again what ended the connection three times", async () => {
    const stage = await scripted();
    const host = bridge(["--connect", stage.url]);
    host.send(toolCall("poison", "get_trace"));
    for (let n = 0; n < 3; n++) {
      const { socket, heard } = await stage.next();
      await heard.when(({ id }) => id === "poison");
      const closed = once(socket, "close");
      socket.terminate();
      await closed;
    }
    expect((await host.answer("poison")).error?.message).toContain("broke each time");
    stage.close();
  });

  test("is tried ever more seldom where it refuses to begin the session again, and requests are told so", async () => {
    const stage = await scripted();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const [input, output] = [new PassThrough(), new PassThrough()];
    const told = collect();
    createInterface({ input: output }).on("line", told.take);
    const said: string[] = [];
    const url = serverUrl(stage.url, "/ws");
    const over = bridgeStdio({ url, token: null, input, output, say: (line) => said.push(line) });
    const first = stage.next();
    input.write(`${JSON.stringify(hello)}\n`);
    const { socket, answer } = await first;
    await answer("initialize");
    await told.when(({ id }) => id === "hello");
    let refusals = 0;
    const refuse = async (coming: ReturnType<typeof stage.next>): Promise<void> => {
      const { heard, say } = await coming;
      const { id } = await heard.when(({ method }) => method === "initialize");
      refusals++;
      const again = stage.next();
      say({ jsonrpc: "2.0", id, error: { code: -32600, message: "no" } });
      await refuse(again);
    };
    void refuse(stage.next());
    socket.terminate();
    input.write(`${JSON.stringify(toolCall(2, "list_traces"))}\n`);
    await expect
      .poll(() => {
        vi.advanceTimersByTime(100);
        return told.messages.find(({ id }) => id === 2)?.error?.message;
      })
      .toContain("refused to begin the session again");
    expect(refusals).toBeGreaterThan(2);
    expect(refusals).toBeLessThan(15);
    expect(said.filter((line) => line.includes("refused to begin"))).toHaveLength(1);
    vi.useRealTimers();
    input.end();
    await over;
    stage.close();
  });
});

describe("no server", () => {
  test("is one that cannot be reached, where the reason is another one", async () => {
    const host = bridge(["--connect", "http://no-such-host.invalid:4318/mcp?access_token=s3cret"]);
    await once(host.child.stderr, "data");
    expect(host.stderr()).toMatch(
      /^Agensight at ws:\/\/no-such-host\.invalid:4318\/ws cannot be reached: E[A-Z_]+\.\n/,
    );
  });

  test("is waited for; after 10 seconds requests, initialize too, are told what to do, and one that comes later serves", async () => {
    const place = await startTestServer();
    const { port } = place;
    await place.close();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const input = new PassThrough();
    const output = new PassThrough();
    const said: string[] = [];
    const told = collect();
    createInterface({ input: output }).on("line", told.take);
    const url = serverUrl(`127.0.0.1:${port}`, "/ws");
    const over = bridgeStdio({ url, token: null, input, output, say: (line) => said.push(line) });
    const send = (message: object) => input.write(`${JSON.stringify(message)}\n`);
    send(hello);
    await expect.poll(() => said.length).toBe(1);
    expect(told.messages).toEqual([]);
    await expect
      .poll(() => {
        vi.advanceTimersByTime(1000);
        return told.messages;
      })
      .toHaveLength(1);
    expect(told.messages[0]).toMatchObject({
      id: "hello",
      error: {
        message: `There is no Agensight at ws://127.0.0.1:${port}/ws. Start it there with "agensight serve", or correct --connect.`,
      },
    });
    server = await startTestServer({ port });
    send({ ...hello, id: "again" });
    expect(await told.when(({ id }) => id === "again")).toMatchObject({
      result: { serverInfo: { name: "agensight" } },
    });
    input.end();
    vi.useRealTimers();
    await over;
  });
});

describe("the token", () => {
  test("comes from the flag, the environment or the configuration, and is shown in the header", async () => {
    server = await startTestServer({ token: "s3cret" });
    const config = write("config-token.json", JSON.stringify({ token: "s3cret" }));
    const ways: [string[], Record<string, string>][] = [
      [["--token", "s3cret"], {}],
      [[], { AGENSIGHT_TOKEN: "s3cret" }],
      [["--config", config], {}],
    ];
    for (const [args, env] of ways) {
      const host = bridge(["--connect", server.url, ...args], env);
      host.send(hello);
      expect(await host.answer("hello")).toHaveProperty("result");
      host.child.stdin.end();
      expect(await host.ended).toBe(0);
    }
  });

  test("is asked for at once where it is missing or wrong, and never told", async () => {
    server = await startTestServer({ token: "s3cret" });
    const host = bridge(["--connect", `${server.url}/mcp`, "--token", "wr0ng"]);
    host.send(hello);
    expect((await host.answer("hello")).error?.message).toContain("give it with --token or AGENSIGHT_TOKEN");
    expect(JSON.stringify(host.messages) + host.stderr()).not.toContain("wr0ng");
  });
});

describe("what passes", () => {
  test("is every message as it is: progress, cancellation, unknown fields, odd spaces", async () => {
    const stage = await scripted();
    const connected = stage.next();
    const host = bridge(["--connect", stage.url]);
    const frames: string[] = [];
    const { socket, heard, say } = await connected;
    socket.on("message", (data) => frames.push(String(data)));
    const line = `{ "jsonrpc":"2.0","id":7, "method":"tools/call","params":{"name":"x\u2028y","_meta":{"progressToken":9}},"extra":1e0 }`;
    host.send(line);
    await heard.when(({ id }) => id === 7);
    expect(frames).toEqual([line]);
    say({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: 9, progress: 1, message: "found" },
    });
    expect(await host.when(({ method }) => method === "notifications/progress")).toMatchObject({
      params: { progressToken: 9 },
    });
    socket.send(`{\n "jsonrpc": "2.0",\n "id": 7,\n "result": {}\n}`);
    expect(await host.answer(7)).toEqual({ jsonrpc: "2.0", id: 7, result: {} });
    stage.close();
  });

  test("is no nonsense: it gets its error from the bridge", async () => {
    server = await startTestServer();
    const host = bridge(["--connect", server.url]);
    host.send("{broken");
    host.send("[1, 2]");
    host.send(toolCall("large", "list_traces", { text: "x".repeat(5_000_000) }));
    host.send(hello);
    expect(await host.answer("hello")).toHaveProperty("result");
    expect(host.messages.slice(0, 3)).toMatchObject([
      { id: null, error: { code: -32700 } },
      { id: null, error: { code: -32600 } },
      { id: "large", error: { code: -32600 } },
    ]);
  });
});

describe("a line without an end", () => {
  test("is not kept, and answered when it ends after all", async () => {
    server = await startTestServer();
    const host = bridge(["--connect", server.url]);
    const part = "x".repeat(1024 * 1024);
    for (let n = 0; n < 64; n++) if (!host.child.stdin.write(part)) await once(host.child.stdin, "drain");
    const { pid } = host.child;
    const status = process.platform === "linux" ? readFileSync(`/proc/${pid}/status`, "utf8") : "";
    expect(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0)).toBeLessThan(200 * 1024);
    host.send("");
    host.send(hello);
    expect(await host.answer("hello")).toHaveProperty("result");
    expect(host.messages[0]).toMatchObject({ id: null, error: { code: -32700 } });
  });
});

describe("the end", () => {
  test("comes when stdin ends, after the answers under way", async () => {
    server = await startTestServer();
    const host = bridge(["--connect", server.url]);
    for (const message of [hello, ready, toolCall(2, "list_traces")]) host.send(message);
    host.child.stdin.end();
    expect(await host.ended).toBe(0);
    expect(host.messages.map(({ id }) => id)).toEqual(["hello", 2]);
  });

  test.skipIf(process.platform === "win32")("comes at SIGTERM, and when nobody reads the answers", async () => {
    server = await startTestServer();
    const [stopped, unread] = [bridge(["--connect", server.url]), bridge(["--connect", server.url])];
    for (const host of [stopped, unread]) {
      host.send(hello);
      await host.answer("hello");
    }
    stopped.child.kill("SIGTERM");
    expect(await stopped.ended).toBe(0);
    unread.child.stdout.destroy();
    for (let id = 0; id < 20; id++) unread.send(toolCall(id, "list_traces"));
    expect(await unread.ended).toBe(0);
  });

  test.each(["local host", "ftp://localhost", "http://localhost:port/?access_token=s3cret"])(
    "comes with 2 for the address %s",
    async (address) => {
      const { code, stdout, stderr } = await run(["mcp", "--connect", address]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("http://127.0.0.1:4318");
      expect(stderr).not.toContain("s3cret");
    },
  );

  test.each([["--connect", "localhost:4318"], ["--otlp"]])(
    "comes with 2 for the token auto with %s",
    async (...args) => {
      const { code, stdout, stderr } = await run(["mcp", ...args], { env: { AGENSIGHT_TOKEN: "auto" } });
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("Give the token itself");
    },
  );

  test("comes with 2 when a store is named too", async () => {
    const { code, stderr } = await run(["mcp", "--connect", "http://127.0.0.1:4318", "--db", "x.db"]);
    expect(code).toBe(2);
    expect(stderr).toContain("leave --db out");
  });

  test.each([
    ["--content", "none"],
    ["--redact", "email"],
  ])("comes with 2 when %s is given: that server decides", async (flag, value) => {
    const { code, stderr } = await run(["mcp", "--connect", "http://127.0.0.1:4318", flag, value]);
    expect(code).toBe(2);
    expect(stderr).toContain(`give ${flag} to agensight serve`);
  });
});
