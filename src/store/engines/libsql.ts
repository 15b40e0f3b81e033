/** `libsql`: prebuilt native SQLite for Node 20. Its sharp edges (panics, ArrayBuffers, ignored options) stop here. */
import type { Engine, EngineOptions, Row, SqlValue } from "./engine.js";
import { loadModule } from "./load-module.js";
import { defaultTimeout, nativeEngine } from "./native.js";
import { readOnlyUri } from "./read-only-uri.js";
import { storeError } from "./sqlite-error.js";

type Libsql = new (
  path: string,
  options: { timeout: number },
) => {
  exec(sql: string): void;
  prepare(sql: string): {
    run(params: SqlValue[]): unknown;
    all(params: SqlValue[]): Row[];
    get(params: SqlValue[]): Row | undefined;
  };
  close(): void;
};

/** libsql aborts the whole process on a boolean and binds NULL for a missing parameter: nothing else may reach it. */
function checked(params: SqlValue[]): SqlValue[] {
  for (const value of params) {
    if (value === null) continue;
    const type = typeof value;
    if (type !== "string" && type !== "number" && !(value instanceof Uint8Array)) {
      throw new TypeError(`A ${type} cannot be bound to a statement.`);
    }
  }
  return params;
}

function withBytes(rows: Row[]): Row[] {
  for (const row of rows) {
    for (const key in row) if (row[key] instanceof ArrayBuffer) row[key] = new Uint8Array(row[key]);
  }
  return rows;
}

/** null where the package is not installed for this platform. */
export function openLibsql(options: EngineOptions): Engine | null {
  const loaded = loadModule("libsql") as Libsql | { default: Libsql } | undefined;
  if (!loaded) return null;
  const Database = typeof loaded === "function" ? loaded : loaded.default;
  // the `readonly` option is ignored by libsql, the URI form is not
  const path = options.readOnly ? readOnlyUri(options.path) : options.path;
  let database: InstanceType<Libsql>;
  try {
    database = new Database(path, { timeout: options.timeout ?? defaultTimeout });
  } catch (error) {
    throw storeError(error, options.path);
  }
  return nativeEngine(
    "libsql",
    {
      exec: (sql) => database.exec(sql),
      prepare(sql) {
        const statement = database.prepare(sql);
        return {
          run: (params = []) => void statement.run(checked(params)),
          all: (params = []) => withBytes(statement.all(checked(params))),
          // `get` is one call into the library where `all` iterates, and its blobs are Buffers already
          get: (params = []) => statement.get(checked(params)),
        };
      },
      close: () => database.close(),
    },
    options,
  );
}
