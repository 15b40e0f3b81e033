/** Checks a store's file for damage. */
import type { EngineName } from "./engines/engine.js";
import { openForReading } from "./open-store.js";

const listed = 10;

/** What is damaged, in SQLite's words; empty when the file is sound. Reads the whole file. */
export async function quickCheck(path: string, options: { engine?: EngineName } = {}): Promise<string[]> {
  const engine = await openForReading(path, options);
  try {
    const found = engine.all(`PRAGMA quick_check(${listed})`).map((row) => String(row.quick_check));
    return found.length === 1 && found[0] === "ok" ? [] : found;
  } finally {
    engine.close();
  }
}
