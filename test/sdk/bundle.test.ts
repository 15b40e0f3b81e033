import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/start.js";
import { spanTree } from "./integrations/span-tree.js";
import { dist, run, spansIn, workspace } from "./program.js";

let space: ReturnType<typeof workspace>;
let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  space = workspace();
});
afterEach(async () => {
  await server.close();
  space.remove();
});

// CommonJS packages inside an ES module bundle ask for `require`
const requireForEsm = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

const formats = [
  ["esm", "app.mjs", requireForEsm],
  ["cjs", "app.cjs", ""],
] as const;

test.each(formats)(
  "A program bundled by esbuild as %s, minified, records and connects",
  async (format, name, banner) => {
    const file = await bundled("app.mjs", format, name, banner);
    const { code, stdout, stderr, messages } = await run("", { file, db: space.db, args: [server.wsUrl] });
    expect({ code, stdout, stderr, messages }).toEqual({ code: 0, stdout: "", stderr: "", messages: ["flushed"] });
    expect((await spansIn(space.db)).map((span) => span.name)).toEqual(["from a bundle"]);
    expect((await spansIn(server.path)).map((span) => span.name)).toEqual(["from a bundle"]);
  },
);

test.each(formats)(
  "LangChain that is bundled as %s is recorded, with what runs in its tools",
  async (format, name, banner) => {
    const file = await bundled("langchain-bundle.mjs", format, name, banner);
    const { code, stderr, messages } = await run("", { file, db: space.db });
    expect({ code, stderr, messages }).toEqual({ code: 0, stderr: "", messages: ["flushed"] });
    expect(spanTree(await spansIn(space.db))).toBe(
      ["invoke_workflow counting", "  invoke_workflow count", "    execute_tool double", "      arithmetic"].join("\n"),
    );
  },
);

async function bundled(program: string, format: "esm" | "cjs", name: string, banner: string): Promise<string> {
  const file = join(space.folder, "out", name);
  await build({
    entryPoints: [resolve(import.meta.dirname, "programs", program)],
    alias: { agensight: join(dist, "index.js") },
    outfile: file,
    bundle: true,
    minify: true,
    platform: "node",
    format,
    banner: { js: banner },
    logLevel: "error",
  });
  // the engines are not bundled: they lie where the program lies
  mkdirSync(join(space.folder, "node_modules"));
  for (const engine of ["libsql", "sql.js"])
    symlinkSync(resolve("node_modules", engine), join(space.folder, "node_modules", engine));
  return file;
}
