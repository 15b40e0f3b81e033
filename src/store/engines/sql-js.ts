/** `sql.js`: SQLite as WASM, the whole file in memory. Works everywhere; one writing process at a time, whole-file saves. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Database, Statement as SqlJsStatement, SqlJsStatic } from "sql.js";
import { AgensightError } from "../../model/error.js";
import type { Engine, EngineOptions, Row, SqlValue } from "./engine.js";
import { takeLock } from "./file-lock.js";
import { loadModule } from "./load-module.js";
import { storeError } from "./sqlite-error.js";

/** Bytes; above it the file no longer fits a memory-held engine comfortably. */
const sqlJsLimit = 512 * 1024 * 1024;

let library: Promise<SqlJsStatic> | undefined;

function fingerprint(path: string): string | null {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return size === 0 ? null : `${ino}.${size}.${mtimeMs}`;
  } catch {
    return null;
  }
}

function readDatabaseFile(path: string): Uint8Array | null {
  if (path === ":memory:" || fingerprint(path) === null) return null;
  const { size } = statSync(path);
  if (size > sqlJsLimit) {
    throw new AgensightError(
      "too_large",
      `The store ${path} has ${Math.round(size / 1e6)} MB; the sql.js engine keeps at most ${sqlJsLimit / 1e6} MB in memory.`,
      {
        hint: "Use Node 22.13 or newer, or install libsql, and move the data with `agensight export` and `agensight import`.",
      },
    );
  }
  const bytes = readFileSync(path);
  if (bytes.length >= 16 && bytes.toString("latin1", 0, 15) !== "SQLite format 3") {
    throw new AgensightError("not_a_store", `The store ${path} is not an SQLite file.`, {
      hint: "Choose another file with --db or AGENSIGHT_DB.",
    });
  }
  // bytes 18 and 19 are 2 on a file in WAL mode, https://sqlite.org/fileformat.html#the_database_header
  if (bytes[18] === 2 || bytes[19] === 2) {
    throw new AgensightError(
      "wrong_engine",
      `The store ${path} was made by a native engine (node:sqlite or libsql); sql.js must not open it.`,
      {
        hint: "Unset AGENSIGHT_SQLITE, or move the data with `agensight export` and `agensight import` into a new file.",
      },
    );
  }
  return bytes;
}

/** A save puts a new file in the old one's place, so a file that must not be written is asked for its mode. */
function takeWriteLock(path: string): () => void {
  try {
    if (existsSync(path)) closeSync(openSync(path, "r+"));
    return takeLock(path);
  } catch (error) {
    if (error instanceof AgensightError) throw error;
    throw new AgensightError("read_only", `The store ${path} cannot be written.`, {
      hint: "Check the permissions of the file and its folder.",
      cause: error,
    });
  }
}

/** null where the package is absent. Errors: busy, read_only, too_large, wrong_engine, not_a_store. */
export async function openSqlJs(options: EngineOptions): Promise<Engine | null> {
  const init = loadModule("sql.js") as ((config?: object) => Promise<SqlJsStatic>) | undefined;
  if (!init) return null;
  library ??= init();
  const SQL = await library;
  const { path } = options;
  const inMemory = path === ":memory:";
  const readOnly = options.readOnly || options.reading === true;
  const release = readOnly || inMemory ? () => {} : takeWriteLock(path);

  let seen = fingerprint(path);
  let database: Database;
  try {
    database = new SQL.Database(readDatabaseFile(path));
  } catch (error) {
    release();
    throw storeError(error, path);
  }
  let statements = new Map<string, SqlJsStatement>();
  let dirty = false;
  let inTransaction = false;
  let version = 1;

  function forget(): void {
    for (const statement of statements.values()) statement.free();
    statements = new Map();
  }
  function prepare(sql: string): SqlJsStatement {
    let statement = statements.get(sql);
    if (!statement) {
      if (statements.size >= 300) forget();
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }
  function all(sql: string, params: SqlValue[] = []): Row[] {
    try {
      const statement = prepare(sql);
      statement.bind(params);
      const rows: Row[] = [];
      while (statement.step()) rows.push(statement.getAsObject() as Row);
      statement.reset();
      return rows;
    } catch (error) {
      throw storeError(error, path);
    }
  }
  function save(): void {
    if (!dirty || inMemory || readOnly) return;
    forget();
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      const bytes = database.export();
      if (bytes.length > sqlJsLimit) {
        throw new AgensightError(
          "too_large",
          `The store ${path} would grow past ${sqlJsLimit / 1e6} MB, the limit of the sql.js engine.`,
          {
            hint: "Set a retention (`agensight prune`), or use Node 22.13 or newer, or install libsql, and move the data with export and import.",
          },
        );
      }
      const file = openSync(temporary, "w", 0o600);
      try {
        // all of it: a single write on a disk that is nearly full stores a part and reports no error
        writeFileSync(file, bytes);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
      try {
        const folder = openSync(dirname(path), "r");
        fsyncSync(folder);
        closeSync(folder);
      } catch {
        // folders cannot be synced on every platform
      }
      dirty = false;
      seen = fingerprint(path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw (error as { code?: string }).code === "ENOSPC"
        ? new AgensightError("disk_full", `The store ${path} could not be saved: the disk is full.`, {
            hint: "Free space; what was recorded is kept in memory until the next save.",
            cause: error,
          })
        : storeError(error, path);
    }
  }

  return {
    name: "sqljs",
    family: "sqljs",
    version: String(all("SELECT sqlite_version() AS v")[0]?.v),
    path,
    readOnly,
    exec(sql) {
      try {
        database.exec(sql);
        dirty = true;
      } catch (error) {
        throw storeError(error, path);
      }
    },
    run(sql, params) {
      all(sql, params);
      dirty = true;
    },
    all,
    get: (sql, params) => all(sql, params)[0],
    transaction(body) {
      if (inTransaction) throw new AgensightError("internal", "Transactions of the store do not nest.");
      database.exec("BEGIN IMMEDIATE");
      inTransaction = true;
      try {
        const result = body();
        database.exec("COMMIT");
        dirty = true;
        return result;
      } catch (error) {
        try {
          database.exec("ROLLBACK");
        } catch {
          // already rolled back
        }
        throw storeError(error, path);
      } finally {
        inTransaction = false;
      }
    },
    sync: save,
    refresh() {
      if (!readOnly || inMemory) return false;
      const now = fingerprint(path);
      if (now === seen) return false;
      const bytes = readDatabaseFile(path);
      forget();
      database.close();
      database = new SQL.Database(bytes);
      seen = now;
      version++;
      return true;
    },
    dataVersion: () => version,
    close() {
      try {
        save();
      } finally {
        forget();
        database.close();
        release();
      }
    },
  };
}
