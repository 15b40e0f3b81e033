/** Where exported lines go: stdout, or a file that appears when it is complete. */

import { createWriteStream, renameSync, rmSync, statSync } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { createGzip, type Gzip } from "node:zlib";

export type Sink = {
  /** Resolves when the next line may come. */
  write(line: string): Promise<void>;
  /** Everything is written; the file has its name. */
  close(): Promise<void>;
  /** Leaves nothing behind. */
  abort(): void;
};

/** Characters that are gathered before they are written. */
const gathered = 1 << 18;

/** `path`: null = stdout; ending in `.gz` it is compressed. */
export function openSink(path: string | null): Sink {
  const target: Writable = path === null ? process.stdout : openTarget(path);
  const stream: Writable = path?.endsWith(".gz") ? createGzip() : target;
  let failure: Error | undefined;
  let goOn = () => {};
  if (path !== null)
    target.on("error", (error) => {
      failure ??= error;
      // a target that broke drains no more
      goOn();
    });
  if (stream !== target) (stream as Gzip).pipe(target);
  stream.on("drain", () => goOn());
  const partial = path === null ? null : (target as { path?: string }).path;

  let text = "";
  const flush = async () => {
    const full = !failure && !stream.write(text);
    text = "";
    if (full)
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    if (failure) throw failure;
  };
  return {
    async write(line) {
      text += `${line}\n`;
      if (text.length >= gathered) await flush();
    },
    async close() {
      if (text) await flush();
      if (path === null) return;
      stream.end();
      await finished(target);
      if (partial && partial !== path) renameSync(partial, path);
    },
    abort() {
      if (path === null) return;
      target.destroy();
      if (partial && partial !== path) rmSync(partial, { force: true });
    },
  };
}

/** A pipe or a device is written as it is. */
function openTarget(path: string) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return createWriteStream(!stat || stat.isFile() ? `${path}.${process.pid}.partial` : path);
}
