// Runs the protocol's own conformance suite against `agensight serve`, which must have been built.
// Usage: node scripts/conformance.mjs RUNNER   RUNNER: dist/index.js of @modelcontextprotocol/conformance, which needs
// Node 22 or newer. Exits 1 when a scenario failed. CONFORMANCE_REPORT=FILE: writes {passed, failed} there.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** Those that need nothing of the server but the protocol. The others call tools, resources and prompts named `test_…`. */
const scenarios = [
  "server-initialize",
  "ping",
  "logging-set-level",
  "completion-complete",
  "tools-list",
  "prompts-list",
  "resources-list",
  "resources-subscribe",
  "resources-unsubscribe",
  "server-sse-multiple-streams",
  "dns-rebinding-protection",
];

const runner = resolve(process.argv[2] ?? "");
const bin = "dist/cli/bin.js";
const folder = mkdtempSync(join(tmpdir(), "agensight-conformance-"));
const env = { ...process.env, AGENSIGHT_HOME: join(folder, "home") };
const db = join(folder, "traces.db");
spawnSync(process.execPath, [bin, "import", "dist/cli/corpus.jsonl.gz", "--db", db], { env, stdio: "inherit" });
const server = spawn(process.execPath, [bin, "serve", "--db", db, "--port", "0"], {
  env,
  stdio: ["ignore", "inherit", "pipe"],
});
let failed = 0;
try {
  const url = await address();
  for (const scenario of scenarios) {
    const args = [runner, "server", "--url", url, "--scenario", scenario, "-o", join(folder, "results")];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", cwd: folder });
    console.log(`${status === 0 ? "ok    " : "FAILED"}  ${scenario}`);
    if (status === 0) continue;
    failed++;
    console.log(`${stdout}${stderr}`);
  }
} finally {
  server.kill("SIGTERM");
  await once(server, "close");
  rmSync(folder, { recursive: true, force: true });
}
const passed = scenarios.length - failed;
console.log(`${passed} of ${scenarios.length} scenarios passed`);
if (process.env.CONFORMANCE_REPORT) writeFileSync(process.env.CONFORMANCE_REPORT, JSON.stringify({ passed, failed }));
process.exitCode = failed ? 1 : 0;

/** What the server says of where MCP is. */
async function address() {
  for await (const line of createInterface({ input: server.stderr })) {
    const [url] = /http:\/\/\S+\/mcp/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error("agensight serve did not start");
}
