/** The linter's layer borders: every import or global that a layer must not use turns the build red, the others stay green. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const layers = ["model", "semantics", "redaction", "store", "ingest", "sdk", "mcp", "server", "view", "cli"];
const allowed: Record<string, string[]> = {
  model: [],
  semantics: ["model"],
  redaction: ["model"],
  store: ["model"],
  ingest: ["semantics", "redaction", "store", "model"],
  sdk: ["ingest", "redaction", "model"],
  mcp: ["store", "redaction", "model"],
  server: ["mcp", "ingest", "store", "model"],
  view: ["model"],
  cli: ["server", "mcp", "sdk", "ingest", "redaction", "store", "model"],
};

type Case = { file: string; code: string; red: boolean };

const fromFolder = (layer: string, depth: number) => `${"../".repeat(depth)}${layer}/thing.js`;
const importOf = (path: string) => `import { thing } from "${path}";\nthing();\n`;

const layerCases: Case[] = layers.flatMap((from) =>
  layers
    .filter((to) => to !== from)
    .flatMap((to) =>
      [1, 2, 3].map((depth) => ({
        file: `src/${from}/${"deep/".repeat(depth - 1)}${to}-${depth}.ts`,
        code: importOf(fromFolder(to, depth)),
        red: !allowed[from]?.includes(to),
      })),
    ),
);

const otherCases: Case[] = [
  { file: "src/model/type-only.ts", code: `export type { A } from "../store/reader.js";\n`, red: true },
  { file: "src/mcp/later.ts", code: `export const later = () => import("../ingest/ingest.js");\n`, red: true },
  { file: "src/sdk/entry.ts", code: importOf("../index.js"), red: true },
  { file: "src/store/engines/node-sqlite.ts", code: importOf("node:sqlite"), red: false },
  { file: "src/ingest/node-sqlite.ts", code: importOf("node:sqlite"), red: true },
  { file: "src/cli/libsql.ts", code: importOf("libsql"), red: true },
  { file: "src/server/wasm.ts", code: importOf("sql.js"), red: true },
  { file: "src/model/node.ts", code: importOf("node:fs/promises"), red: true },
  { file: "src/redaction/node.ts", code: importOf("node:crypto"), red: true },
  { file: "src/ingest/node.ts", code: importOf("node:crypto"), red: false },
  { file: "src/mcp/server.ts", code: importOf("@modelcontextprotocol/sdk/server/index.js"), red: false },
  { file: "src/mcp/stdio.ts", code: importOf("@modelcontextprotocol/sdk/server/stdio.js"), red: false },
  { file: "src/server/mcp-http.ts", code: importOf("@modelcontextprotocol/sdk/types.js"), red: false },
  { file: "src/server/json-rpc.ts", code: importOf("@modelcontextprotocol/sdk/types.js"), red: false },
  {
    file: "src/server/websocket-transport.ts",
    code: importOf("@modelcontextprotocol/sdk/shared/transport.js"),
    red: false,
  },
  { file: "src/server/mcp-websocket.ts", code: importOf("@modelcontextprotocol/sdk/types.js"), red: true },
  { file: "src/mcp/tools/list.ts", code: importOf("@modelcontextprotocol/sdk/types.js"), red: true },
  { file: "src/cli/demo-client.ts", code: importOf("@modelcontextprotocol/sdk/client/index.js"), red: false },
  { file: "src/cli/tail.ts", code: importOf("@modelcontextprotocol/sdk/client/index.js"), red: true },
  { file: "test/mcp/client.ts", code: importOf("@modelcontextprotocol/sdk/client/index.js"), red: false },
  { file: "src/store/env.ts", code: "export const path = process.env.PLACE;\n", red: true },
  { file: "src/sdk/argv.ts", code: "export const words = process.argv;\n", red: true },
  { file: "src/mcp/leave.ts", code: "export const leave = () => process.exit(1);\n", red: true },
  { file: "src/sdk/print.ts", code: `console.log("hello");\n`, red: true },
  { file: "src/server/print.ts", code: `process.stdout.write("hello");\n`, red: true },
  { file: "src/cli/print.ts", code: `process.stdout.write("hello");\n`, red: false },
  { file: "src/sdk/environment.ts", code: "export const path = process.env.PLACE;\n", red: false },
  { file: "src/cli/main.ts", code: "export const words = [process.env.PLACE, process.argv];\n", red: false },
  { file: "src/store/Utils.ts", code: "export const one = 1;\n", red: true },
];

let copy: string;
let red: Map<string, string[]>;

/** Lints a temporary project that has our configuration and nothing but the wrong files. */
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "agensight-borders-"));
  await cp("biome.json", join(copy, "biome.json"));
  await cp(".biome", join(copy, ".biome"), { recursive: true });
  for (const { file, code } of [...layerCases, ...otherCases]) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await writeFile(join(copy, file), code);
  }
  const biome = resolve("node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "lint", "--vcs-enabled=false", "--reporter=json", "--max-diagnostics=none", "."];
  const report = await new Promise<string>((done) => {
    execFile(process.execPath, args, { cwd: copy, maxBuffer: 1 << 26 }, (_error, stdout) => done(stdout));
  });
  red = new Map();
  for (const { severity, location, message } of JSON.parse(report).diagnostics) {
    if (severity === "error") red.set(location.path, [...(red.get(location.path) ?? []), message]);
  }
});
afterAll(() => rm(copy, { recursive: true, force: true }));

describe("an import across a border", () => {
  for (const from of layers) {
    test(`${from} may import ${allowed[from]?.join(", ") || "nothing of ours"} and no other layer`, () => {
      for (const { file, red: expected } of layerCases.filter((c) => c.file.startsWith(`src/${from}/`))) {
        expect([file, red.has(file)]).toEqual([file, expected]);
      }
    });
  }
});

describe("what belongs to one place only", () => {
  for (const { file, code, red: expected } of otherCases) {
    test(`${file} ${expected ? "may not" : "may"} hold ${code.split("\n")[0]}`, () => {
      expect(red.get(file) ?? []).toHaveLength(expected ? 1 : 0);
    });
  }
});
