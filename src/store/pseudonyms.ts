/** Pseudonyms of redacted values: keyed, so that nobody can try values out without the key, which lies beside the store. */
import { createHmac, randomBytes } from "node:crypto";
import { constants, copyFileSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const keyBytes = 32;
const digits = 10;

/** Where the key of a store lies; of those without a file (null, `:memory:`) it is in `home`, where one is known. */
export function redactionKeyFile(store: string | null, home?: string): string | null {
  if (store !== null && store !== ":memory:") return `${store}.redaction-key`;
  return home === undefined ? null : join(home, "redaction-key");
}

/**
 * A function from a value to 10 hex digits: HMAC-SHA-256, cut off. The key is read, or made where there is none, at the
 * first pseudonym. Without a file, or where it cannot be had, the key is one of this function's own.
 */
export function openPseudonyms(keyFile: string | null): (value: string) => string {
  let key: Buffer | undefined;
  return (value) => {
    key ??= readOrMakeKey(keyFile);
    return createHmac("sha256", key).update(value).digest("hex").slice(0, digits);
  };
}

function readOrMakeKey(file: string | null): Buffer {
  try {
    if (file !== null) return readKey(file) ?? makeKey(file);
  } catch {
    // what is redacted matters more than that marks agree
  }
  return randomBytes(keyBytes);
}

/** null: there is none, or it is none. */
function readKey(file: string): Buffer | null {
  try {
    const key = readFileSync(file);
    return key.length === keyBytes ? key : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Of several processes that make one at once, all get the one that was first. */
function makeKey(file: string): Buffer {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const own = randomBytes(keyBytes);
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, own, { mode: 0o600, flag: "wx" });
  try {
    publish(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    // what lies there and is no key would leave each process with one of its own
    if (!readKey(file)) renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  const key = readKey(file);
  if (!key) throw new Error(`${file} holds no key`);
  return key;
}

/** A link appears with all of its content; not every file system has them. */
function publish(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
    copyFileSync(draft, file, constants.COPYFILE_EXCL);
  }
}
