/** Observes a streamed answer in place: each chunk as the program pulls it, and the end, by whatever way it comes. */
import type { CallAttributes, CallSpan } from "./call-span.js";
import { quietly } from "./guard.js";
import { replaceMethod } from "./replace-method.js";

/** Turns what an API answers into attributes. What its methods throw goes to `diag`. */
export type AnswerReader = {
  /** An answer in one piece. */
  result(value: unknown): void;
  /** A chunk, right before the program gets it. What is kept of all chunks must be bounded. */
  chunk(value: unknown): void;
  /** Of what was read so far; asked once, at the end. */
  attributes(): CallAttributes;
  /** What the provider reported as failed inside of an answer that arrived. */
  failure?(): Failure | null;
};

export type Failure = { type: string; message: string };

/** `Stream` of the SDKs of OpenAI and Anthropic, which one generator made: all ways to read it go through `iterator`. */
export type ApiStream = { iterator: () => AsyncIterator<unknown>; controller?: AbortController };

/**
 * Ends `call` exactly once: when the stream was read to its end or failed; with `agensight.stream.end` = "cancelled"
 * when it was broken off, "unread" when nobody ever read it, both known at the latest when it is collected or the program ends.
 */
export function observeStream(stream: ApiStream, call: CallSpan, reader: AnswerReader): void {
  const ends = streamEnds(call, reader, stream.controller);
  let reading: AsyncIterator<unknown> | undefined;
  replaceMethod(stream, "iterator", (open) => () => {
    // `stream`, not `this`: it so lives as long as an iterator over it
    const iterator = open.call(stream);
    quietly("a stream could not be observed", () =>
      observeIterator(iterator, ends, () => {
        // the library lets only the first reader read
        reading ??= iterator;
        return reading === iterator;
      }),
    );
    return iterator;
  });
  call.whenLeft(stream, ends.left);
}

export type StreamEnds = {
  step(step: IteratorResult<unknown>): void;
  failed(error: unknown): void;
  cancelled(): void;
  left(): void;
};

/** Knows nothing of the stream itself, so that it can be collected. */
export function streamEnds(call: CallSpan, reader: AnswerReader, controller: AbortController | undefined): StreamEnds {
  let isRead = false;
  const end = (how: string) => endCall(call, reader, { "agensight.stream.end": how });
  return {
    step({ done, value }) {
      isRead = true;
      if (!done) {
        call.chunk();
        if (!call.ended) quietly("a chunk was not read", () => reader.chunk(value));
      } else if (controller?.signal.aborted) end("cancelled");
      else endCall(call, reader);
    },
    failed(error) {
      call.set(() => reader.attributes());
      call.fail(error, () => statusCode(error));
    },
    cancelled: () => end("cancelled"),
    left: () => end(isRead || controller?.signal.aborted ? "cancelled" : "unread"),
  };
}

export function observeIterator(iterator: AsyncIterator<unknown>, ends: StreamEnds, isReader: () => boolean): void {
  replaceMethod(iterator, "next", (next) => (...args) => {
    const pulled = next.apply(iterator, args);
    if (!isReader()) return pulled;
    // what is returned is what the observer hangs on, so that a rejection nobody handles stays one
    return pulled.then(
      (step: IteratorResult<unknown>) => {
        quietly("a chunk was not read", () => ends.step(step));
        return step;
      },
      (error: unknown) => {
        quietly("a stream's failure was not recorded", () => ends.failed(error));
        throw error;
      },
    );
  });
  for (const name of ["return", "throw"]) {
    replaceMethod(iterator, name, (close) => (...args) => {
      if (isReader()) quietly("a stream's end was not recorded", ends.cancelled);
      return close.apply(iterator, args);
    });
  }
}

/** Ends `call` with what `reader` read, as failed where the provider said so. */
export function endCall(call: CallSpan, reader: AnswerReader, more: CallAttributes = {}): void {
  call.set(() => reader.attributes());
  const failure = quietly("an answer was not read", () => reader.failure?.());
  if (failure) call.fail(reported(failure), () => more);
  else call.end(() => more);
}

/** The status with which the API refused, where the error of the library has one. */
export function statusCode(error: unknown): CallAttributes {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === "number" ? { "http.response.status_code": status } : {};
}

/** Nothing was thrown, so that there is no stack. */
function reported({ type, message }: Failure): Error {
  const error = Object.assign(new Error(message), { name: type });
  delete error.stack;
  return error;
}
