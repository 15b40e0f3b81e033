/** A lock file with an owner and a test of life, for the engine that cannot share a file. */
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { AgensightError } from "../../model/error.js";

type Owner = { pid: number; host: string; nonce: string };

function ownerOf(lockPath: string): Owner | null {
  try {
    return JSON.parse(readFileSync(lockPath, "utf8")) as Owner;
  } catch {
    return null;
  }
}

function alive(owner: Owner): boolean {
  // another machine's processes cannot be asked, so its lock counts
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/** ms. A lock without a name in it is younger while its maker is about to write it, and older when that died. */
const namelessMs = 5000;

function isBeingMade(lockPath: string): boolean {
  const made = statSync(lockPath, { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && Date.now() - made < namelessMs;
}

const held = new Map<string, { nonce: string; count: number }>();

/**
 * Takes `path`.lock for this process (more than once is fine) and returns what gives it back.
 * Errors: busy, naming the process that has it.
 */
export function takeLock(path: string): () => void {
  const lockPath = `${path}.lock`;
  const mine = held.get(lockPath);
  if (mine) {
    mine.count++;
    return () => release(lockPath);
  }
  const nonce = `${process.pid}.${Date.now()}.${Math.random().toString(36).slice(2)}`;
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const file = openSync(lockPath, "wx", 0o600);
      writeSync(file, JSON.stringify({ pid: process.pid, host: hostname(), nonce } satisfies Owner));
      closeSync(file);
      held.set(lockPath, { nonce, count: 1 });
      return () => release(lockPath);
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
    }
    const owner = ownerOf(lockPath);
    if (owner && owner.pid !== process.pid && alive(owner)) {
      throw new AgensightError("busy", `The store ${path} is being written by process ${owner.pid} on ${owner.host}.`, {
        hint: "The sql.js engine allows one writing process at a time; install libsql or use Node 22.13 or newer to share the file.",
      });
    }
    if (!owner && isBeingMade(lockPath)) break;
    // renamed aside first: of several processes that find a dead owner only one succeeds
    const aside = `${lockPath}.${nonce}`;
    try {
      renameSync(lockPath, aside);
      // between the look and the renaming another process may have taken over: that lock goes back
      if (ownerOf(aside)?.nonce !== owner?.nonce) renameSync(aside, lockPath);
      else rmSync(aside, { force: true });
    } catch {
      // someone else was faster
    }
  }
  throw new AgensightError("busy", `The store ${path} is being opened by several processes at once.`, {
    hint: "Try again.",
  });
}

function release(lockPath: string): void {
  const mine = held.get(lockPath);
  if (!mine || --mine.count > 0) return;
  held.delete(lockPath);
  if (ownerOf(lockPath)?.nonce === mine.nonce) rmSync(lockPath, { force: true });
}
