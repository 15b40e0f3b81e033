/** Starts `agensight serve` as users do, on a free port and over a store of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { LogsData, TracesData } from "../../src/model/otlp.js";
import type { EngineName } from "../../src/store/engines/engine.js";
import { openReader } from "../../src/store/open.js";
import type { TraceReader } from "../../src/store/reader.js";
import { bin, environment } from "../cli/agensight.js";
import { temporaryFolder } from "../store/temporary-folder.js";

export type Served = {
  child: ChildProcess;
  /** `http://127.0.0.1:PORT` */
  url: string;
  port: number;
  path: string;
  stdout(): string;
  stderr(): string;
  /** exit code, or the signal's name */
  ended: Promise<number | string>;
  /** Resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
};

const running: ChildProcess[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "close");
  }
});

/** Resolves when it says where it listens, or has ended. */
export async function serve(
  args: string[] = [],
  { path = join(temporaryFolder(), "traces.db"), port = 0, env = {} as Record<string, string> } = {},
): Promise<Served> {
  const child = spawn(process.execPath, [bin, "serve", "--db", path, "--port", String(port), ...args], {
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  const url = await new Promise<string>((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
      const found = /OTLP +(http:\S+)/.exec(stderr)?.[1];
      if (found && stderr.includes("claude mcp add")) resolve(found);
    });
    void ended.then(() => resolve("http://127.0.0.1:0"));
  });
  return {
    child,
    url,
    port: Number(new URL(url).port),
    path,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    stop(signal = "SIGTERM") {
      child.kill(signal);
      return ended;
    },
  };
}

/** Posts OTLP/JSON. */
export function post(
  url: string,
  body: TracesData | LogsData | string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  signal: "traces" | "logs" = "traces",
): Promise<Response> {
  return fetch(`${url}/v1/${signal}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
}

/** Asks a store; the reader is closed afterwards. */
export async function ask<T>(
  path: string,
  question: (reader: TraceReader) => Promise<T>,
  options: { engine?: EngineName } = {},
): Promise<T> {
  const reader = await openReader(path, options);
  try {
    return await question(reader);
  } finally {
    reader.close();
  }
}

/** The ids of all spans of a store. */
export function spanIds(path: string, options: { engine?: EngineName } = {}): Promise<Set<string>> {
  const collect = async (reader: TraceReader): Promise<Set<string>> => {
    const found = new Set<string>();
    for (let after_seq = 0; ; ) {
      const { changes, has_more } = await reader.changes({ after_seq, limit: 1000 });
      for (const { span } of changes) found.add(span.span_id);
      if (!has_more) return found;
      after_seq = changes.at(-1)?.span.seq ?? 0;
    }
  };
  return ask(path, collect, options);
}
