// OTLP over HTTP: the large workload into `agensight serve`, against autotel-mcp, which stores what it receives as well.
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { atLeast, atMost, median, told } from "./figures.mjs";
import { peakMemory, serve } from "./served.mjs";
import { cacheFolder, spanCount, workload } from "./workload.mjs";

const rounds = 3;
const rival = { name: "autotel-mcp", version: "0.8.0", port: 14318 };

export async function run() {
  const { path } = await workload();
  const rates = [];
  const memory = [];
  for (let round = 0; round < rounds; round++) {
    const server = await serve();
    const { seconds, spans } = await post(path, server.url);
    memory.push(server.peakMemory());
    await server.stop({ keep: true });
    const stored = await countSpans(server.db);
    server.remove();
    if (stored !== spanCount || spans !== spanCount) throw new Error(`${stored} of ${spans} received spans are stored`);
    rates.push(spans / seconds);
  }
  const theirs = await measureRival(path);
  const rate = median(rates);
  return [
    told("receive: OTLP over HTTP, 4 connections", rate, "/s", `${rates.map(Math.round).join(", ")} spans a second`),
    told(`receive: ${rival.name} ${rival.version}, the same requests`, theirs, "/s", "with --persist"),
    atLeast("receive: against it", rate / theirs, 15, "×"),
    atMost("receive: the most memory held", median(memory), 300, "MB", "VmHWM"),
  ];
}

async function post(file, url) {
  const { stdout } = await promisify(execFile)(process.execPath, ["bench/post-requests.mjs", file, `${url}/v1/traces`]);
  return JSON.parse(stdout);
}

async function countSpans(db) {
  const { openReader } = await import("../dist/store/open.js");
  const reader = await openReader(db);
  const { spans } = await reader.info();
  reader.close();
  return spans;
}

/** Spans a second. Installed once into the temporary folder. */
async function measureRival(path) {
  const place = join(cacheFolder, `${rival.name}-${rival.version}`);
  const program = join(place, "node_modules", rival.name, "bin", rival.name);
  if (!existsSync(program)) {
    mkdirSync(place, { recursive: true });
    await promisify(execFile)("npm", ["install", "--silent", "--prefix", place, `${rival.name}@${rival.version}`]);
  }
  const folder = mkdtempSync(join(tmpdir(), "agensight-bench-rival-"));
  const options = {
    "collector-port": rival.port,
    persist: join(folder, "it.db"),
    "retention-ms": 1e12,
    "max-traces": 1e6,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [program, ...args], { stdio: ["pipe", "ignore", "pipe"] });
  try {
    await new Promise((done, fail) => {
      child.stderr.on("data", (text) => String(text).includes("OTLP receiver") && done());
      child.on("close", () => fail(new Error(`${rival.name} did not start`)));
    });
    const { seconds, spans } = await post(path, `http://127.0.0.1:${rival.port}`);
    process.stderr.write(`${rival.name} held ${Math.round(peakMemory(child.pid))} MB\n`);
    return spans / seconds;
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}
