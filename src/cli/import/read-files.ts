/** The batches of some files, in order. */
import type { Preparer } from "../../ingest/prepare.js";
import { type Batch, prepareBatch } from "./batch.js";
import { type ByteSource, openFile } from "./blocks.js";
import { readDocuments } from "./documents.js";
import { readLines } from "./lines.js";

/** `file`: index of the file. */
export type ReadStep = { file: number } & (
  | {
      batch: Batch;
      /** bytes of the file read so far, as they lie in it (packed) */
      position: number;
    }
  /** why the file cannot be read on; what came before stands */
  | { problem: string }
);

/** `files`: paths, `-` for stdin, which `openStdin` opens. Rejects where a file cannot be opened. */
export async function* readFiles(
  files: string[],
  openStdin: () => ByteSource,
  preparer: Preparer,
): AsyncGenerator<ReadStep> {
  for (const [file, path] of files.entries()) {
    const source = path === "-" ? openStdin() : await openFile(path);
    try {
      for await (const documents of readDocuments(readLines(source.blocks)))
        yield { file, batch: prepareBatch(documents, preparer), position: source.position() };
    } catch (error) {
      // truncated gzip, a disk that cannot be read
      yield { file, problem: (error as Error).message };
    }
  }
}
