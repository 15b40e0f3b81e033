/** The bytes of files as anyone finds them who has the disk; the deflated texts of a store as well. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import type { EngineName } from "../../src/store/engines/engine.js";
import { openForReading } from "../../src/store/open-store.js";
import { placesIn } from "./planted.js";

/** Every file below a folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}

/** The places whose values are on disk, by file; `{}` = none is. */
export async function placesOnDisk(
  folder: string,
  store: string,
  options: { engine?: EngineName } = {},
): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  const look = (name: string, text: string) => {
    const places = placesIn(text);
    if (places.length > 0) found[name] = [...new Set([...(found[name] ?? []), ...places])];
  };
  for (const [name, text] of await textsOnDisk(folder, store, options)) look(name, text);
  return found;
}

/** What can be read out of the files below a folder, by file, and out of the store's deflated blocks. */
export async function textsOnDisk(
  folder: string,
  store: string,
  options: { engine?: EngineName } = {},
): Promise<[name: string, text: string][]> {
  const texts: [string, string][] = [];
  for (const file of filesIn(folder)) {
    const bytes = readFileSync(file);
    texts.push([file, bytes.toString("utf8")], [file, bytes.toString("utf16le")]);
  }
  const engine = await openForReading(store, options);
  try {
    for (const { data } of engine.all("SELECT data FROM block"))
      texts.push(["deflated", inflateRawSync(data).toString("utf8")]);
  } finally {
    engine.close();
  }
  return texts;
}
