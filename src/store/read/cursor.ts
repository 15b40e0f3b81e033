/** Opaque cursors and the coverage that ends every answer. */
import { AgensightError } from "../../model/error.js";
import type { Coverage } from "../../model/summary.js";
import type { Engine } from "../engines/engine.js";
import { getNumber } from "../meta.js";

/** Counting of matches stops here. */
export const countLimit = 1000;

/** Where the next page starts: behind a trace in time, or after so many rows. */
export type Position = { start_us: number; id: number } | { offset: number };

function writeCursor(position: Position): string {
  const numbers = "offset" in position ? ["o", position.offset] : ["k", position.start_us, position.id];
  return Buffer.from(numbers.join(".")).toString("base64url");
}

/** Errors: bad_argument when it is not one of ours. */
export function readCursor(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const [form, ...numbers] = Buffer.from(cursor, "base64url").toString().split(".");
  const [first, second] = numbers.map(Number);
  if (form === "o" && numbers.length === 1 && Number.isSafeInteger(first)) return { offset: first as number };
  if (form === "k" && numbers.length === 2 && Number.isSafeInteger(first) && Number.isSafeInteger(second))
    return { start_us: first as number, id: second as number };
  throw new AgensightError("bad_argument", "The cursor is not one that an answer gave.", {
    hint: "Leave `cursor` out to start from the first page.",
  });
}

/** The rows to skip, for cursors that count. */
export function readOffset(cursor: string | undefined): number {
  const position = readCursor(cursor);
  if (position === null) return 0;
  if ("offset" in position) return position.offset;
  throw new AgensightError("bad_argument", "The cursor belongs to another question.", {
    hint: "Leave `cursor` out to start from the first page.",
  });
}

export function asOfSeq(engine: Engine): number {
  return getNumber(engine, "seq");
}

/** `matched` may be counted one past the limit, which proves that there are more. */
export function coverage(
  engine: Engine,
  matched: number,
  returned: number,
  next: Position | null,
  notes: string[] = [],
): Coverage {
  return {
    matched: Math.min(matched, countLimit),
    matched_is_minimum: matched > countLimit,
    returned,
    next_cursor: next ? writeCursor(next) : null,
    as_of_seq: asOfSeq(engine),
    notes,
  };
}
