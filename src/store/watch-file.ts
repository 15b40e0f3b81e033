/** Notices that some process committed to a store's file. */
import { type FSWatcher, realpathSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { fileIdentity } from "./current-store.js";

/** ms between looks where the file system says nothing: network mounts, some systems, a folder that is not there yet. */
const poll = 500;

/**
 * Calls `noticed` when the file or its write-ahead log was touched, and every 500 ms in any case. Keeps no process
 * alive. Returns the undo.
 */
export function watchFile(path: string, noticed: () => void): () => void {
  let watched: { watcher: FSWatcher; place: string } | undefined;

  // The folder, not the file: a file's watch follows the inode, and goes deaf when another takes its name.
  const start = () => {
    try {
      const file = followed(path);
      const names = [basename(file), `${basename(file)}-wal`];
      const watcher = watch(dirname(file), { persistent: false }, (_, name) => {
        if (name === null || names.includes(name)) noticed();
      });
      watcher.on("error", stop);
      watched = { watcher, place: placeOf(path) };
    } catch {
      // no such folder yet, or no watches left: the next poll tries again
    }
  };
  const stop = () => {
    watched?.watcher.close();
    watched = undefined;
  };
  const timer = setInterval(() => {
    if (watched && watched.place !== placeOf(path)) stop();
    if (!watched) start();
    noticed();
  }, poll).unref();
  start();
  return () => {
    clearInterval(timer);
    stop();
  };
}

/** Where SQLite keeps the log of a file that is a symbolic link: beside what it stands for. */
function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Changes when the file lies in another folder than before, also in a new one of the same name. */
function placeOf(path: string): string {
  const file = followed(path);
  try {
    return `${fileIdentity(dirname(file))} ${file}`;
  } catch {
    return "";
  }
}
