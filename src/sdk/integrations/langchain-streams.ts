/** Streams of graphs and chains: LangChain tells nobody when their consumer goes away. */
import { quietly } from "./guard.js";
import { type Begun, leave, noticing } from "./langchain-runs.js";

// biome-ignore lint/suspicious/noExplicitAny: objects and methods of LangChain
type Any = any;
type Method = (this: Any, ...args: Any[]) => Any;

/** `_streamIterator(input, config)`, a generator that begins a run when it is first pulled from. */
export function watchConsumer(original: Method): Method {
  return function (...args) {
    const stream = original.apply(this, args);
    // a graph's signal is its own; one of the program is not to get listeners of ours
    const signal = this.lg_is_pregel === true ? args[1]?.signal : undefined;
    quietly("a stream could not be followed", () => watch(stream, signal));
    return stream;
  };
}

function watch(stream: Record<string, Method>, signal: AbortSignal | undefined): void {
  const begun: Begun = { run: undefined };
  let isPulled = false;
  let isOver = false;

  // aborted while it waits to be pulled from, which LangChain does not do any more then
  const aborted = () =>
    queueMicrotask(() => {
      if (!isPulled && !isOver) end(signal?.reason);
    });
  signal?.addEventListener("abort", aborted, { once: true });

  function over(): void {
    isOver = true;
    signal?.removeEventListener("abort", aborted);
  }
  function end(failure?: unknown): void {
    over();
    const { run } = begun;
    if (!run) return;
    if (failure !== undefined) run.failure = { error: failure };
    quietly("a run could not be ended", () => leave(run.id, performance.now()));
  }
  function pulled({ done }: { done?: boolean }): void {
    isPulled = false;
    if (done) over();
    else if (signal?.aborted && !isOver) aborted();
  }

  for (const name of ["next", "return", "throw"]) {
    const step = stream[name];
    if (typeof step !== "function") continue;
    const value = (...args: unknown[]) => {
      if (name === "next") isPulled = true;
      else {
        over();
        if (begun.run) begun.run.isBrokenOff = true;
      }
      const result = noticing(begun, () => step.apply(stream, args));
      // the consumer awaits the same promise
      if (name === "next") result.then(pulled, over);
      else result.then(leaveSoon, leaveSoon);
      return result;
    };
    Object.defineProperty(stream, name, { value, writable: true, configurable: true });
  }

  /** What failed is told right afterwards. */
  function leaveSoon(): void {
    setImmediate(() => end()).unref();
  }
}
