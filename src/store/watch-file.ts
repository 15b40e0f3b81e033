/** Notices that some process committed to a store's file. */
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** ms between looks where the file system says nothing: network mounts, some systems, a folder that is not there yet. */
const poll = 500;

/**
 * Calls `noticed` when the file or its write-ahead log was touched, and every 500 ms in any case. Keeps no process
 * alive. Returns the undo.
 */
export function watchFile(path: string, noticed: () => void): () => void {
  const name = basename(path);
  let watcher: FSWatcher | undefined;

  // The folder, not the file: a file's watch follows the inode, and goes deaf when another takes its name.
  const start = () => {
    try {
      watcher = watch(dirname(path), { persistent: false }, (_, file) => {
        if (file === null || file === `${name}-wal` || file === name) noticed();
      });
      watcher.on("error", stop);
    } catch {
      // no such folder yet, or no watches left: the next poll tries again
    }
  };
  const stop = () => {
    watcher?.close();
    watcher = undefined;
  };
  const timer = setInterval(() => {
    if (!watcher) start();
    noticed();
  }, poll).unref();
  start();
  return () => {
    clearInterval(timer);
    stop();
  };
}
