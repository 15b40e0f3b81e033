/** The bytes of a file or of stdin in large blocks, unpacked where they are gzip. */
import { type FileHandle, open } from "node:fs/promises";
import { constants, createGunzip } from "node:zlib";

/** Bytes of a block; what stands in one is written in one transaction. */
const blockSize = 4 << 20;
/** ms without input after which a smaller block is handed on: stdin may be a live program. */
const quiet = 100;

export type ByteSource = {
  blocks: AsyncIterable<Buffer>;
  /** bytes of the file; null = unknown */
  size: number | null;
  /** bytes read so far, as they lie in the file (packed) */
  position(): number;
};

export async function openFile(path: string): Promise<ByteSource> {
  const handle = await open(path);
  const stat = await handle.stat();
  return fromChunks(readChunks(handle), stat.isFile() ? stat.size : null);
}

export function openStdin(): ByteSource {
  return fromChunks(process.stdin, null);
}

function fromChunks(chunks: AsyncIterable<Buffer>, size: number | null): ByteSource {
  let position = 0;
  async function* counted() {
    for await (const chunk of chunks) {
      position += chunk.length;
      yield chunk;
    }
  }
  return { blocks: gather(unpack(counted())), size, position: () => position };
}

async function* readChunks(handle: FileHandle): AsyncGenerator<Buffer> {
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(blockSize), 0, blockSize);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** gzip is known by its first bytes (RFC 1952), not by the file's name. */
async function* unpack(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await chunks.next();
  if (first.done) return;
  async function* whole() {
    yield first.value as Buffer;
    yield* chunks;
  }
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield* whole();
    return;
  }
  // a file that was cut off gives what it has; its last line then is no JSON
  const gunzip = createGunzip({ chunkSize: 1 << 20, finishFlush: constants.Z_SYNC_FLUSH });
  const fed = (async () => {
    for await (const chunk of whole())
      if (!gunzip.write(chunk)) await new Promise((done) => gunzip.once("drain", done));
    gunzip.end();
  })();
  fed.catch((error: Error) => gunzip.destroy(error));
  yield* gunzip as AsyncIterable<Buffer>;
}

/** Joins small chunks to blocks. */
async function* gather(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  let next = chunks.next();
  for (;;) {
    const chunk = held.length > 0 ? await orQuiet(next) : await next;
    if (chunk !== "quiet" && !chunk.done) {
      held.push(chunk.value);
      bytes += chunk.value.length;
      next = chunks.next();
      if (bytes < blockSize) continue;
    }
    if (held.length > 0) yield held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held);
    if (chunk !== "quiet" && chunk.done) return;
    held = [];
    bytes = 0;
  }
}

async function orQuiet<T>(promise: Promise<T>): Promise<T | "quiet"> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<"quiet">((resolve) => {
    timer = setTimeout(resolve, quiet, "quiet");
  });
  try {
    return await Promise.race([promise, silence]);
  } finally {
    clearTimeout(timer);
  }
}
