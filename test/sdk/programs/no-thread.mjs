// Threads cannot be had here.
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";

threads.Worker = class {
  constructor() {
    throw new Error("no threads here");
  }
};
syncBuiltinESMExports();
const { sdk } = await import("./agensight.mjs");

if (process.argv[2]) sdk.connectMcp(process.argv[2]);
const tracing = sdk.setupTracing("no thread");
sdk.startSpan("flushed", () => {});
await tracing.flush();
process.send("flushed");
sdk.startSpan("at the exit", () => {});
