/** The reading thread of a large import: files → batches, a few ahead of those being written. */
import { parentPort, workerData } from "node:worker_threads";
import { openPreparer } from "../ingest/prepare.js";
import { fromChunks } from "./import/blocks.js";
import { packBatch } from "./import/pack-batch.js";
import { readFiles } from "./import/read-files.js";
import { batchesAhead, type FromReader, type ReaderData, type ToReader } from "./import/reader-message.js";

const port = parentPort as NonNullable<typeof parentPort>;
const post = (message: FromReader) => port.postMessage(message);

let ahead = 0;
const stdin: Extract<ToReader, { type: "stdin" | "stdin-end" }>[] = [];
let wake = () => {};
const news = () =>
  new Promise<void>((resolve) => {
    wake = resolve;
  });
port.on("message", (message: ToReader) => {
  if (message.type === "taken") ahead--;
  else stdin.push(message);
  wake();
});

async function* stdinBlocks(): AsyncGenerator<Buffer> {
  for (;;) {
    while (stdin.length === 0) await news();
    const [message] = stdin;
    if (message?.type === "stdin") {
      stdin.shift();
      post({ type: "taken" });
      yield Buffer.from(message.block.buffer, message.block.byteOffset, message.block.byteLength);
    } else if (message?.problem) throw new Error(message.problem);
    else return;
  }
}

async function read({ files }: ReaderData): Promise<void> {
  const preparer = await openPreparer();
  post({ type: "ready" });
  try {
    for await (const step of readFiles(files, () => fromChunks(stdinBlocks()), preparer)) {
      if ("problem" in step) post({ type: "problem", ...step });
      else {
        while (ahead > batchesAhead) await news();
        ahead++;
        post({ type: "batch", file: step.file, position: step.position, batch: packBatch(step.batch) });
      }
    }
    post({ type: "end", error: null });
  } catch (error) {
    post({ type: "end", error: { message: (error as Error).message, properties: { ...(error as Error) } } });
  }
  port.close();
}

void read(workerData as ReaderData);
