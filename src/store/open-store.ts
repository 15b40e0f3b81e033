/** Opens a store's file with the right engine, creates and migrates it, and refuses what is not ours to touch. */
import { randomUUID } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { AgensightError } from "../model/error.js";
import type { Engine, EngineName } from "./engines/engine.js";
import { defaultTimeout } from "./engines/native.js";
import { openEngine } from "./engines/open-engine.js";
import { migrations, schemaVersion } from "./migrations.js";
import { schema } from "./schema.js";

/** "AGST": marks the file as ours, https://sqlite.org/pragma.html#pragma_application_id */
const applicationId = 0x41475354;

export type OpenOptions = { engine?: EngineName; timeout?: number };

function createFile(path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  // made before SQLite opens it: its -wal and -shm files take over the mode
  closeSync(openSync(path, "wx", 0o600));
  // left behind by a file of this name that was deleted alone: SQLite would read its pages into the new one
  for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
}

/** Opens for writing; the file and its folder are created where missing. */
export async function openForWriting(path: string, options: OpenOptions = {}): Promise<Engine> {
  const file = path === ":memory:" ? path : resolve(path);
  let made = false;
  if (file !== ":memory:" && !existsSync(file)) {
    try {
      createFile(file);
      made = true;
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code !== "EEXIST") {
        throw new AgensightError(
          code === "ENOSPC" ? "disk_full" : "read_only",
          `The store ${file} cannot be created: ${(error as Error).message}`,
          {
            hint: "Choose another place with --db, dbPath or AGENSIGHT_DB.",
            cause: error,
          },
        );
      }
    }
  }
  let engine: Engine;
  try {
    engine = await openEngine({ path: file, readOnly: false, ...options });
  } catch (error) {
    if (made && error instanceof AgensightError && error.code === "no_engine") rmSync(file, { force: true });
    throw error;
  }
  try {
    retryWhileBusy(() => prepare(engine), options.timeout ?? defaultTimeout);
  } catch (error) {
    engine.close();
    throw error;
  }
  return engine;
}

/** Two connections that bring a new file into WAL mode at once: SQLite tells one of them "locked" without waiting. */
function retryWhileBusy(work: () => void, timeout: number): void {
  const end = performance.now() + timeout;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      if (!(error instanceof AgensightError && error.code === "busy") || performance.now() >= end) throw error;
      Atomics.wait(pause, 0, 0, 5 + Math.random() * 10);
    }
  }
}

function prepare(engine: Engine): void {
  const empty = () => engine.get("SELECT count(*) AS n FROM sqlite_schema")?.n === 0;
  if (empty()) {
    engine.exec(`PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL;`);
    if (engine.family === "native") engine.exec("PRAGMA journal_mode=WAL");
    engine.transaction(() => {
      if (!empty()) return;
      engine.exec(`PRAGMA application_id=${applicationId}`);
      engine.exec(schema);
      engine.exec(`PRAGMA user_version=${schemaVersion}`);
      const put = (key: string, value: string | number) => engine.run("INSERT INTO meta VALUES (?, ?)", [key, value]);
      put("store_id", randomUUID());
      put("engine_family", engine.family);
      put("created_us", Date.now() * 1000);
      put("seq", 0);
      createSearchIndex(engine);
    });
    engine.sync();
  }
  check(engine);
  migrate(engine);
  if (engine.family === "native") {
    engine.exec(
      "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=33554432; PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY",
    );
  }
}

/** FTS5 is missing in sql.js; there search reads everything. */
function createSearchIndex(engine: Engine): void {
  if (engine.family !== "native") return;
  engine.exec("CREATE VIRTUAL TABLE search USING fts5(text, content='', contentless_delete=1, tokenize='unicode61')");
}

function check(engine: Engine): void {
  const refuse = (code: "not_a_store" | "newer_file" | "wrong_engine", what: string, hint: string): never => {
    throw new AgensightError(code, `The store ${engine.path} ${what}.`, { hint });
  };
  const id = Number(engine.get("PRAGMA application_id")?.application_id);
  if (id !== applicationId)
    refuse("not_a_store", "is an SQLite file of another program", "Choose another file with --db or AGENSIGHT_DB.");
  const version = Number(engine.get("PRAGMA user_version")?.user_version);
  if (version > schemaVersion) {
    refuse(
      "newer_file",
      `was written by a newer Agensight (its format is ${version}, this program knows ${schemaVersion})`,
      "Update agensight, or choose another file with --db.",
    );
  }
  const family = engine.get("SELECT value FROM meta WHERE key = 'engine_family'")?.value;
  if (family !== engine.family) {
    refuse(
      "wrong_engine",
      `belongs to the engine family ${family}, and ${engine.name} is of the family ${engine.family}; mixing them damages a file`,
      family === "sqljs"
        ? "Set AGENSIGHT_SQLITE=sqljs, or move the data with `agensight export` and `agensight import` into a new file."
        : "Use Node 22.13 or newer or install libsql, or move the data with `agensight export` and `agensight import` into a new file.",
    );
  }
}

/** For one who only reads: a file of an older version is brought up to date (by sql.js in memory alone). */
export function migrateForReading(engine: Engine): void {
  const version = Number(engine.get("PRAGMA user_version")?.user_version);
  if (version >= schemaVersion) return;
  if (engine.readOnly && engine.family === "native") {
    throw new AgensightError(
      "read_only",
      `The store ${engine.path} has the format ${version} of an older Agensight and must be brought to ${schemaVersion}, but it cannot be written.`,
      { hint: "Copy it to a folder that can be written, or open it once where it can." },
    );
  }
  engine.exec("PRAGMA query_only=OFF");
  migrate(engine);
  engine.exec("PRAGMA query_only=ON");
}

function migrate(engine: Engine): void {
  const version = () => Number(engine.get("PRAGMA user_version")?.user_version);
  if (version() === schemaVersion) return;
  engine.transaction(() => {
    for (let from = version(); from < schemaVersion; from++) migrations[from - 1]?.(engine);
    engine.exec(`PRAGMA user_version=${schemaVersion}`);
  });
  engine.sync();
}

/**
 * Opens an existing file for questions only. A file in a folder that cannot be written is opened read-only.
 * Errors: not_found when there is no file, and those of opening it.
 */
export async function openForReading(path: string, options: OpenOptions = {}): Promise<Engine> {
  const file = resolve(path);
  if (!existsSync(file)) {
    throw new AgensightError("not_found", `There is no store at ${file}.`, {
      hint: "Record something, or choose another file with --db or AGENSIGHT_DB.",
    });
  }
  let engine: Engine;
  try {
    engine = await openEngine({ path: file, readOnly: false, reading: true, ...options });
    engine.exec("PRAGMA query_only=ON; PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY");
    engine.get("SELECT count(*) AS n FROM sqlite_schema");
  } catch (error) {
    if (!(error instanceof AgensightError) || !["read_only", "bad_input"].includes(error.code)) throw error;
    engine = await openEngine({ path: file, readOnly: true, reading: true, ...options });
  }
  try {
    if (engine.get("SELECT count(*) AS n FROM sqlite_schema")?.n === 0) {
      throw new AgensightError("not_found", `The store ${file} is empty.`, {
        hint: "Record something, or choose another file with --db or AGENSIGHT_DB.",
      });
    }
    check(engine);
    migrateForReading(engine);
  } catch (error) {
    engine.close();
    throw error;
  }
  return engine;
}
