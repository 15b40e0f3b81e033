#!/usr/bin/env node
/**
 * The `agensight` command: runs the bundle beside it. For `mcp`, which hosts start and wait for, V8's compiled code
 * is kept in AGENSIGHT_HOME/cache, so that the next start need not compile.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { readCodeCache, writeCodeCache } from "./code-cache.js";

const file = fileURLToPath(new URL("./main.cjs", import.meta.url));
// esbuild writes ASCII only, and V8 keeps and scans one-byte strings faster
const source = readFileSync(file);
const cached = process.argv[2] === "mcp" ? readCodeCache(source) : undefined;
const script = new vm.Script(`(function (require, module, bundleUrl) {${source.toString("latin1")}\n})`, {
  filename: file,
  ...(cached ? { cachedData: cached } : {}),
});
const bundle = { exports: {} as { main(args: string[]): Promise<void> } };
script.runInThisContext()(createRequire(import.meta.url), bundle, import.meta.url);
void bundle.exports.main(process.argv.slice(2));

// after some seconds of service, so that the functions which a start needs are compiled and in it
if (process.argv[2] === "mcp" && (!cached || script.cachedDataRejected))
  setTimeout(() => writeCodeCache(source, script.createCachedData()), 2000).unref();
