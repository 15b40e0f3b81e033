import { existsSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/start.js";
import { startConnected, watch } from "./connected.js";
import { spansIn, workspace } from "./program.js";

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

const only = { dbPath: false };
const named = (count: number) => Array.from({ length: count }, (_, n) => `span ${n}`).sort();
const namesIn = async (path: string) => (await spansIn(path)).map((span) => span.name).sort();

test("A span is seen with its agent and session while it runs, and again when it has ended", async () => {
  const events = await watch(server.context.live);
  const program = await startConnected(server.wsUrl, only);
  await program.tell("start", "researcher");
  const { span } = await events.until("span_started researcher");
  expect(span).toMatchObject({
    status: "running",
    duration_ms: null,
    kind: "agent",
    agent: "researcher",
    session_id: "s-1",
    service: "connected",
  });
  await program.tell("end", "researcher");
  const ended = await events.until("span_ended researcher");
  expect(ended.span).toMatchObject({ span_id: span.span_id, status: "ok" });
  program.send("leave");
  expect(await program.ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
});

test.each(["http", "ws"])(
  "An address that begins with %s and has no path will do, before setupTracing too",
  async (scheme) => {
    const program = await startConnected(server.url.replace("http", scheme), { ...only, before: true });
    await program.tell("spans", 3);
    expect(await program.tell("flush")).toBe("flushed");
    expect(await namesIn(server.path)).toEqual(named(3));
    program.send("leave");
    expect(await program.ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
  },
);

test("Beside a file the spans are in both, and in the server's own file once", async () => {
  const events = await watch(server.context.live);
  const program = await startConnected(server.wsUrl, { dbPath: server.path });
  await program.tell("start", "open");
  await events.until("span_started open");
  await program.tell("spans", 50);
  await program.tell("end", "open");
  expect(await program.tell("flush")).toBe("flushed");
  program.send("leave");
  expect(await program.ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(await namesIn(server.path)).toEqual(["open", ...named(50)].sort());

  const other = await startConnected(server.wsUrl, { dbPath: space.db });
  await other.tell("spans", 2, 100);
  other.send("leave");
  await other.ended;
  expect(await namesIn(space.db)).toEqual(["span 100", "span 101"]);
  expect(await namesIn(server.path)).toEqual(["open", ...named(50), "span 100", "span 101"].sort());
});

test("What runs in a program that is killed is abandoned, what has ended stays", async () => {
  const events = await watch(server.context.live);
  const program = await startConnected(server.wsUrl, only);
  await program.tell("start", "open");
  await program.tell("spans", 10);
  await program.tell("flush");
  await events.until("span_started open");
  program.child.kill("SIGKILL");
  await events.until("span_abandoned open");
  const spans = await spansIn(server.path);
  expect(spans.filter(({ status }) => status === "abandoned").map(({ name }) => name)).toEqual(["open"]);
  expect(spans).toHaveLength(11);
});

test.each([
  ["by itself", ["leave"], 0],
  ["with process.exit", ["exit", 3], 3],
] as const)(
  "A program that ends %s sends what is pending, and what still runs is abandoned at once",
  async (_, command, code) => {
    const events = await watch(server.context.live);
    const program = await startConnected(server.wsUrl, only);
    await program.tell("start", "open");
    await events.until("span_started open");
    program.send("spans", 50);
    program.send(...(command as unknown as [string]));
    expect(await program.ended).toMatchObject({ code, stdout: "", stderr: "" });
    await events.until("span_abandoned open");
    expect(await namesIn(server.path)).toEqual(["open", ...named(50)].sort());
  },
);

test("close() sends what is pending and ends the connection, recording goes on", async () => {
  const program = await startConnected(server.wsUrl, { dbPath: space.db });
  await program.tell("spans", 5);
  await program.tell("close");
  await program.tell("spans", 5, 5);
  await program.tell("flush");
  program.send("leave");
  await program.ended;
  expect(await namesIn(server.path)).toEqual(named(5));
  expect(await namesIn(space.db)).toEqual(named(10));
});

test("A token lets in; without it diag is told once, without naming any", async () => {
  const guarded = await startTestServer({ token: "right-token" });
  closing.push(guarded.close);
  const program = await startConnected(guarded.wsUrl, { ...only, token: "right-token" });
  await program.tell("spans", 1);
  expect(await program.tell("flush")).toBe("flushed");
  program.send("leave");
  expect((await program.ended).stderr).toBe("");

  const stranger = await startConnected(guarded.wsUrl, { dbPath: space.db, token: "wrong-token" });
  await stranger.tell("spans", 1, 1);
  stranger.send("leave");
  const { code, stderr } = await stranger.ended;
  expect(code).toBe(0);
  expect(stderr.match(/diag error: agensight: not connected to .*HTTP 401/g)).toHaveLength(1);
  expect(stderr).not.toContain("token");
  expect(await namesIn(space.db)).toEqual(["span 1"]);
  expect(await namesIn(guarded.path)).toEqual(["span 0"]);
});

test("captureContent false holds on this way too", async () => {
  const program = await startConnected(server.wsUrl, { ...only, captureContent: false });
  await program.tell("tool", "search", { "gen_ai.tool.call.arguments": { secret: 1 } });
  await program.tell("flush");
  program.send("leave");
  await program.ended;
  const [span] = await spansIn(server.path);
  expect(span).toMatchObject({ name: "search", kind: "tool" });
  expect(JSON.stringify(span)).not.toContain("secret");
});

test.each(["no sense", "ftp://127.0.0.1/x"])("The address %s is told to diag, and the program runs", async (url) => {
  const program = await startConnected(url, { dbPath: space.db });
  await program.tell("spans", 1);
  program.send("leave");
  const { code, stdout, stderr } = await program.ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toContain("diag error: agensight: connectMcp:");
  expect(existsSync(space.db)).toBe(true);
});
