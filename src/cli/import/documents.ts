/** Lines to JSON documents: one a line, or one in the whole file where somebody pretty-printed it. */
import type { Line } from "./lines.js";

/** `line`: where it begins. */
export type Document = { line: number; value: unknown } | { line: number; problem: string };

/** The documents of each block, in order. */
export async function* readDocuments(blocks: AsyncIterable<Line[]>): AsyncGenerator<Document[]> {
  const iterator = blocks[Symbol.asyncIterator]();
  let head: Line[] = [];
  // two lines tell the two forms apart
  while (head.length < 2) {
    const { value, done } = await iterator.next();
    if (done) break;
    head = head.length > 0 ? [...head, ...value] : value;
  }
  const spread = head.length >= 2 && isOpened(head[0]) && "problem" in parse(head[1] as Line);
  if (!spread) {
    yield head.map(parse);
    for (;;) {
      const { value, done } = await iterator.next();
      if (done) return;
      yield value.map(parse);
    }
  }

  const lines = head;
  for (;;) {
    const { value, done } = await iterator.next();
    if (done) break;
    for (const line of value) lines.push(line);
  }
  const whole = parseAll(lines);
  yield whole ? [{ line: lines[0]?.number ?? 1, value: whole.value }] : lines.map(parse);
}

/** A document that the line begins and does not end. */
function isOpened(line: Line | undefined): boolean {
  return line !== undefined && /^\s*[[{]/.test(line.text?.slice(0, 1000) ?? "") && "problem" in parse(line);
}

function parse({ number, text }: Line): Document {
  if (text === null) return { line: number, problem: "longer than 512 MB" };
  try {
    return { line: number, value: JSON.parse(text) };
  } catch (error) {
    return { line: number, problem: `not JSON: ${withoutText(error as Error)}` };
  }
}

/** Some messages quote what stands around the place. */
function withoutText({ message }: Error): string {
  return message.replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, "");
}

function parseAll(lines: Line[]): { value: unknown } | null {
  try {
    return { value: JSON.parse(lines.map((line) => line.text).join("\n")) };
  } catch {
    return null;
  }
}
