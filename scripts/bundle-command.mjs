// Bundles the command: dist/cli/start.cjs runs main.cjs or main-mcp.cjs, and these run receiver.cjs on a thread of its
// own. Puts beside them what the demo imports.
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const corpus = "test/fixtures/corpus";

/** `dist`: the folder with what tsc made. */
export function bundleCommand(dist) {
  const folder = join(dist, "cli");
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const [name, entry] of [
    ["start", "cli/start.js"],
    ["main", "cli/main.js"],
    ["main-mcp", "cli/main-mcp.js"],
    ["receiver", "server/receiving/worker.js"],
  ])
    buildSync({
      entryPoints: [join(dist, entry)],
      outfile: join(folder, `${name}.cjs`),
      bundle: true,
      platform: "node",
      target: "node20",
      // CommonJS, so that a module is evaluated when it is first needed: `mcp` answers before the store is loaded
      format: "cjs",
      supported: { "dynamic-import": false },
      minifyWhitespace: true,
      minifySyntax: true,
      legalComments: "none",
      external: ["libsql", "sql.js", "ws", "@pydantic/genai-prices"],
      // the MCP SDK loads a validator that only clients and elicitation use
      alias: { ajv: "./scripts/no-validator.cjs", "ajv-formats": "./scripts/no-validator.cjs" },
      define: { "import.meta.url": "bundleUrl", AGENSIGHT_VERSION: JSON.stringify(version) },
      // the others are told where they lie by start.cjs
      ...(name === "receiver"
        ? { banner: { js: 'var bundleUrl = require("node:url").pathToFileURL(__filename).href;' } }
        : {}),
      logLevel: "warning",
    });
  for (const name of ["main", "main-mcp"]) escapeToAscii(join(folder, `${name}.cjs`));
  chmodSync(join(folder, "bin.js"), 0o755);
  if (existsSync(corpus)) writeFileSync(join(folder, "corpus.jsonl.gz"), gzipSync(corpusLines(), { level: 9 }));
}

/**
 * start.cjs reads a bundle byte by byte. esbuild escapes what is not ASCII in strings, but not in regular expressions
 * and tagged templates, where the same escapes mean the same (String.raw is only used for expressions).
 */
function escapeToAscii(file) {
  const source = readFileSync(file, "utf8");
  if (/\\[\u0080-\uffff]/.test(source))
    throw new Error(`${file}: a backslash before a character that is to be escaped`);
  const hex = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  writeFileSync(file, source.replace(/[\u0080-\uffff]/g, hex));
}

function corpusLines() {
  const names = readdirSync(corpus).filter((name) => name.endsWith(".jsonl"));
  // spans before the log records that belong to them
  names.sort((a, b) => Number(a.includes("logs")) - Number(b.includes("logs")) || (a < b ? -1 : 1));
  return names.map((name) => `${readFileSync(join(corpus, name), "utf8").trim()}\n`).join("");
}
