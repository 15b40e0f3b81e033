// Bundles the command into dist/cli: bin.js, which starts it, main.cjs, and the corpus that the demo imports.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
// what tsc made of src/cli is not used: nobody imports the command
rmSync("dist/cli", { recursive: true, force: true });

/** @type {import("esbuild").BuildOptions} */
const common = { bundle: true, platform: "node", target: "node20", legalComments: "none", logLevel: "warning" };
await build({ ...common, entryPoints: ["src/cli/bin.ts"], outfile: "dist/cli/bin.js", format: "esm", minifySyntax: true });
await build({
  ...common,
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/cli/main.cjs",
  // evaluates a module when it is first imported: `mcp` answers before the store and the prices are loaded
  format: "cjs",
  minifyWhitespace: true,
  minifySyntax: true,
  supported: { "dynamic-import": false },
  external: ["libsql", "sql.js", "@pydantic/genai-prices"],
  define: { "import.meta.url": "bundleUrl", AGENSIGHT_VERSION: JSON.stringify(version) },
});

const corpus = "test/fixtures/corpus";
if (existsSync(corpus)) {
  // spans before the logs that belong to them
  const names = readdirSync(corpus).filter((name) => name.endsWith(".jsonl"));
  names.sort((a, b) => Number(a.includes("logs")) - Number(b.includes("logs")) || (a < b ? -1 : 1));
  const lines = names.map((name) => `${readFileSync(join(corpus, name), "utf8").trim()}\n`);
  writeFileSync("dist/cli/corpus.jsonl.gz", gzipSync(lines.join(""), { level: 9 }));
}
