// autotel-mcp, another MCP server that stores the OTLP it receives: what receiving and answers are compared with.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { cacheFolder } from "./workload.mjs";

export const name = "autotel-mcp";
export const version = "0.8.0";

/**
 * Starts it to receive at a port, in memory unless it is given a store file: {ask, pid, url, close}. It throws nothing
 * away for its age. Installed once into the temporary folder.
 */
export async function startAutotel({ port, db }) {
  const place = join(cacheFolder, `${name}-${version}`);
  const program = join(place, "node_modules", name, "bin", name);
  if (!existsSync(program)) {
    mkdirSync(place, { recursive: true });
    await promisify(execFile)("npm", ["install", "--silent", "--prefix", place, `${name}@${version}`]);
  }
  const options = { "collector-port": port, ...(db && { persist: db }), "retention-ms": 1e12, "max-traces": 1e6 };
  const args = [program, ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)])];
  const transport = new StdioClientTransport({ command: process.execPath, args, stderr: "pipe" });
  const receives = new Promise((done, fail) => {
    transport.stderr.on("data", (text) => String(text).includes("OTLP receiver") && done());
    transport.stderr.on("close", () => fail(new Error(`${name} did not start`)));
    setTimeout(() => fail(new Error(`${name} does not receive at port ${port}`)), 60_000).unref();
  });
  const client = new Client({ name: "agensight-bench", version: "0" });
  try {
    await Promise.all([client.connect(transport), receives]);
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    /** The answer's text. */
    async ask(tool, args = {}) {
      const result = await client.callTool({ name: tool, arguments: args }, undefined, { timeout: 120_000 });
      const text = result.content.map((block) => block.text ?? "").join("");
      if (result.isError) throw new Error(`${tool} ${JSON.stringify(args)}: ${text}`);
      return text;
    },
    pid: transport.pid,
    url: `http://127.0.0.1:${port}`,
    close: () => client.close(),
  };
}
