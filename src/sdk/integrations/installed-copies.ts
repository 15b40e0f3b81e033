/** Finds the copies of a library that a program would load: the one of `import` and the one of `require`. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { moduleUrl, programFile } from "../environment.js";

export type Condition = "import" | "require";

type CopyOptions = {
  /** default: both */
  conditions?: readonly Condition[];
  /** Packages that may have a copy of their own, which the main file would not get. */
  of?: readonly string[];
};

/**
 * The modules that `import "name/subpath"` and `require("name/subpath")` would give the program's main file; one where
 * both are the same, none where the library is not installed. Loads what is not loaded yet.
 *
 * Errors: what the library throws while it loads.
 */
export function installedCopies(name: string, subpath = ".", options: CopyOptions = {}): unknown[] {
  const { conditions = ["import", "require"], of = [] } = options;
  const files = new Set<string>();
  for (const folder of packageFolders(name, of))
    for (const condition of conditions) for (const file of entryFiles(folder, subpath, condition)) files.add(file);
  const require = createRequire(moduleUrl());
  return [...files].map((file) => require(file));
}

function entryFiles(folder: string, subpath: string, condition: Condition): string[] {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { exports?: unknown };
  // a package without a map of exports
  if (exports === undefined) return [createRequire(moduleUrl()).resolve(join(folder, subpath))];
  const file = exportedFile(exports, subpath, new Set([condition, "node", "default"]));
  return file && existsSync(join(folder, file)) ? [join(folder, file)] : [];
}

/** The nearest installation, seen from the program's main file or else from where it was started, and those of others. */
function packageFolders(name: string, others: readonly string[]): Set<string> {
  const main = programFile();
  const starts = [...(main && existsSync(main) ? [dirname(realpathSync(main))] : []), process.cwd()];
  const nearest = (from: readonly string[], wanted: string) =>
    from.map((start) => folderFrom(start, wanted)).find((folder) => folder !== null);
  const folders = new Set<string>();
  for (const start of [
    starts,
    ...others
      .map((other) => nearest(starts, other))
      .filter(isFound)
      .map((at) => [at]),
  ]) {
    const folder = nearest(start, name);
    if (folder) folders.add(folder);
  }
  return folders;
}

function isFound(folder: string | null | undefined): folder is string {
  return typeof folder === "string";
}

function folderFrom(start: string, name: string): string | null {
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return realpathSync(candidate);
    if (folder === dirname(folder)) return null;
  }
}

/** Source: https://nodejs.org/api/packages.html#conditional-exports; patterns with several stars do not exist. */
function exportedFile(exports: unknown, subpath: string, conditions: Set<string>): string | null {
  const isMap = typeof exports === "object" && exports !== null && Object.keys(exports).every((key) => key[0] === ".");
  if (!isMap) return subpath === "." ? target(exports, conditions) : null;
  const entries = exports as Record<string, unknown>;
  if (subpath in entries) return target(entries[subpath], conditions);
  for (const [pattern, value] of Object.entries(entries)) {
    const [before, after] = pattern.split("*");
    if (before === undefined || after === undefined) continue;
    if (!subpath.startsWith(before) || !subpath.endsWith(after)) continue;
    const star = subpath.slice(before.length, subpath.length - after.length);
    return target(value, conditions)?.replaceAll("*", star) ?? null;
  }
  return null;
}

/** The first condition that holds, in the order of the package. */
function target(value: unknown, conditions: Set<string>): string | null {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((item) => target(item, conditions)).find((file) => file !== null) ?? null;
  for (const [condition, inner] of Object.entries(value ?? {})) {
    const file = conditions.has(condition) ? target(inner, conditions) : null;
    if (file) return file;
  }
  return null;
}
