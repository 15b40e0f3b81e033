/** Saves what is queued when the program ends, by whatever way lets code run. */

/**
 * Blocks until everything is on disk, at most `patience` ms, or twice that where it is getting on;
 * `last`: the process ends afterwards.
 */
type Save = (patience: number, last: boolean) => void;

const atExit = 5_000;
/** Other listeners want to run too. */
const atSharedSignal = 3_000;
const signals = ["SIGTERM", "SIGINT"] as const;
const saves = new Set<Save>();
const ends = new Set<() => void>();

/** Calls `save` at the end of the process until the returned function is called. */
export function saveAtExit(save: Save): () => void {
  if (saves.size === 0) listen();
  saves.add(save);
  return () => {
    if (saves.delete(save) && saves.size === 0) unlisten();
  };
}

/** Calls `end` right before what is queued is saved for the last time, until the returned function is called. */
export function beforeExit(end: () => void): () => void {
  ends.add(end);
  return () => ends.delete(end);
}

function saveAll(patience: number, last: boolean): void {
  if (last) endAll();
  for (const save of saves) save(patience, last);
}

/** Also for a recorder that stops earlier. */
export function endAll(): void {
  for (const end of Array.from(ends)) end();
}

function onExit(): void {
  saveAll(atExit, true);
}

/**
 * A listener takes the signal's default action away, so the signal is raised again where ours is the only one.
 * Ours runs first and steps aside: others count the listeners to learn whether they may end the process.
 */
function onSignal(signal: NodeJS.Signals): void {
  process.removeListener(signal, onSignal);
  if (process.listenerCount(signal) === 0) {
    saveAll(atExit, true);
    process.kill(process.pid, signal);
    return;
  }
  saveAll(atSharedSignal, false);
  setImmediate(() => {
    if (saves.size > 0 && !process.listeners(signal).includes(onSignal)) process.prependListener(signal, onSignal);
  }).unref();
}

function listen(): void {
  process.on("exit", onExit);
  for (const signal of signals) process.prependListener(signal, onSignal);
}

function unlisten(): void {
  process.removeListener("exit", onExit);
  for (const signal of signals) process.removeListener(signal, onSignal);
}
