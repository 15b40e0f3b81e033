// A real `agensight serve` on a store of its own.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** {url, wsUrl, db, pid, peakMemory(), loopDelay()} and stop(). `watchLoop`: its event loop delay is measured. */
export async function serve({ watchLoop = false } = {}) {
  const home = mkdtempSync(join(tmpdir(), "agensight-bench-serve-"));
  const db = join(home, "traces.db");
  const delays = join(home, "loop-delay.json");
  const preload = watchLoop ? ["--import", "./bench/loop-delay.mjs"] : [];
  const child = spawn(process.execPath, [...preload, "dist/cli/bin.js", "serve", "--db", db, "--port", "0"], {
    env: { ...process.env, AGENSIGHT_HOME: home, LOOP_DELAY_FILE: delays },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((done) => child.on("close", done));
  let said = "";
  const url = await new Promise((done, fail) => {
    child.stderr.on("data", (text) => {
      said += text;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found) done(found[0]);
    });
    child.on("close", () => fail(new Error(`agensight serve ended: ${said}`)));
  });
  return {
    url,
    wsUrl: url.replace("http", "ws"),
    db,
    peakMemory: () => peakMemory(child.pid),
    /** Starts the measurement of the delay anew. */
    resetLoop: () => child.kill("SIGUSR2"),
    /** Ends the server; what was measured: {p99} in ms, or null. Its store goes unless `keep`. */
    async stop({ keep = false } = {}) {
      child.kill("SIGTERM");
      await ended;
      const measured = watchLoop ? JSON.parse(readFileSync(delays, "utf8")) : null;
      if (!keep) rmSync(home, { recursive: true, force: true });
      return measured;
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** The most memory that a process has held, MB; NaN where the system does not tell. */
export function peakMemory(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1000;
  } catch {
    return Number.NaN;
  }
}
