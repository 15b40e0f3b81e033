/** Splits blocks of bytes into lines. */
import { constants, isAscii } from "node:buffer";

/** `text` is null where the line is too long for a string. */
export type Line = { number: number; text: string | null };

const newline = 10;
const byteOrderMark = "\uFEFF";

/** The non-empty lines of each block; a line that spans blocks comes with the block that ends it. */
export async function* readLines(blocks: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  let number = 0;
  let open: Buffer[] = [];
  let openBytes = 0;

  const take = (lines: Line[], last: Buffer) => {
    number++;
    const length = openBytes + last.length;
    const text =
      length > constants.MAX_STRING_LENGTH ? null : decode(open.length > 0 ? Buffer.concat([...open, last]) : last);
    open = [];
    openBytes = 0;
    if (text === null || text.trim() !== "")
      lines.push({ number, text: number === 1 && text?.startsWith(byteOrderMark) ? text.slice(1) : text });
  };

  for await (const block of blocks) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = block.indexOf(newline); end !== -1; end = block.indexOf(newline, from)) {
      take(lines, block.subarray(from, end));
      from = end + 1;
    }
    if (from < block.length) {
      openBytes += block.length - from;
      // of a line that is too long only the length matters any more
      if (openBytes > constants.MAX_STRING_LENGTH) open = [];
      else open.push(block.subarray(from));
    }
    if (lines.length > 0) yield lines;
  }
  if (openBytes > 0) {
    const lines: Line[] = [];
    take(lines, Buffer.alloc(0));
    yield lines;
  }
}

/** Bytes that are no UTF-8 become U+FFFD. */
function decode(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
}
