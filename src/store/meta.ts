/** Single values about the store, in its `meta` table. */
import type { Engine } from "./engines/engine.js";

export type MetaKey =
  | "store_id"
  | "engine_family"
  | "created_us"
  /** the change counter */
  | "seq"
  | "next_block"
  | "price_version"
  /** spans changed up to here are in the search index */
  | "indexed_seq"
  /** traces below this id lack what version 2 of the format added */
  | "refill_below"
  | "dropped_spans"
  | "pruned_traces"
  /** rises whenever bodies were deleted, so that other processes forget what they remember of them */
  | "pruned_generation"
  | "pruned_before_us"
  /** ms since the epoch until which another process is doing the housekeeping */
  | "maintained_until_ms";

export function getMeta(engine: Engine, key: MetaKey): string | number | null {
  return engine.get("SELECT value FROM meta WHERE key = ?", [key])?.value ?? null;
}

export function getNumber(engine: Engine, key: MetaKey): number {
  return Number(getMeta(engine, key) ?? 0);
}

export function setMeta(engine: Engine, key: MetaKey, value: string | number): void {
  engine.run("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", [
    key,
    value,
  ]);
}
