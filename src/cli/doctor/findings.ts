/** What may be wrong with a store, and what to do about it. Pure. */
import type { StoreInfo } from "../../store/reader.js";
import { counted, formatCount, formatSize } from "../quantity.js";

export type Finding = { severity: "error" | "warning"; what: string; fix: string };

export type Examined = {
  info: StoreInfo;
  /** what SQLite's quick check complained of; empty = nothing */
  damage: string[];
  /** bytes; 0 = none */
  wal_bytes: number;
  /** permission bits such as 0o600; null where the system has none */
  file_mode: number | null;
  folder_mode: number | null;
  writable: boolean;
};

const largeWal = 64e6;
const largeFile = 5e9;

/** Worst first. `db` as it is to be typed. */
export function findings(
  { info, damage, wal_bytes, file_mode, folder_mode, writable }: Examined,
  db: string,
): Finding[] {
  const found: Finding[] = [];
  const error = (what: string, fix: string) => found.push({ severity: "error", what, fix });
  const warning = (what: string, fix: string) => found.push({ severity: "warning", what, fix });

  if (damage.length > 0)
    error(
      `The file is damaged: ${damage.slice(0, 3).join("; ")}`,
      `Save what can be read into a new file: agensight export --db ${db} --out saved.jsonl.gz && agensight import saved.jsonl.gz --db new.db`,
    );
  if (!writable)
    warning(
      "The file cannot be written by this user.",
      "Fine for questions; a program that records needs write permission.",
    );
  if (info.spans === 0)
    warning(
      "Nothing was recorded yet.",
      `Call setupTracing("my-app", { dbPath: ${JSON.stringify(info.path)} }), or agensight import FILE --db ${db}`,
    );
  if (info.dropped_spans > 0)
    warning(
      `${counted(info.dropped_spans, "span")} had to be dropped by programs that record.`,
      "Their queue was full or the file could not be written: look for a full disk or a locked file, and record less per second.",
    );
  if (info.unpriced_calls > 0)
    warning(
      `${counted(info.unpriced_calls, "model call")} ${info.unpriced_calls === 1 ? "has" : "have"} no cost, as tokens were not recorded or the model has no known price: ${info.unpriced_models.slice(0, 8).join(", ")}.`,
      `Many streams report tokens only when asked to. For new models update agensight, then: agensight reprice --db ${db}`,
    );
  const waiting = [
    info.unsettled_traces > 1000 ? `${formatCount(info.unsettled_traces)} traces are not summed up yet` : "",
    info.unindexed_spans > 1000 ? `${formatCount(info.unindexed_spans)} spans are not in the search index yet` : "",
  ].filter(Boolean);
  if (waiting.length > 0)
    warning(
      `${waiting.join(", ")}: answers are right, but slower.`,
      "agensight mcp and programs that record do that when they are idle: leave one running for a minute.",
    );
  if (info.running_spans > 0 && quietFor(info) > 3600e3)
    warning(
      `${counted(info.running_spans, "span")} never ended; nothing was written for over an hour.`,
      "Programs that were killed leave such spans. Call shutdown() of the handle that setupTracing returned, or let the process exit by itself.",
    );
  if (wal_bytes > largeWal)
    warning(
      `The write-ahead log has ${formatSize(wal_bytes)}.`,
      "Close readers that hold the file open for long; the next writer then shrinks it.",
    );
  const kept = info.services.every(({ max_age_s, max_bytes }) => max_age_s !== null || max_bytes !== null);
  if (info.size_bytes > largeFile && !kept)
    warning(
      `The file has ${formatSize(info.size_bytes)} and keeps everything.`,
      `Once: agensight prune --keep 30d --db ${db}. For good: setupTracing(…, { retention: { maxAge: "30d" } })`,
    );
  if (file_mode !== null && (file_mode & 0o077) !== 0)
    warning("Other users of this machine can read the file.", `chmod 600 ${db}`);
  else if (folder_mode !== null && (folder_mode & 0o022) !== 0)
    warning("Other users of this machine can write into the file's folder.", "chmod go-w on the folder");
  if (!info.full_text_search)
    warning(
      "This engine has no search index: search_spans reads everything.",
      "Node 22.13 or newer, or the package libsql, brings one; move the data with export and import.",
    );
  return found.sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
}

function quietFor(info: StoreInfo): number {
  return info.last_write === null ? 0 : Date.now() - Date.parse(info.last_write);
}
