/** Where exported lines go: stdout, or a file that appears when it is complete. */

import { once } from "node:events";
import { createWriteStream, renameSync, rmSync, statSync } from "node:fs";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";

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
  const target = path === null ? process.stdout : openTarget(path);
  const stream = path?.endsWith(".gz") ? createGzip() : target;
  let failure: Error | undefined;
  if (path !== null) target.on("error", (error) => (failure ??= error));
  if (stream !== target) stream.pipe(target as NodeJS.WritableStream);
  const partial = path === null ? null : (target as { path?: string }).path;

  let text = "";
  const flush = async () => {
    if (failure) throw failure;
    const full = !stream.write(text);
    text = "";
    // a target that broke drains no more
    if (full) await Promise.race([once(stream, "drain"), ...(path === null ? [] : [once(target, "close")])]);
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
      await finished(target as NodeJS.WritableStream);
      if (partial && partial !== path) renameSync(partial, path);
    },
    abort() {
      if (path === null) return;
      (target as { destroy(): void }).destroy();
      if (partial && partial !== path) rmSync(partial, { force: true });
    },
  };
}

/** A pipe or a device is written as it is. */
function openTarget(path: string) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return createWriteStream(!stat || stat.isFile() ? `${path}.${process.pid}.partial` : path);
}
