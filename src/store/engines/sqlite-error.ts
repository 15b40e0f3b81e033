/** Turns what the engines throw into one error that says what happened to which file and what to do. */
import { AgensightError, type ErrorCode } from "../../model/error.js";

/** SQLite's primary result codes, https://sqlite.org/rescode.html */
const meanings: Record<number, [ErrorCode, string, string]> = {
  5: ["busy", "is locked by another process", "Try again; if it stays so, end the program that holds the file."],
  6: ["busy", "is locked by another process", "Try again; if it stays so, end the program that holds the file."],
  8: ["read_only", "cannot be written", "Check the permissions of the file and its folder."],
  10: ["internal", "could not be read or written (I/O error)", "Check the disk."],
  11: ["not_a_store", "is damaged", "Keep a copy, then `agensight export` what can still be read into a new file."],
  13: ["disk_full", "could not grow: the disk is full", "Free space or run `agensight prune`."],
  14: ["bad_input", "cannot be opened", "Check that its folder exists and can be written."],
  26: ["not_a_store", "is not an SQLite file", "Choose another file with --db or AGENSIGHT_DB."],
};

const byName: Record<string, number> = {
  EACCES: 14,
  EPERM: 14,
  EROFS: 8,
  ENOSPC: 13,
  SQLITE_BUSY: 5,
  SQLITE_LOCKED: 6,
  SQLITE_READONLY: 8,
  SQLITE_IOERR: 10,
  SQLITE_CORRUPT: 11,
  SQLITE_FULL: 13,
  SQLITE_CANTOPEN: 14,
  SQLITE_NOTADB: 26,
};

/** The primary result code of whatever an engine threw; null when it is no SQLite error. */
function resultCode(error: unknown): number | null {
  if (typeof error !== "object" || error === null) return null;
  const e = error as { errcode?: number; rawCode?: number; code?: string; message?: string };
  if (typeof e.errcode === "number") return e.errcode & 255;
  if (typeof e.rawCode === "number") return e.rawCode & 255;
  for (const [name, code] of Object.entries(byName)) if (e.code?.startsWith(name)) return code;
  const text = String(e.message ?? "");
  if (/database or disk is full/.test(text)) return 13;
  if (/readonly database|read-only/i.test(text)) return 8;
  if (/not a database|file is encrypted/.test(text)) return 26;
  if (/malformed/.test(text)) return 11;
  if (/unable to open|ConnectionFailed/i.test(text)) return 14;
  if (/database (table )?is locked/.test(text)) return 5;
  if (/disk I\/O/.test(text)) return 10;
  return null;
}

/** An AgensightError for `error`; what is one already passes through. */
export function storeError(error: unknown, path: string): AgensightError {
  if (error instanceof AgensightError) return error;
  const meaning = meanings[resultCode(error) ?? -1];
  if (!meaning) {
    const text = error instanceof Error ? error.message : String(error);
    return new AgensightError("internal", `The store ${path} failed: ${text}`, { cause: error });
  }
  return new AgensightError(meaning[0], `The store ${path} ${meaning[1]}.`, { hint: meaning[2], cause: error });
}
