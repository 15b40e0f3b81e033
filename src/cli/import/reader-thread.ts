/** Reads, parses and normalises files on a thread of its own, so that the importing one only writes. */
import { Worker } from "node:worker_threads";
import { unpackBatch } from "./pack-batch.js";
import type { ReadStep } from "./read-files.js";
import { blocksAhead, type FromReader, type ReaderData, type ToReader } from "./reader-message.js";

export type ReaderThread = {
  /** false where the thread cannot be started; nothing was read then */
  ready: Promise<boolean>;
  /** As `readFiles`; `stdin`: what stands behind `-`. */
  steps(stdin: AsyncIterable<Buffer>): AsyncGenerator<ReadStep>;
  stop(): Promise<void>;
};

/** What the build puts beside the bundled command. */
const bundledReader = new URL("import-reader.cjs", import.meta.url);

export function startReaderThread(files: string[], program = bundledReader): ReaderThread {
  const worker = new Worker(program, { workerData: { files } satisfies ReaderData });
  const tell = (message: ToReader) => worker.postMessage(message);
  const inbox: (FromReader | { type: "failed"; error: Error })[] = [];
  let wake = () => {};
  let started: (isReady: boolean) => void = () => {};
  const ready = new Promise<boolean>((resolve) => {
    started = resolve;
  });
  let wantedBlocks = blocksAhead;
  let wantBlock = () => {};

  worker.on("message", (message: FromReader) => {
    if (message.type === "ready") started(true);
    else if (message.type === "taken") {
      wantedBlocks++;
      wantBlock();
    } else {
      inbox.push(message);
      wake();
    }
  });
  const fail = (error: Error) => {
    started(false);
    inbox.push({ type: "failed", error });
    wake();
  };
  worker.on("error", fail);
  worker.on("exit", (code) => fail(new Error(`the thread that reads the files ended with code ${code}`)));

  async function handOver(stdin: AsyncIterable<Buffer>): Promise<void> {
    let problem: string | null = null;
    try {
      for await (const block of stdin) {
        while (wantedBlocks <= 0)
          await new Promise<void>((resolve) => {
            wantBlock = resolve;
          });
        wantedBlocks--;
        tell({ type: "stdin", block });
      }
    } catch (error) {
      problem = (error as Error).message;
    }
    tell({ type: "stdin-end", problem });
  }

  return {
    ready,
    async *steps(stdin) {
      if (files.includes("-")) void handOver(stdin);
      for (;;) {
        while (inbox.length === 0)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        const message = inbox.shift();
        if (message?.type === "failed") throw message.error;
        if (message?.type === "end") {
          if (message.error) throw Object.assign(new Error(message.error.message), message.error.properties);
          return;
        }
        if (message?.type === "problem") yield { file: message.file, problem: message.problem };
        else if (message?.type === "batch") {
          tell({ type: "taken" });
          yield { file: message.file, position: message.position, batch: unpackBatch(message.batch) };
        }
      }
    },
    async stop() {
      await worker.terminate();
    },
  };
}
