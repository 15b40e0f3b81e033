/** Keeps V8's compiled code between starts. Every failure means: start without it. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { agensightHome } from "./home.js";

const header = 8;
const keptFiles = 4;

function place(source: Buffer): { folder: string; file: string; sum: number } {
  const sum = crc32(source);
  const folder = join(agensightHome(), "cache");
  return { folder, file: join(folder, `mcp-${process.version}-${process.arch}-${sum.toString(16)}.v8`), sum };
}

/** The code compiled from `source` by this version of Node; undefined when there is none, or it is damaged. */
export function readCodeCache(source: Buffer): Buffer | undefined {
  try {
    const { file, sum } = place(source);
    const bytes = readFileSync(file);
    const code = bytes.subarray(header);
    // V8 trusts what it reads: a damaged cache would end the process
    if (bytes.readUInt32LE(0) === sum && bytes.readUInt32LE(4) === crc32(code)) return code;
  } catch {
    // none yet
  }
  return undefined;
}

export function writeCodeCache(source: Buffer, code: Buffer): void {
  try {
    const { folder, file, sum } = place(source);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const head = Buffer.alloc(header);
    head.writeUInt32LE(sum, 0);
    head.writeUInt32LE(crc32(code), 4);
    const partial = `${file}.${process.pid}`;
    writeFileSync(partial, Buffer.concat([head, code]), { mode: 0o600 });
    renameSync(partial, file);
    const ages = readdirSync(folder).map((name) => ({
      path: join(folder, name),
      time: statSync(join(folder, name)).mtimeMs,
    }));
    for (const { path } of ages.sort((a, b) => b.time - a.time).slice(keptFiles)) rmSync(path, { force: true });
  } catch {
    // a home that cannot be written: every start compiles
  }
}
