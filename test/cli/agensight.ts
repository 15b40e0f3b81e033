/** Runs the built command as users do: a process of its own, with its own home. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const bin = fileURLToPath(new URL("../../dist/cli/bin.js", import.meta.url));
export const corpusFolder = fileURLToPath(new URL("../fixtures/corpus", import.meta.url));

export type Run = { code: number | null; stdout: string; stderr: string };
export type RunOptions = {
  env?: Record<string, string | undefined>;
  stdin?: string | Buffer;
  cwd?: string;
  node?: string[];
};

/** A folder of its own that is also AGENSIGHT_HOME. */
export function makeHome() {
  const home = mkdtempSync(join(tmpdir(), "agensight-cli-"));
  const path = (name: string) => join(home, name);
  return {
    home,
    path,
    write(name: string, content: string | Buffer): string {
      writeFileSync(path(name), content);
      return path(name);
    },
    run: (args: string[], options: RunOptions = {}) =>
      agensight(args, { ...options, env: { AGENSIGHT_HOME: home, ...options.env } }),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

export function environment(extra: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  return { ...process.env, NO_COLOR: "1", ...extra };
}

async function agensight(args: string[], options: RunOptions = {}): Promise<Run> {
  const child = spawn(process.execPath, [...(options.node ?? []), bin, ...args], {
    env: environment(options.env),
    ...(options.cwd ? { cwd: options.cwd } : {}),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

let made = 0;

/** One OTLP/JSON line with one span. */
export function otlpLine(
  over: { service?: string; name?: string; traceId?: string; spanId?: string; start?: Date; session?: string } = {},
): string {
  const n = ++made;
  const start = BigInt((over.start ?? new Date("2026-11-20T10:00:00Z")).getTime()) * 1_000_000n;
  const attributes = over.session ? [{ key: "session.id", value: { stringValue: over.session } }] : [];
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: over.service ?? "shop" } }] },
        scopeSpans: [
          {
            scope: { name: "app" },
            spans: [
              {
                traceId: over.traceId ?? n.toString(16).padStart(32, "a"),
                spanId: over.spanId ?? n.toString(16).padStart(16, "b"),
                name: over.name ?? `step ${n}`,
                startTimeUnixNano: String(start),
                endTimeUnixNano: String(start + 5_000_000n),
                attributes,
              },
            ],
          },
        ],
      },
    ],
  });
}
