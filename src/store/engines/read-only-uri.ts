/** How SQLite is told to open a file for reading only. */
import { statSync } from "node:fs";
import { pathToFileURL } from "node:url";

/**
 * In a folder that cannot be written SQLite opens a WAL file only when it may take it for unchanging; where there is
 * no write-ahead log nobody is writing. https://sqlite.org/wal.html#read_only_databases
 */
export function readOnlyUri(path: string): string {
  const uri = pathToFileURL(path);
  uri.searchParams.set("mode", "ro");
  if (!statSync(`${path}-wal`, { throwIfNoEntry: false })?.size) uri.searchParams.set("immutable", "1");
  return uri.href;
}
