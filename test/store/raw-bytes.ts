/** Whether a text is in a store's files, for whoever looks at their bytes. */
import { existsSync, readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import type { EngineName } from "../../src/store/engines/engine.js";
import { openEngine } from "../../src/store/engines/open-engine.js";

/** Where each text was found: in a file's bytes, or in what a block of the store unpacks to. Case does not matter. */
export async function whereInFiles(path: string, engine: EngineName, texts: string[]): Promise<string[]> {
  const found: string[] = [];
  const look = (place: string, bytes: Uint8Array) => {
    const content = Buffer.from(bytes).toString("latin1").toLowerCase();
    for (const text of texts) if (content.includes(text.toLowerCase())) found.push(`${text} in ${place}`);
  };
  for (const end of ["", "-wal", "-shm", "-journal"])
    if (existsSync(path + end)) look(`traces.db${end}`, readFileSync(path + end));
  const open = await openEngine({ path, engine, readOnly: true, reading: true });
  for (const { id, data } of open.all("SELECT id, data FROM block")) look(`block ${id}`, inflateRawSync(data));
  open.close();
  return found;
}
