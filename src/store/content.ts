/** Bodies: each distinct text once, packed into deflated blocks. Content id = block × 4096 + index. */
import { hash } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { AgensightError } from "../model/error.js";
import type { Engine, SqlValue } from "./engines/engine.js";
import { insertRows } from "./insert-rows.js";
import { getNumber, setMeta } from "./meta.js";
import { encodeVarints, readVarint } from "./varint.js";

const itemsPerBlock = 4096;
const blockBytes = 128 * 1024;
const deflateChunk = 64 * 1024;
/** Shorter texts cost less than the look-up that would save them. */
const rememberedLength = 64;
/** From here on a text's hash is kept in the file, so that other processes and later days find it. */
const hashedLength = 512;
const rememberedHashes = 200_000;
const cachedBytes = 32 * 1024 * 1024;

export function blockOf(contentId: number): number {
  return Math.floor(contentId / itemsPerBlock);
}

/** The first 16 bytes of a text's SHA-256, as a latin1 string. */
function hashOf(text: string): string {
  return hash("sha256", text, "buffer").toString("latin1", 0, 16);
}

/** The key of a text in `content_hash`. */
export function contentKey(text: string): Uint8Array {
  return Buffer.from(hashOf(text), "latin1");
}

export type ContentWriter = {
  begin(): void;
  /** Stores a text once and returns its content id; `search`: long ones are also looked for among what other processes wrote, and can be found by them. */
  put(text: string, search: boolean): number;
  /** Stores a text without looking for an equal one. */
  append(text: string): number;
  /** Writes what is pending; the transaction may commit then. */
  finish(): void;
  rollback(): void;
  /** The blocks that were written to or referred to since the last call: whoever refers to a block keeps it alive. */
  takeUsedBlocks(): number[];
};

export function openContentWriter(engine: Engine): ContentWriter {
  let known = new Map<string, number>();
  let block = 0;
  let firstBlock = 0;
  // items are written into one buffer that serves block after block
  let buffer = Buffer.allocUnsafe(2 * blockBytes);
  let lengths: number[] = [];
  let size = 0;
  let hashes: SqlValue[][] = [];
  let used = new Set<number>();

  function writeBlock(): void {
    if (lengths.length === 0) return;
    const header = encodeVarints([lengths.length, ...lengths]);
    const bytes = Buffer.concat([header, buffer.subarray(0, size)]);
    engine.run("INSERT INTO block (id, data) VALUES (?, ?)", [
      block,
      deflateRawSync(bytes, { level: 4, chunkSize: deflateChunk }),
    ]);
    block++;
    if (buffer.length > 4 * blockBytes) buffer = Buffer.allocUnsafe(2 * blockBytes);
    lengths = [];
    size = 0;
  }
  function append(text: string): number {
    if (size >= blockBytes || lengths.length >= itemsPerBlock) writeBlock();
    // UTF-8 has at most three bytes for a UTF-16 unit
    if (size + text.length * 3 > buffer.length) {
      const bytes = Buffer.byteLength(text, "utf8");
      if (size + bytes > blockBytes) writeBlock();
      if (size + bytes > buffer.length) buffer = Buffer.allocUnsafe(bytes);
    }
    const length = buffer.write(text, size, "utf8");
    lengths.push(length);
    size += length;
    used.add(block);
    return block * itemsPerBlock + lengths.length - 1;
  }
  function refer(contentId: number): number {
    used.add(blockOf(contentId));
    return contentId;
  }
  return {
    begin() {
      // ids of deleted blocks are not used again: readers may remember them
      block = getNumber(engine, "next_block") || 1;
      firstBlock = block;
    },
    append,
    put(text, search) {
      if (text.length < rememberedLength) return append(text);
      const key = hashOf(text);
      const seen = known.get(key);
      if (seen !== undefined) return refer(seen);
      if (known.size >= rememberedHashes) known = new Map();
      if (search && text.length >= hashedLength) {
        const row = engine.get("SELECT content FROM content_hash WHERE hash = ?", [Buffer.from(key, "latin1")]);
        if (row) {
          known.set(key, row.content);
          return refer(row.content);
        }
      }
      const id = append(text);
      known.set(key, id);
      if (search && text.length >= hashedLength) hashes.push([Buffer.from(key, "latin1"), id]);
      return id;
    },
    finish() {
      writeBlock();
      if (block !== firstBlock) setMeta(engine, "next_block", block);
      insertRows(engine, "INSERT OR IGNORE INTO content_hash (hash, content)", 2, hashes);
      hashes = [];
    },
    rollback() {
      known = new Map();
      lengths = [];
      size = 0;
      hashes = [];
      used = new Set();
    },
    takeUsedBlocks() {
      const blocks = [...used];
      used = new Set();
      return blocks;
    },
  };
}

export type ContentReader = {
  /** Errors: `pruned` when the block is gone. */
  text(contentId: number): string;
  /** all texts of a block, in order */
  texts(block: number): string[];
};

type Inflated = { bytes: Buffer; offsets: number[] };

/** `cacheLimit`: bytes of inflated blocks kept at hand. */
export function openContentReader(engine: Engine, cacheLimit = cachedBytes): ContentReader {
  let cache = new Map<number, Inflated>();
  let held = 0;

  function load(id: number): Inflated {
    const cached = cache.get(id);
    if (cached) return cached;
    const row = engine.get("SELECT data FROM block WHERE id = ?", [id]);
    if (!row) throw new AgensightError("pruned", "The recorded text was pruned by retention.");
    const bytes = inflateRawSync(row.data);
    let [count, at] = readVarint(bytes, 0);
    const lengths: number[] = [];
    for (; count > 0; count--) {
      const [length, next] = readVarint(bytes, at);
      lengths.push(length);
      at = next;
    }
    const offsets = [at];
    for (const length of lengths) {
      at += length;
      offsets.push(at);
    }
    if (held > cacheLimit) {
      cache = new Map();
      held = 0;
    }
    held += bytes.length;
    const entry = { bytes, offsets };
    cache.set(id, entry);
    return entry;
  }
  function item({ bytes, offsets }: Inflated, index: number): string {
    const end = offsets[index + 1];
    if (end === undefined) throw new AgensightError("internal", `A block of the store has no item ${index}.`);
    return bytes.toString("utf8", offsets[index], end);
  }
  return {
    text: (contentId) => item(load(blockOf(contentId)), contentId % itemsPerBlock),
    texts(block) {
      const inflated = load(block);
      return inflated.offsets.slice(1).map((_, index) => item(inflated, index));
    },
  };
}

/** The keys under which the texts of a block stand in `content_hash`. */
export function hashesOf(texts: string[]): Uint8Array[] {
  return texts.filter((text) => text.length >= hashedLength).map(contentKey);
}
