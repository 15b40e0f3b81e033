/** The modules of LlamaIndex that a program uses. */
import { createRequire } from "node:module";
import { moduleUrl } from "../environment.js";
import { type Condition, installedCopies } from "./installed-copies.js";

/** What is patched, and by which packages each may be found where the program's main file does not see it. */
const modules: [name: string, subpath: string, of: string[]][] = [
  ...["global", "llms", "embeddings", "agent", "retriever", "query-engine", "chat-engine", "response-synthesizers"].map(
    (part): [string, string, string[]] => ["@llamaindex/core", `./${part}`, ["llamaindex"]],
  ),
  ["llamaindex", "./engines", []],
  ["@llamaindex/workflow", ".", ["llamaindex"]],
  ["@llamaindex/workflow-core", "./async-context", ["@llamaindex/workflow"]],
];

/** Loads what the program has not loaded yet, but never a second form of the library. */
export function usedCopies(): unknown[] {
  const conditions = [usedForm()];
  return modules.flatMap(([name, subpath, of]) => installedCopies(name, subpath, { conditions, of }));
}

/**
 * Both forms in one program are what @llamaindex/env complains about on stderr when the second one is loaded. Where none is
 * loaded yet the form of the program itself counts.
 */
function usedForm(): Condition {
  const { cache, main } = createRequire(moduleUrl());
  const isRequired = Object.keys(cache).some((file) => /[\\/]@llamaindex[\\/]env[\\/].*\.cjs$/.test(file));
  const isLoaded = Object.hasOwn(globalThis, "__ $@llamaindex/env$ __");
  return isRequired || (!isLoaded && main !== undefined) ? "require" : "import";
}
