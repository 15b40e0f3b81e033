/** The small interface behind which SQLite lives: `node:sqlite`, `libsql` or `sql.js`. Synchronous; rows are plain objects. */

/** Integers beyond 2^53 never cross this border: times are kept as µs and a ns remainder. */
export type SqlValue = null | string | number | Uint8Array;
// biome-ignore lint/suspicious/noExplicitAny: a row's columns are known to the statement's author only
export type Row = Record<string, any>;

/** Engines of one family may share a file; the other family refuses it. */
export type EngineFamily = "native" | "sqljs";
export type EngineName = "node" | "libsql" | "sqljs";

export interface Statement {
  run(params?: SqlValue[]): void;
  all(params?: SqlValue[]): Row[];
  /** first row, or undefined */
  get(params?: SqlValue[]): Row | undefined;
}

export interface Engine {
  readonly name: EngineName;
  readonly family: EngineFamily;
  /** SQLite's own version */
  readonly version: string;
  readonly path: string;
  readonly readOnly: boolean;
  /** one or more statements without parameters */
  exec(sql: string): void;
  run(sql: string, params?: SqlValue[]): void;
  all(sql: string, params?: SqlValue[]): Row[];
  /** first row, or undefined */
  get(sql: string, params?: SqlValue[]): Row | undefined;
  /** BEGIN IMMEDIATE … COMMIT; rolled back and rethrown when `body` throws. `body` is synchronous. Not nestable. */
  transaction<T>(body: () => T): T;
  /** Makes what was committed durable: nothing to do on native engines, a whole-file save on sql.js. */
  sync(): void;
  /** Sees what other processes wrote: nothing to do on native engines, a reload on sql.js when the file changed. Returns true after a reload. */
  refresh(): boolean;
  /** changes when another connection committed */
  dataVersion(): number;
  close(): void;
}

export type EngineOptions = {
  path: string;
  readOnly: boolean;
  /** only questions will be asked: sql.js then takes no lock and reloads what others save */
  reading?: boolean;
  /** ms to wait for another process's lock; default 5,000 */
  timeout?: number;
};
