/** The real command, spoken to by a real MCP client over stdin and stdout, and by hand. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openIngest } from "../../src/ingest/ingest.js";
import { corpusLines, storeOf, type TestStore } from "./store.js";

const bin = join(process.env.AGENSIGHT_DIST ?? "dist", "cli/bin.js");
const home = mkdtempSync(join(tmpdir(), "agensight-home-"));
const env = { ...(process.env as Record<string, string>), AGENSIGHT_HOME: home };

let store: TestStore;
beforeAll(async () => {
  store = await storeOf(corpusLines());
});
afterAll(() => {
  store.remove();
  rmSync(home, { recursive: true, force: true });
});

async function client(db: string) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [bin, "mcp", "--db", db],
    env,
    stderr: "inherit",
  });
  const mcp = new Client({ name: "test", version: "1" });
  await mcp.connect(transport);
  const ask = async (name: string, args: Record<string, unknown> = {}) =>
    ((await mcp.callTool({ name, arguments: args })).content as { text: string }[])[0]?.text ?? "";
  return { mcp, ask };
}

const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "hand", version: "1" } },
};
const call = (id: number, name: string, args = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args },
});
const lines = (...messages: unknown[]) => messages.map((message) => `${JSON.stringify(message)}\n`).join("");

describe("agensight mcp", () => {
  it("answers tools and resources of a store", async () => {
    const { mcp, ask } = await client(store.path);
    expect(mcp.getServerVersion()?.name).toBe("agensight");
    expect((await mcp.listTools()).tools.length).toBeGreaterThanOrEqual(7);
    const [id] = /^[0-9a-f]{32}/.exec(await ask("list_traces", { limit: 1 })) ?? [];
    expect(await ask("get_trace", { trace_id: id })).toContain(`trace ${id}`);
    expect(await ask("get_usage")).toContain("\ntotal | ");
    const { contents } = await mcp.readResource({ uri: `agensight://traces/${id}` });
    expect(contents).toHaveLength(1);
    await mcp.close();
  });

  it("starts without a file and sees it when it appears", async () => {
    const folder = mkdtempSync(join(tmpdir(), "agensight-late-"));
    const path = join(folder, "traces.db");
    const { mcp, ask } = await client(path);
    expect(await ask("list_traces")).toContain(`There is no store at ${path} yet`);
    const ingest = await openIngest({ path });
    for (const request of corpusLines().slice(0, 3)) ingest.traces(request);
    ingest.close();
    expect(await ask("list_traces")).toMatch(/^[0-9a-f]{32} /);
    await mcp.close();
    rmSync(folder, { recursive: true });
  });

  it("answers everything that was asked before stdin ended, writes nothing but messages, and leaves", async () => {
    const child = spawn(process.execPath, [bin, "mcp", "--db", store.path], {
      env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stdin.end(
      `${lines(initialize, { jsonrpc: "2.0", method: "notifications/initialized" }, call(2, "list_traces"), call(3, "get_usage"), "not a message")}{broken\n`,
    );
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    const answers = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(answers.map((answer) => answer.id).sort()).toEqual([1, 2, 3]);
    for (const answer of answers) expect(answer.jsonrpc).toBe("2.0");
  });

  it("leaves quietly when the reader of its answers is gone", async () => {
    const child = spawn(process.execPath, [bin, "mcp", "--db", store.path], { env, stdio: ["pipe", "pipe", "pipe"] });
    let complaint = "";
    child.stderr.on("data", (chunk) => {
      complaint += chunk;
    });
    child.stdin.on("error", () => {});
    child.stdin.write(lines(initialize));
    await once(child.stdout, "data");
    child.stdout.destroy();
    child.stdin.write(lines(...Array.from({ length: 20 }, (_, i) => call(i + 2, "list_traces"))));
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    expect(complaint).toBe("");
  });
});
