/** Loads an optional package at run time, also from inside a bundle, where it lies beside the program and not beside us. */
import { createRequire } from "node:module";
import { join } from "node:path";

/** The module, or undefined when it cannot be found or loaded from any place. */
export function loadModule(name: string): unknown {
  const own = import.meta.url as string | undefined;
  for (const base of [own, process.argv[1], join(process.cwd(), "package.json")]) {
    if (!base) continue;
    try {
      return createRequire(base)(name);
    } catch {
      // absent or unloadable here: the next place, then the next engine
    }
  }
  return undefined;
}
