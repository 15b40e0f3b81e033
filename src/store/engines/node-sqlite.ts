/** `node:sqlite`: built into Node from 22.13 on. */
import type { Engine, EngineOptions, Row, SqlValue } from "./engine.js";
import { loadModule } from "./load-module.js";
import { defaultTimeout, nativeEngine } from "./native.js";
import { readOnlyUri } from "./read-only-uri.js";
import { storeError } from "./sqlite-error.js";

type NodeSqlite = {
  DatabaseSync: new (
    path: string,
    options: { timeout: number; readOnly?: boolean },
  ) => {
    exec(sql: string): void;
    prepare(sql: string): {
      run(...params: SqlValue[]): unknown;
      all(...params: SqlValue[]): unknown[];
      get(...params: SqlValue[]): unknown;
    };
    close(): void;
  };
};

/** null where this Node has no `node:sqlite`. */
export function openNodeSqlite(options: EngineOptions): Engine | null {
  const builtin = process.getBuiltinModule?.("node:sqlite") ?? loadModule("node:sqlite");
  if (!builtin) return null;
  const { DatabaseSync } = builtin as unknown as NodeSqlite;
  let database: InstanceType<NodeSqlite["DatabaseSync"]>;
  try {
    database = new DatabaseSync(options.readOnly ? readOnlyUri(options.path) : options.path, {
      timeout: options.timeout ?? defaultTimeout,
      readOnly: options.readOnly,
    });
  } catch (error) {
    throw storeError(error, options.path);
  }
  return nativeEngine(
    "node",
    {
      exec: (sql) => database.exec(sql),
      prepare(sql) {
        const statement = database.prepare(sql);
        return {
          run: (params = []) => void statement.run(...params),
          all: (params = []) => statement.all(...params) as Row[],
          get: (params = []) => statement.get(...params) as Row | undefined,
        };
      },
      close: () => database.close(),
    },
    options,
  );
}
