/** Chooses and opens the engine for a file: `node:sqlite`, else `libsql`, else `sql.js`. */
import { statSync } from "node:fs";
import { AgensightError } from "../../model/error.js";
import type { Engine, EngineName, EngineOptions } from "./engine.js";
import { openLibsql } from "./libsql.js";
import { openNodeSqlite } from "./node-sqlite.js";
import { openSqlJs } from "./sql-js.js";

const openers: Record<EngineName, (options: EngineOptions) => Engine | null | Promise<Engine | null>> = {
  node: openNodeSqlite,
  libsql: openLibsql,
  sqljs: openSqlJs,
};

/** In the order of preference. */
export const engineNames = Object.keys(openers) as EngineName[];

/** `engine` forces one. Errors: no_engine, and those of opening the file. */
export async function openEngine(options: EngineOptions & { engine?: EngineName }): Promise<Engine> {
  if (statSync(options.path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new AgensightError("bad_input", `The store ${options.path} is a folder.`, {
      hint: "Give the path of a file in it.",
    });
  }
  for (const name of options.engine ? [options.engine] : engineNames) {
    const engine = await openers[name](options);
    if (engine) return engine;
  }
  throw new AgensightError(
    "no_engine",
    options.engine
      ? `The SQLite engine ${options.engine} is not available here.`
      : "No SQLite engine is available here.",
    {
      hint: "Use Node 22.13 or newer (node:sqlite), or install one of the packages libsql and sql.js beside agensight.",
    },
  );
}
