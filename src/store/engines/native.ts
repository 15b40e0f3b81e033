/** What `node:sqlite` and `libsql` share: statement cache, transactions, connection settings. */
import { statSync } from "node:fs";
import { AgensightError } from "../../model/error.js";
import type { Engine, EngineName, EngineOptions, Row, SqlValue, Statement } from "./engine.js";
import { storeError } from "./sqlite-error.js";

/** A connection as one of the two libraries opens it. */
export type Connection = {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
};

const cachedStatements = 300;
/** Bytes of the write-ahead log above which the writer empties it. */
const longestLog = 32 * 1024 * 1024;
/** ms */
export const defaultTimeout = 5000;

/** Builds the engine over a connection that was opened with its busy timeout already in force. */
export function nativeEngine(name: EngineName, connection: Connection, options: EngineOptions): Engine {
  const { path } = options;
  let statements = new Map<string, Statement>();
  let open = true;
  let inTransaction = false;

  function guard<T>(work: () => T): T {
    if (!open) throw new AgensightError("internal", `The store ${path} is closed.`);
    try {
      return work();
    } catch (error) {
      throw storeError(error, path);
    }
  }
  function prepare(sql: string): Statement {
    let statement = statements.get(sql);
    if (!statement) {
      if (statements.size >= cachedStatements) statements = new Map();
      statement = connection.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }
  const all = (sql: string, params?: SqlValue[]): Row[] => guard(() => prepare(sql).all(params));

  const version = String(all("SELECT sqlite_version() AS v")[0]?.v);
  return {
    name,
    family: "native",
    version,
    path,
    readOnly: options.readOnly,
    exec: (sql) => guard(() => connection.exec(sql)),
    run: (sql, params) => guard(() => prepare(sql).run(params)),
    all,
    get: (sql, params) => guard(() => prepare(sql).get(params)),
    transaction(body) {
      if (inTransaction) throw new AgensightError("internal", "Transactions of the store do not nest.");
      // IMMEDIATE: a deferred transaction that reads first cannot be upgraded after a foreign commit, whatever the timeout
      guard(() => connection.exec("BEGIN IMMEDIATE"));
      inTransaction = true;
      try {
        const result = body();
        guard(() => connection.exec("COMMIT"));
        return result;
      } catch (error) {
        try {
          connection.exec("ROLLBACK");
        } catch {
          // SQLite has already rolled back (disk full, I/O error)
        }
        throw storeError(error, path);
      } finally {
        inTransaction = false;
      }
    },
    sync() {
      // readers that always overlap keep SQLite's own checkpoints from ever restarting the log
      if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) < longestLog) return;
      connection.exec("PRAGMA busy_timeout=300");
      try {
        connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      } catch {
        // a reader holds it: the next time
      } finally {
        connection.exec(`PRAGMA busy_timeout=${options.timeout ?? defaultTimeout}`);
      }
    },
    refresh: () => false,
    dataVersion: () => Number(all("PRAGMA data_version")[0]?.data_version),
    close() {
      if (!open) return;
      try {
        // libsql keeps the connection, and its locks, alive while a statement lives: leave nothing open behind
        if (inTransaction) connection.exec("ROLLBACK");
      } catch {
        // nothing to roll back
      }
      open = false;
      statements = new Map();
      try {
        connection.close();
      } catch (error) {
        throw storeError(error, path);
      }
    },
  };
}
