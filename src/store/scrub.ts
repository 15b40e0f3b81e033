/** Makes a file forget what was deleted from it: SQLite only marks pages and entries as free. */
import { AgensightError } from "../model/error.js";
import type { Engine } from "./engines/engine.js";

/** Before anything is deleted: what is, is overwritten with zeros, https://sqlite.org/pragma.html#pragma_secure_delete */
export function overwriteDeleted(engine: Engine): void {
  engine.exec("PRAGMA secure_delete=ON");
}

/**
 * Builds the file anew out of what it holds and empties its write-ahead log; takes room for two more copies meanwhile.
 * Errors: busy when readers hold on to the old state; disk_full.
 */
export function scrub(engine: Engine): void {
  // SQLite's own copy would have to fit into memory otherwise
  engine.exec("PRAGMA temp_store=FILE");
  engine.exec("VACUUM");
  engine.exec("PRAGMA temp_store=MEMORY");
  emptyLog(engine);
  engine.sync();
}

const attempts = 12;

/** Each attempt waits as long as the connection's timeout. */
function emptyLog(engine: Engine): void {
  if (engine.family !== "native") return;
  for (let attempt = 1; ; attempt++) {
    if (isLogEmptied(engine)) return;
    if (attempt === attempts)
      throw new AgensightError("busy", `Another program reads the store ${engine.path} without a pause.`, {
        hint: "Old values are still in the file's write-ahead log. End that program and run this again.",
      });
  }
}

function isLogEmptied(engine: Engine): boolean {
  try {
    return engine.get("PRAGMA wal_checkpoint(TRUNCATE)")?.busy === 0;
  } catch (error) {
    if ((error as AgensightError).code === "busy") return false;
    throw error;
  }
}
