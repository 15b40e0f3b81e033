/** What the importing thread and the reading thread tell each other. */
import type { PackedBatch } from "./pack-batch.js";

/** Batches that are read ahead of those being written. */
export const batchesAhead = 2;
/** Blocks of stdin handed over ahead of those being read. */
export const blocksAhead = 2;

/** What the reading thread starts with. */
export type ReaderData = { files: string[] };

export type FromReader =
  | { type: "ready" }
  | { type: "batch"; file: number; position: number; batch: PackedBatch }
  | { type: "problem"; file: number; problem: string }
  /** a block of stdin was taken */
  | { type: "taken" }
  /** the end: with the error that ended it */
  | { type: "end"; error: { message: string; properties: object } | null };

export type ToReader =
  /** a batch was taken */
  | { type: "taken" }
  | { type: "stdin"; block: Uint8Array }
  /** the end of stdin, with what ended it */
  | { type: "stdin-end"; problem: string | null };
