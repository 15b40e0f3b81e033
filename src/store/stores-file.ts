/** `stores.json`: where stores lie that programs of this user opened, so that an empty answer can name the others. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export type KnownStore = { path: string /** ISO 8601 */; last_used: string };

const remembered = 50;

function readAll(home: string): KnownStore[] {
  try {
    const parsed = JSON.parse(readFileSync(join(home, "stores.json"), "utf8")) as { stores?: KnownStore[] };
    return (parsed.stores ?? []).filter(
      (store) => typeof store?.path === "string" && typeof store.last_used === "string",
    );
  } catch {
    return [];
  }
}

/** Notes that the store at `path` was used now. Never throws: the note is a convenience. */
export function noteStore(home: string, path: string): void {
  try {
    const file = resolve(path);
    const stores = [
      { path: file, last_used: new Date().toISOString() },
      ...readAll(home).filter((store) => store.path !== file),
    ];
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const temporary = join(home, `stores.json.${process.pid}.tmp`);
    writeFileSync(temporary, JSON.stringify({ stores: stores.slice(0, remembered) }, null, 2), { mode: 0o600 });
    renameSync(temporary, join(home, "stores.json"));
  } catch {
    // a read-only home
  }
}

/** Stores that still exist, latest used first; `size_bytes` of the main file. */
export function recentStores(home: string): (KnownStore & { size_bytes: number })[] {
  const found: (KnownStore & { size_bytes: number })[] = [];
  for (const store of readAll(home)) {
    try {
      found.push({ ...store, size_bytes: statSync(store.path).size });
    } catch {
      // gone
    }
  }
  return found;
}
