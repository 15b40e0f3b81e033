// The recorder's thread dies twice while the program goes on.
import { once } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";

const started = [];
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    started.push(this);
  }
};
syncBuiltinESMExports();
const { sdk } = await import("./agensight.mjs");

const tracing = sdk.setupTracing("dying thread");
for (const name of ["first", "second", "third"]) {
  sdk.startSpan(name, () => {});
  await tracing.flush();
  if (name === "third") break;
  const gone = once(started.at(-1), "exit");
  started.at(-1).terminate();
  await gone;
}
process.send(started.length);
