/** What npm would publish, unpacked beside nothing but its declared dependencies, and the host configuration that ships with it. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const needed = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
const readme = readFileSync("README.md", "utf8");
let folder: string;

const command = () => join(folder, "node_modules/agensight", manifest.bin.agensight);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "agensight-package-"));
  const modules = join(folder, "node_modules");
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      encoding: "utf8",
      shell: process.platform === "win32",
    }),
  );
  mkdirSync(join(modules, "agensight"), { recursive: true });
  execFileSync("tar", [
    "-xzf",
    join(folder, packed.filename),
    "-C",
    join(modules, "agensight"),
    "--strip-components=1",
  ]);
  for (const name of Object.keys(needed).filter((name) => existsSync(join("node_modules", name)))) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(resolve("node_modules", name), join(modules, name), "junction");
  }
  writeFileSync(join(folder, "package.json"), `{"type":"module"}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const evaluate = async (kind: "module" | "commonjs", code: string) => {
  const flags = ["--no-warnings", `--input-type=${kind}`, "-e", code];
  return (await run(process.execPath, flags, { cwd: folder })).stdout.trim();
};

test("every entry of the package can be imported, and required from CommonJS", async () => {
  const entries = Object.keys(manifest.exports).filter((entry) => !/\*|\.json$/.test(entry));
  expect(entries).toContain(".");
  for (const entry of entries) {
    const name = entry.replace(".", "agensight");
    const names = await evaluate("module", `console.log(Object.keys(await import("${name}")).sort().join())`);
    expect(names).not.toBe("");
    if (process.features.require_module) {
      expect(await evaluate("commonjs", `console.log(Object.keys(require("${name}")).sort().join())`)).toBe(names);
    }
  }
});

test("the README's names are exported", async () => {
  const names = await evaluate("module", `console.log(Object.keys(await import("agensight")).join())`);
  expect(names.split(",")).toEqual(
    expect.arrayContaining([
      "setupTracing",
      "startSpan",
      "agent",
      "tool",
      "retrieval",
      "llm",
      "withSession",
      "enableSessionTracking",
      "setSessionId",
    ]),
  );
  expect(await evaluate("module", `console.log(Object.keys(await import("agensight/exporter")).join())`)).toContain(
    "SqliteSpanExporter",
  );
});

test("the README's programs run as they stand, and what they record can be exported", async () => {
  const [recorded, exporter] = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
  const home = join(folder, "home");
  const env = { ...process.env, AGENSIGHT_HOME: home };
  const program = join(folder, "readme.mjs");
  writeFileSync(program, recorded ?? "");
  expect((await run(process.execPath, [program], { env })).stdout).toBe("It is 4 °C with rain in Oslo.\n");
  const { stdout } = await run(process.execPath, [command(), "export"], { env, cwd: folder });
  for (const word of ["my-app", "researcher", "get_weather", "user-123", "gpt-4.1-mini"])
    expect(stdout).toContain(word);

  writeFileSync(
    program,
    `${exporter}
    provider.getTracer("shop").startSpan("checkout").end();
    await provider.shutdown();`,
  );
  await run(process.execPath, [program], { env });
  expect((await run(process.execPath, [command(), "export"], { env, cwd: folder })).stdout).toContain("checkout");
});

test("the commands that the README lists are those of the help", async () => {
  const { stdout } = await run(process.execPath, [command(), "--help"], { cwd: folder });
  const listed = [...readme.matchAll(/^\| `agensight (\w+)/gm)].map((match) => match[1]);
  const helped = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map((match) => match[1]);
  expect(listed.toSorted()).toEqual(helped.toSorted());
});

test("the command says its version", async () => {
  expect((await run(process.execPath, [command(), "--version"], { cwd: folder })).stdout.trim()).toBe(manifest.version);
});

test("mcp.json starts the server from a clone as it stands", async () => {
  const { agensight } = JSON.parse(readFileSync("mcp.json", "utf8")).mcpServers;
  const env = { ...(process.env as Record<string, string>), npm_config_offline: "true" };
  const client = new Client({ name: "host", version: "1" });
  await client.connect(new StdioClientTransport({ ...agensight, env, stderr: "pipe" }));
  try {
    expect((await client.listTools()).tools.map((tool) => tool.name)).toContain("list_traces");
  } finally {
    await client.close();
  }
});
