/** Folders for the files of tests; removed when the test file is done. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "agensight-store-"));
  folders.push(folder);
  return folder;
}

/** A path for a store that is not there yet. */
export function newStorePath(): string {
  return join(temporaryFolder(), "traces.db");
}

/** Bytes of a store's file with its WAL. */
export function bytesOnDisk(path: string): number {
  const sizes = [path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}
