#!/usr/bin/env node
/** The `agensight` command. Leaves ES modules at once: their loader and its view of Node's modules cost a tenth of a start. */
const { createRequire } = process.getBuiltinModule("node:module");
const { start } = createRequire(import.meta.url)("./start.cjs") as typeof import("./start.js");

start(new URL(".", import.meta.url), process.argv.slice(2));
