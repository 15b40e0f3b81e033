/** Observes an async generator or another async iterable in place, running its code inside of the call's span. */
import type { CallSpan } from "./call-span.js";
import { quietly } from "./guard.js";
import { type AnswerReader, observeIterator, type StreamEnds, streamEnds } from "./observe-stream.js";

/** Ends `call` exactly once, see `observeStream`. Whoever gets hold of the iterable only later sees the same object. */
export function observeIterable(iterable: AsyncIterable<unknown>, call: CallSpan, reader: AnswerReader): void {
  const ends = streamEnds(call, reader, undefined);
  call.whenLeft(iterable, ends.left);
  if (isIterator(iterable)) {
    // a generator is its own iterator, and what the library wraps around it reads through it
    observeInside(iterable, call, ends);
    return;
  }
  const open = iterable[Symbol.asyncIterator];
  let isFirst = true;
  Object.defineProperty(iterable, Symbol.asyncIterator, {
    value: (...args: []) => {
      const iterator = call.within(() => open.apply(iterable, args));
      if (isFirst) quietly("a stream could not be observed", () => observeInside(iterator, call, ends));
      isFirst = false;
      return iterator;
    },
    writable: true,
    configurable: true,
  });
}

function isIterator(value: object): value is AsyncIterator<unknown> {
  return typeof (value as Partial<AsyncIterator<unknown>>).next === "function";
}

/** By iterator: an engine hands on the very stream that it was given, and each of them has its span. */
const observers = new WeakMap<object, StreamEnds[]>();

function observeInside(iterator: AsyncIterator<unknown>, call: CallSpan, ends: StreamEnds): void {
  const known = observers.get(iterator);
  if (known) {
    known.push(ends);
    return;
  }
  const all = [ends];
  observers.set(iterator, all);
  for (const name of ["next", "return", "throw"] as const) {
    const method = iterator[name] as ((...args: unknown[]) => unknown) | undefined;
    if (typeof method !== "function") continue;
    Object.defineProperty(iterator, name, {
      value: (...args: unknown[]) => call.within(() => method.apply(iterator, args)),
      writable: true,
      configurable: true,
    });
  }
  const each = (tell: (one: StreamEnds) => void) => {
    for (const one of all) tell(one);
  };
  observeIterator(
    iterator,
    {
      step: (step) => each((one) => one.step(step)),
      failed: (error) => each((one) => one.failed(error)),
      cancelled: () => each((one) => one.cancelled()),
      left: () => each((one) => one.left()),
    },
    () => true,
  );
}
