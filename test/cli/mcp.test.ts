import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { bin, environment, makeHome, otlpLine } from "./agensight.js";

const { home, path, run, remove } = makeHome();
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});
afterAll(remove);

async function connect(args: string[], env: Record<string, string> = {}, cwd?: string) {
  const client = new Client({ name: "test", version: "1" });
  clients.push(client);
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [bin, "mcp", ...args],
      env: { AGENSIGHT_HOME: home, ...env },
      ...(cwd ? { cwd } : {}),
    }),
  );
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const result = await client.callTool({ name, arguments: args });
    return (result.content as { text: string }[])[0]?.text ?? "";
  };
  return { client, call };
}

const handshake = [
  {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
  },
  { jsonrpc: "2.0", method: "notifications/initialized" },
];

function start(args: string[]): {
  child: ChildProcessWithoutNullStreams;
  send(message: object): void;
  answer(id: number): Promise<{ result: unknown }>;
  lines: string[];
} {
  const child = spawn(process.execPath, [bin, "mcp", ...args], { env: environment({ AGENSIGHT_HOME: home }) });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  return {
    child,
    lines,
    send: (message) => child.stdin.write(`${JSON.stringify(message)}\n`),
    async answer(id) {
      for (;;) {
        const found = lines.map((line) => JSON.parse(line)).find((message) => message.id === id);
        if (found) return found;
        await once(reader, "line");
      }
    },
  };
}

describe("agensight mcp", () => {
  test("starts without a file, says so, and sees it when it appears", async () => {
    const db = path("later.db");
    const { call } = await connect(["--db", db]);
    expect(await call("list_traces")).toContain(`no store at ${db}`);
    expect(existsSync(db)).toBe(false);
    await run(["import", "-", "--db", db], { stdin: otlpLine({ name: "first sight" }) });
    expect(await call("list_traces")).toContain("first sight");
  });

  test("sees spans that come later, and a file that takes the place of another", async () => {
    const db = path("replaced.db");
    await run(["import", "-", "--db", db], { stdin: otlpLine({ name: "old file" }) });
    const { call } = await connect(["--db", db]);
    expect(await call("list_traces")).toContain("old file");
    await run(["import", "-", "--db", db], { stdin: otlpLine({ name: "more of it" }) });
    expect(await call("list_traces")).toContain("more of it");

    await run(["import", "-", "--db", path("new.db")], { stdin: otlpLine({ name: "new file" }) });
    for (const suffix of ["-wal", "-shm"]) rmSync(db + suffix, { force: true });
    renameSync(path("new.db"), db);
    const answer = await call("list_traces");
    expect(answer).toContain("new file");
    expect(answer).not.toContain("old file");

    for (const suffix of ["", "-wal", "-shm"]) rmSync(db + suffix, { force: true });
    expect(await call("list_traces")).toContain("no store at");
  });

  test("works as hosts start it: another folder, a minimal PATH, the home's default store", async () => {
    const own = path("own-home");
    mkdirSync(own);
    await run(["import", "-"], { stdin: otlpLine({ name: "default place" }), env: { AGENSIGHT_HOME: own } });
    const { call } = await connect([], { AGENSIGHT_HOME: own, PATH: "/nowhere" }, "/");
    expect(await call("list_traces")).toContain("default place");
  });

  test("names the other stores of this machine where its own is empty, with the option that opens them", async () => {
    const other = path("other one.db");
    await run(["import", "-", "--db", other], { stdin: otlpLine() });
    const { call } = await connect(["--db", path("void.db")]);
    expect(await call("list_traces")).toContain(`--db "${other}"`);
    expect(
      JSON.parse(readFileSync(path("stores.json"), "utf8")).stores.map((store: { path: string }) => store.path),
    ).toContain(other);
  });

  test("tells what is wrong with a file that is no store, and keeps answering", async () => {
    const { client, call } = await connect(["--db", bin]);
    expect(await call("list_traces")).toContain("not an SQLite file");
    expect((await client.listTools()).tools.length).toBeGreaterThan(3);
  });

  test("writes nothing but MCP to stdout and leaves when stdin ends, calls under way answered first", async () => {
    const db = path("pure.db");
    await run(["import", "-", "--db", db], { stdin: otlpLine() });
    const { child, send, lines } = start(["--db", db]);
    for (const message of handshake) send(message);
    send({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "list_traces", arguments: {} } });
    child.stdin.end();
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    const messages = lines.map((line) => JSON.parse(line));
    expect(messages.map(({ jsonrpc, id }) => [jsonrpc, id])).toEqual([
      ["2.0", 1],
      ["2.0", 2],
    ]);
  });

  test.skipIf(process.platform === "win32").each(["SIGTERM", "SIGINT"] as const)(
    "leaves cleanly on %s",
    async (signal) => {
      const { child, send, answer } = start(["--db", path("signal.db")]);
      for (const message of handshake) send(message);
      await answer(1);
      child.kill(signal);
      const [code] = await once(child, "close");
      expect(code).toBe(0);
    },
  );

  test("keeps V8's code for the next start, and starts with a damaged or unwritable cache", async () => {
    const cache = path("cache");
    const first = await connect(["--db", path("cached.db")]);
    await expect.poll(() => existsSync(cache) && readdirSync(cache).length, { timeout: 15_000 }).toBe(1);
    expect(await first.call("list_traces")).toContain("no store");

    const file = `${cache}/${readdirSync(cache)[0]}`;
    const bytes = readFileSync(file);
    for (let at = 64; at < bytes.length; at += 97) bytes[at] = 0xff ^ (bytes[at] ?? 0);
    writeFileSync(file, bytes);
    expect(await (await connect(["--db", path("cached.db")])).call("list_traces")).toContain("no store");

    const blocked = path("blocked");
    writeFileSync(blocked, "a file where the home should be");
    expect(
      await (await connect(["--db", path("cached.db")], { AGENSIGHT_HOME: blocked })).call("list_traces"),
    ).toContain("no store");
  });

  test("sums up and indexes what recorders left, while nobody asks", async () => {
    const db = path("upkeep.db");
    const { openIngest } = await import("../../src/ingest/ingest.js");
    const ingest = await openIngest({ path: db });
    for (let i = 0; i < 20; i++) ingest.traces(JSON.parse(otlpLine()));
    ingest.close();
    const waiting = async () => JSON.parse((await run(["doctor", "--json", "--db", db])).stdout).store.unindexed_spans;
    expect(await waiting()).toBe(20);
    await connect(["--db", db]);
    await expect.poll(waiting, { timeout: 20_000, interval: 500 }).toBe(0);
  });

  test("its bundles have only characters that are one byte, as they are read: answers keep their arrows", async () => {
    for (const name of ["main", "main-mcp"])
      expect(
        readFileSync(new URL(`../../dist/cli/${name}.cjs`, import.meta.url)).findIndex((byte) => byte > 0x7f),
      ).toBe(-1);
    const db = path("arrows.db");
    const agentRun = (traceId: string, model: string, minute: number) => {
      const line = JSON.parse(otlpLine({ traceId, name: "chat", start: new Date(Date.UTC(2026, 10, 20, 10, minute)) }));
      const attributes = { "gen_ai.operation.name": "chat", "gen_ai.request.model": model };
      line.resourceSpans[0].scopeSpans[0].spans[0].attributes = Object.entries(attributes).map(
        ([key, stringValue]) => ({
          key,
          value: { stringValue },
        }),
      );
      return JSON.stringify(line);
    };
    const [a, b] = ["1".repeat(32), "2".repeat(32)];
    await run(["import", "-", "--db", db], { stdin: `${agentRun(a, "gpt-4o", 0)}\n${agentRun(b, "gpt-5", 1)}\n` });
    const { call } = await connect(["--db", db]);
    expect(await call("compare_traces", { a, b })).toContain("model gpt-4o → gpt-5");
  });

  test("wrong usage ends it with 2 and an empty stdout", async () => {
    const { code, stdout } = await run(["mcp", "--port", "1"]);
    expect([code, stdout]).toEqual([2, ""]);
  });
});
