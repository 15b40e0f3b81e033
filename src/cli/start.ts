/**
 * Runs the bundle beside this file. For `mcp`, which hosts start and wait for, V8's compiled code is kept in
 * AGENSIGHT_HOME/cache, so that the next start need not compile.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { readCodeCache, writeCodeCache } from "./code-cache.js";

/** ms of service after which the functions that a start needs have been compiled. */
const warm = 2000;

/** `folder`: where the bundles are; `args`: what follows `agensight`. */
export function start(folder: URL, args: string[]): void {
  const serving = args[0] === "mcp";
  const url = new URL(serving ? "main-mcp.cjs" : "main.cjs", folder);
  const file = fileURLToPath(url);
  const source = readFileSync(file);
  const cached = serving ? readCodeCache(source) : undefined;
  // the bundle is ASCII, and V8 keeps and scans one-byte strings faster
  const script = new vm.Script(`(function (require, module, bundleUrl) {${source.toString("latin1")}\n})`, {
    filename: file,
    ...(cached ? { cachedData: cached } : {}),
  });
  const module = { exports: {} as { main(args: string[]): Promise<void> } };
  script.runInThisContext()(createRequire(file), module, url.href);
  void module.exports.main(args);

  if (serving && (!cached || script.cachedDataRejected))
    setTimeout(() => writeCodeCache(source, script.createCachedData()), warm).unref();
}
