/** Decides who reads the files of an import: this thread, or for large ones another that reads ahead. */
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Settings } from "../settings.js";
import { blockSize, fromChunks, stdinBlocks } from "./blocks.js";
import { type ReadStep, readFiles } from "./read-files.js";
import { type ReaderThread, startReaderThread } from "./reader-thread.js";

/** Bytes from which on a second thread pays for its start. */
const largeImport = 2 * blockSize;

export type Reading = {
  steps(): AsyncGenerator<ReadStep>;
  /** bytes before each file; of stdin they are not known and count as none */
  before: number[];
  /** bytes of all files; null = unknown */
  total: number | null;
  stop(): Promise<void>;
};

export async function startReading(files: string[], { engine }: Settings): Promise<Reading> {
  const sizes = files.map((file) => (file === "-" ? 0 : statSync(file).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const hasStdin = files.includes("-");
  const stdin = hasStdin ? await peek(stdinBlocks()) : noStdin;
  const isLarge = bytes + stdin.bytes >= largeImport;
  // sql.js holds the whole store in memory: there it is small
  const thread = isLarge && engine !== "sqljs" && availableParallelism() > 1 ? startReaderThread(files) : null;
  return {
    steps: () => read(files, stdin.blocks, thread),
    before: sizes.map((_, index) => sizes.slice(0, index).reduce((sum, size) => sum + size, 0)),
    total: hasStdin ? null : bytes,
    async stop() {
      // after an error more may come that nobody reads (a file as stdin has nothing to unref)
      if (hasStdin) process.stdin.unref?.();
      await thread?.stop();
    },
  };
}

async function* read(
  files: string[],
  stdin: AsyncIterable<Buffer>,
  thread: ReaderThread | null,
): AsyncGenerator<ReadStep> {
  if (thread && (await thread.ready)) yield* thread.steps(stdin);
  else {
    const { openPreparer } = await import("../../ingest/prepare.js");
    yield* readFiles(files, () => fromChunks(stdin), await openPreparer());
  }
}

type Peeked = { blocks: AsyncIterable<Buffer>; bytes: number };

async function* nothing(): AsyncGenerator<Buffer> {}
const noStdin: Peeked = { blocks: nothing(), bytes: 0 };

/** Waits for enough to tell a large input, its end, or a pause: it may be a live program. */
async function peek(blocks: AsyncGenerator<Buffer>): Promise<Peeked> {
  const first: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const { value, done } = await blocks.next();
    if (done) break;
    first.push(value);
    bytes += value.length;
    if (value.length < blockSize || bytes >= largeImport) break;
  }
  async function* all() {
    yield* first;
    yield* blocks;
  }
  return { blocks: all(), bytes };
}
