/** Runs a program of this folder in a process of its own: bundled from the sources, on any Node. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { temporaryFolder } from "./temporary-folder.js";

const bundles = new Map<string, Promise<string>>();

/** Path of the bundle of `programs/<name>.ts`; made once. */
function bundle(name: string): Promise<string> {
  let made = bundles.get(name);
  if (!made) {
    made = bundleProgram(name);
    bundles.set(name, made);
  }
  return made;
}

async function bundleProgram(name: string): Promise<string> {
  const outfile = join(temporaryFolder(), `${name}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    external: ["libsql", "sql.js"],
    logLevel: "error",
  });
  return outfile;
}

export type Program = {
  child: ChildProcess;
  /** what it has printed so far, a line each */
  lines: string[];
  stderr(): string;
  /** resolves with the first line, printed already or later, that `wanted` accepts; rejects when the process ends before */
  line(wanted: (line: string) => boolean): Promise<string>;
  /** exit code, or the signal's name */
  ended: Promise<number | string>;
};

/** Starts the program with one JSON argument. `wrap`: a command that runs it. */
export async function startProgram(
  name: string,
  options: Record<string, unknown>,
  { node = process.execPath, wrap = [] as string[] } = {},
): Promise<Program> {
  const [command = node, ...args] = [...wrap, node, "--no-warnings", await bundle(name), JSON.stringify(options)];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const lines: string[] = [];
  let stderr = "";
  let waiting: {
    wanted: (line: string) => boolean;
    resolve: (line: string) => void;
    reject: (error: Error) => void;
  }[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {});
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    waiting = waiting.filter((entry) => {
      if (!entry.wanted(line)) return true;
      entry.resolve(line);
      return false;
    });
  });
  const ended = new Promise<number | string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      for (const entry of waiting) entry.reject(new Error(`${name} ended (${code ?? signal}) first: ${stderr}`));
      waiting = [];
      resolve(code ?? signal ?? "");
    });
  });
  return {
    child,
    lines,
    stderr: () => stderr,
    line: (wanted) =>
      new Promise((resolve, reject) => {
        const known = lines.find(wanted);
        if (known !== undefined) resolve(known);
        else if (child.exitCode !== null || child.signalCode !== null)
          reject(new Error(`${name} has ended: ${stderr}`));
        else waiting.push({ wanted, resolve, reject });
      }),
    ended,
  };
}

/** The program's only answer, parsed; rejects when it fails. */
export async function runProgram(
  name: string,
  options: Record<string, unknown>,
  how: { node?: string; wrap?: string[] } = {},
): Promise<unknown> {
  const program = await startProgram(name, options, how);
  const code = await program.ended;
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${program.stderr()}`);
  return JSON.parse(program.lines.at(-1) ?? "null");
}
