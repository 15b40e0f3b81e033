// OTLP over HTTP: the large workload into `agensight serve`, against autotel-mcp, which stores what it receives as well.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { name, startAutotel, version } from "./autotel.mjs";
import { atLeast, atMost, median, told } from "./figures.mjs";
import { peakMemory, serve } from "./served.mjs";
import { spanCount, workload } from "./workload.mjs";

const rounds = 3;
const rivalPort = 14318;

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
    told(`receive: ${name} ${version}, the same requests`, theirs, "/s", "with --persist"),
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

/** Spans a second. */
async function measureRival(path) {
  const folder = mkdtempSync(join(tmpdir(), "agensight-bench-rival-"));
  try {
    const server = await startAutotel({ port: rivalPort, db: join(folder, "it.db") });
    const { seconds, spans } = await post(path, server.url);
    process.stderr.write(`${name} held ${Math.round(peakMemory(server.pid))} MB\n`);
    await server.close();
    return spans / seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
