// Bundles the command into two files of dist/cli: bin.js starts main.cjs. Puts beside them what the demo imports.
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const corpus = "test/fixtures/corpus";

/** `dist`: the folder with what tsc made. */
export function bundleCommand(dist) {
  const folder = join(dist, "cli");
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  const common = { bundle: true, platform: "node", target: "node20", legalComments: "none", logLevel: "warning" };
  const bundles = [
    buildSync({ ...common, entryPoints: [join(folder, "bin.js")], format: "esm", write: false }),
    buildSync({
      ...common,
      entryPoints: [join(folder, "main.js")],
      // CommonJS, so that a module is evaluated when it is first needed: `mcp` answers before the store is loaded
      format: "cjs",
      supported: { "dynamic-import": false },
      minifyWhitespace: true,
      minifySyntax: true,
      external: ["libsql", "sql.js", "@pydantic/genai-prices"],
      define: { "import.meta.url": "bundleUrl", AGENSIGHT_VERSION: JSON.stringify(version) },
      write: false,
    }),
  ].map(({ outputFiles }) => outputFiles[0].contents);

  writeFileSync(join(folder, "bin.js"), bundles[0]);
  chmodSync(join(folder, "bin.js"), 0o755);
  writeFileSync(join(folder, "main.cjs"), bundles[1]);
  if (existsSync(corpus)) writeFileSync(join(folder, "corpus.jsonl.gz"), gzipSync(corpusLines(), { level: 9 }));
}

function corpusLines() {
  const names = readdirSync(corpus).filter((name) => name.endsWith(".jsonl"));
  // spans before the log records that belong to them
  names.sort((a, b) => Number(a.includes("logs")) - Number(b.includes("logs")) || (a < b ? -1 : 1));
  return names.map((name) => `${readFileSync(join(corpus, name), "utf8").trim()}\n`).join("");
}
