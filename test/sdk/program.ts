/** Runs programs that record themselves, against the built package, and reads back what they left. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { EngineName } from "../../src/store/engines/engine.js";
import { openReader } from "../../src/store/open.js";
import type { SpanDetail, StoreInfo } from "../../src/store/reader.js";

const engine = process.env.AGENSIGHT_SQLITE as EngineName | undefined;
const open = (db: string) => openReader(db, engine ? { engine } : {});

const programs = resolve(import.meta.dirname, "programs");

/** Where the built package lies; another build can be tested by naming it in TEST_DIST. */
export const dist = resolve(process.env.TEST_DIST ?? "dist");

export type ProgramOptions = {
  /** becomes AGENSIGHT_DB; undefined: the program says it itself */
  db?: string | undefined;
  args?: string[];
  node?: string[];
  env?: Record<string, string | undefined>;
  /** A built file instead of one of the programs here. */
  file?: string;
};

export type Ended = {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** what it sent with `process.send` */
  messages: unknown[];
};

export type Program = {
  child: ChildProcess;
  /** The next message that the program sends. */
  message(): Promise<unknown>;
  ended: Promise<Ended>;
};

export function startProgram(name: string, { db, args = [], node = [], env = {}, file }: ProgramOptions = {}): Program {
  const child = fork(file ?? join(programs, name), args, {
    silent: true,
    execArgv: node,
    env: {
      ...process.env,
      AGENSIGHT_SDK: pathToFileURL(`${dist}/`).href,
      ...(db === undefined ? {} : { AGENSIGHT_DB: db }),
      ...env,
    },
  });
  const ended: Ended = { code: null, signal: null, stdout: "", stderr: "", messages: [] };
  child.stdout?.setEncoding("utf8").on("data", (text) => (ended.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text) => (ended.stderr += text));
  child.on("message", (message) => ended.messages.push(message));
  return {
    child,
    message: async () => (await once(child, "message"))[0],
    ended: once(child, "close").then(([code, signal]) => ({ ...ended, code, signal })),
  };
}

export function run(name: string, options?: ProgramOptions): Promise<Ended> {
  return startProgram(name, options).ended;
}

/** A folder of its own for one test; `db` does not exist yet. */
export function workspace() {
  const folder = mkdtempSync(join(tmpdir(), "agensight-sdk-"));
  return {
    folder,
    db: join(folder, "store", "traces.db"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Every span of a store with everything that was recorded of it, in the order of their starts; none without a file. */
export async function spansIn(db: string): Promise<SpanDetail[]> {
  if (!existsSync(db)) return [];
  const reader = await open(db);
  try {
    const { changes } = await reader.changes({ after_seq: 0, limit: 1000 });
    const details: SpanDetail[] = [];
    for (const { span_id, trace_id } of changes.map((change) => change.span))
      details.push(await reader.getSpan({ span_id, trace_id }));
    return details.sort((a, b) => a.start.localeCompare(b.start));
  } finally {
    reader.close();
  }
}

export async function infoOf(db: string): Promise<StoreInfo> {
  const reader = await open(db);
  try {
    return await reader.info();
  } finally {
    reader.close();
  }
}

/** Name of each span → name of its parent; null for a root. */
export function parents(spans: SpanDetail[]): Record<string, string | null> {
  const names = new Map(spans.map((span) => [span.span_id, span.name]));
  return Object.fromEntries(spans.map((span) => [span.name, names.get(span.parent_span_id ?? "") ?? null]));
}
