import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { startTestServer, type TestServer } from "../server/start.js";
import { startConnected, startWay, watch } from "./connected.js";
import { dist, infoOf, spansIn, workspace } from "./program.js";

let space: ReturnType<typeof workspace>;
let server: TestServer;
const closing: (() => unknown)[] = [];
beforeEach(async () => {
  space = workspace();
  server = await startTestServer();
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await server.close();
  space.remove();
});

/** The command, in a process of its own. */
async function serve(db: string, port = "0") {
  const child = spawn(process.execPath, [join(dist, "cli/bin.js"), "serve", "--db", db, "--port", port]);
  closing.push(() => child.kill("SIGKILL"));
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said += text;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (found) resolve(found);
    });
    child.once("close", () => reject(new Error(`it ended: ${said}`)));
  });
  return { child, url };
}

const only = { dbPath: false };
const named = (count: number) => Array.from({ length: count }, (_, n) => `span ${n}`).sort();
const namesIn = async (path: string) => (await spansIn(path)).map((span) => span.name).sort();

test("A server that comes later gets everything, and learns first what still runs", async () => {
  const way = await startWay(() => server.port);
  closing.push(way.close);
  await way.cut();
  const program = await startConnected(way.url, only);
  await program.tell("start", "open");
  await program.tell("spans", 300);
  await program.said("not connected");
  const events = await watch(server.context.live);
  await way.mend();
  await events.until("span_started open");
  expect(await program.tell("flush")).toBe("flushed");
  expect(await namesIn(server.path)).toEqual(["open", ...named(300)].sort());
  program.send("leave");
  expect((await program.ended).stderr).toMatch(
    /^diag warn: agensight: not connected to ws:\/\/127.0.0.1:\d+\/ingest: .+\n$/,
  );
});

test("A connection that breaks with everything unacknowledged loses nothing and makes nothing twice", async () => {
  const way = await startWay(() => server.port);
  closing.push(way.close);
  const events = await watch(server.context.live);
  const program = await startConnected(way.url, only);
  await program.tell("start", "open");
  await events.until("span_started open");
  way.swallow();
  await program.tell("spans", 200);
  await events.until("span_ended span 199");
  await way.cut();
  await program.tell("spans", 200, 200);
  await way.mend();
  expect(await program.tell("flush")).toBe("flushed");
  await program.tell("end", "open");
  await program.tell("flush");
  expect(await namesIn(server.path)).toEqual(["open", ...named(400)].sort());
  expect(events.names().filter((name) => name.startsWith("span_abandoned"))).toEqual([]);
  program.send("leave");
  expect(await program.ended).toMatchObject({ code: 0, stdout: "" });
});

test("A server that stops and starts again goes on where it was, and what runs is not taken for abandoned", async () => {
  const program = await startConnected(server.wsUrl, only);
  const { port, path } = server;
  const first = await watch(server.context.live);
  await program.tell("start", "open");
  await first.until("span_started open");
  await server.close();
  await program.tell("spans", 20);
  server = await startTestServer({ port, path });
  const events = await watch(server.context.live);
  expect(await program.tell("flush")).toBe("flushed");
  await program.tell("end", "open");
  await events.until("span_ended open");
  expect(await namesIn(server.path)).toEqual(["open", ...named(20)].sort());
  expect([...first.names(), ...events.names()].filter((name) => name.startsWith("span_abandoned"))).toEqual([]);
  program.send("leave");
  await program.ended;
});

test("agensight serve is killed in the middle and started again: nothing is lost, nothing is there twice", async () => {
  const first = await serve(space.db);
  const program = await startConnected(first.url, only);
  await program.tell("start", "open");
  for (let n = 0; n < 10; n++) await program.tell("spans", 30, n * 30);
  first.child.kill("SIGKILL");
  for (let n = 10; n < 20; n++) await program.tell("spans", 30, n * 30);
  const second = await serve(space.db, new URL(first.url).port);
  await program.tell("end", "open");
  expect(await program.tell("flush")).toBe("flushed");
  expect(await namesIn(space.db)).toEqual(["open", ...named(600)].sort());
  program.send("leave");
  await program.ended;
  second.child.kill();
  expect(await once(second.child, "close")).toEqual([0, null]);
});

test("Without a file and a server flush() says so, the program goes on and ends", async () => {
  const program = await startConnected("ws://127.0.0.1:9", only);
  await program.tell("spans", 5);
  expect(await program.tell("flush")).toMatch(
    /^Not every span is on disk: spans did not reach ws:\/\/127.0.0.1:9\/ingest: /,
  );
  program.send("leave");
  const { code, stdout, stderr } = await program.ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toContain("diag error: agensight: spans did not reach ws://127.0.0.1:9/ingest");
});

test("A server that never acknowledges costs bounded memory, spans beyond it are given up, and the program ends", async () => {
  const silent = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  closing.push(() => silent.close());
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const program = await startConnected(`ws://127.0.0.1:${port}`, only, { node: ["--max-old-space-size=128"] });
  // 400 MB
  for (let round = 0; round < 40; round++) {
    await program.tell("spans", 1000, round * 1000, 10_000);
    await program.tell("ping");
  }
  program.send("leave");
  const { code, signal, stdout, stderr } = await program.ended;
  expect({ code, signal, stdout }).toEqual({ code: 0, signal: null, stdout: "" });
  // at the one bound or at the other
  expect(stderr).toMatch(/diag warn: agensight: (\d+ spans were dropped|spans are not sent to)/);
  expect(stderr).toMatch(/diag error: agensight: spans did not reach .*: it does not answer/);
  for (const client of silent.clients) client.terminate();
});

test("A server that accepts and never reads keeps nothing from the file", async () => {
  const deaf = createServer((socket) => socket.pause()).listen(0, "127.0.0.1");
  closing.push(() => deaf.close());
  await once(deaf, "listening");
  const program = await startConnected(`ws://127.0.0.1:${(deaf.address() as AddressInfo).port}`, { dbPath: space.db });
  await program.tell("spans", 2000, 0, 1000);
  expect(await program.tell("flush")).toBe("flushed");
  program.send("leave");
  expect(await program.ended).toMatchObject({ code: 0, stdout: "" });
  expect(await infoOf(space.db)).toMatchObject({ spans: 2000, dropped_spans: 0 });
});

test("Spans that had to be given up are counted in the server's store", async () => {
  const way = await startWay(() => server.port);
  closing.push(way.close);
  await way.cut();
  const program = await startConnected(way.url, only);
  for (let round = 0; round < 5; round++) {
    await program.tell("spans", 5_000, round * 5_000);
    await program.tell("ping");
  }
  await way.mend();
  expect(await program.tell("flush")).toContain("too many are waiting");
  await program.tell("flush");
  program.send("leave");
  await program.ended;
  const { spans, dropped_spans } = await infoOf(server.path);
  expect(dropped_spans).toBeGreaterThan(0);
  expect(spans + dropped_spans).toBe(25_000);
});
