// How long `agensight mcp` takes from its start to its answer to `initialize`, against an empty Node program.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { atMost, median, told } from "./figures.mjs";

const rounds = 15;
const bin = "dist/cli/bin.js";

const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "1" } };
const initialize = { jsonrpc: "2.0", id: 1, method: "initialize", params };
const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
const listTools = { jsonrpc: "2.0", id: 2, method: "tools/list" };

export async function run() {
  const home = mkdtempSync(join(tmpdir(), "agensight-bench-startup-"));
  const cache = join(home, "cache");
  try {
    const empty = [];
    const cold = [];
    const warm = [];
    const tools = [];
    for (let round = 0; round < 5; round++) cold.push((await serve(home)).initialized);
    await fillCache(home, cache);
    for (let round = 0; round < rounds; round++) {
      empty.push(await emptyProgram());
      const times = await serve(home);
      warm.push(times.initialized);
      tools.push(times.listed);
    }
    const floor = median(empty);
    return [
      told("start: floor, an empty Node program", floor, "ms", "node -e 0, start to end"),
      told("start: mcp answers initialize", median(warm), "ms"),
      atMost("start: initialize against the floor", median(warm) / floor, 1.8, "×", `medians of ${rounds}`),
      told("start: tools/list answered as well", median(tools) / floor, "×"),
      told("start: initialize the first time, nothing compiled", median(cold) / floor, "×", "medians of 5"),
    ];
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function emptyProgram() {
  const began = performance.now();
  await new Promise((done) => spawn(process.execPath, ["-e", "0"], { stdio: "ignore" }).on("exit", done));
  return performance.now() - began;
}

/** Starts the server as a host does; ms until each answer. */
async function serve(home, untilDone = async () => {}) {
  const began = performance.now();
  const child = spawn(process.execPath, [bin, "mcp", "--db", join(home, "none.db")], {
    env: { ...process.env, AGENSIGHT_HOME: home },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((done) => child.on("close", done));
  const times = {};
  let waiting = "";
  const answered = (id) =>
    new Promise((done, fail) => {
      child.stdout.on("data", function read(text) {
        waiting += text;
        if (!waiting.includes(`"id":${id}`) || !waiting.endsWith("\n")) return;
        waiting = "";
        child.stdout.off("data", read);
        done(performance.now() - began);
      });
      child.on("close", () => fail(new Error("agensight mcp ended without an answer")));
    });
  const first = answered(1);
  child.stdin.write(`${JSON.stringify(initialize)}\n`);
  times.initialized = await first;
  const second = answered(2);
  child.stdin.write(`${JSON.stringify(initialized)}\n${JSON.stringify(listTools)}\n`);
  times.listed = await second;
  await untilDone();
  child.stdin.end();
  await ended;
  return times;
}

/** One server that lives until it has kept its compiled code. */
async function fillCache(home, cache) {
  await serve(home, async () => {
    const deadline = Date.now() + 20_000;
    while (!existsSync(cache) || readdirSync(cache).every((name) => !name.endsWith(".v8"))) {
      if (Date.now() > deadline) throw new Error("agensight mcp kept no compiled code");
      await new Promise((done) => setTimeout(done, 100));
    }
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  for (const { name, value, target, unit, ok } of await run())
    console.log(
      `${name.padEnd(52)} ${value.toFixed(2).padStart(8)} ${unit.padEnd(3)} ${target === null ? "" : `≤ ${target} ${ok ? "ok" : "MISSED"}`}`,
    );
