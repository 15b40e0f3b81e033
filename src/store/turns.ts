/** Lets others write between the steps of long work: who waits for SQLite's lock only looks for it now and then. */
import type { Engine } from "./engines/engine.js";

/** ms of work, and of rest: longer than SQLite's own pause between two looks, which grows to 100 ms */
const work = 300;
const rest = 120;

/** Call what it returns between two transactions. */
export function openTurns(engine: Engine): () => void {
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  let since = performance.now();
  return () => {
    // the other family has one writer anyway
    if (engine.family !== "native" || performance.now() - since < work) return;
    Atomics.wait(sleep, 0, 0, rest);
    since = performance.now();
  };
}
