/** Spans around methods of LlamaIndex: its results are values, promises of them, and async iterables. */
import { context, createContextKey } from "@opentelemetry/api";
import { type CallAttributes, type CallOptions, type CallSpan, startCall } from "./call-span.js";
import { quietly } from "./guard.js";
import { observeIterable } from "./llamaindex-stream.js";
import { type AnswerReader, endCall, statusCode } from "./observe-stream.js";
import { replaceMethod } from "./replace-method.js";

export type Undo = () => void;
// biome-ignore lint/suspicious/noExplicitAny: a value of the library or of the program
export type Foreign = any;

/** What to record of one call of a method. */
export type Traced = Pick<CallOptions, "name" | "kind" | "attributes"> & { reader: AnswerReader };

let instrumentations = 0;

/**
 * Models, tools and workflows are patched when they are first seen, and there is no list of them: that they can be
 * forgotten matters more than to take each patch back. So they record only while somebody instruments.
 */
export function isActive(): boolean {
  return instrumentations > 0;
}

export function activate(): Undo {
  instrumentations++;
  let done = false;
  return () => {
    if (!done) instrumentations--;
    done = true;
  };
}

/** What the innermost span is about: an overridden method may call itself in the class above. */
const subject = createContextKey("agensight.llamaindex.subject");

/** Records each call of `owner[name]`, but not those that come out of another recorded method of the same object. */
export function traceMethod(
  owner: object,
  name: string,
  describe: (self: Foreign, args: Foreign[]) => Traced,
): Undo | null {
  return replaceMethod(owner, name, (original) =>
    around(function (this: Foreign, args) {
      const run = () => original.apply(this, args);
      const parent = context.active();
      // a method that was taken off its object has only its owner
      const self = this ?? owner;
      if (parent.getValue(subject) === self) return run();
      const traced = quietly("a call was not read", () => describe(self, args));
      if (!traced) return run();
      const { reader, ...options } = traced;
      return observeResult(startCall({ ...options, parent: parent.setValue(subject, self) }), run, reader);
    }, original),
  );
}

/** Runs `step` before each call of `owner[name]`; what it throws is not noticed. */
export function before(owner: object, name: string, step: (self: Foreign, args: Foreign[]) => void): Undo | null {
  return replaceMethod(owner, name, (original) =>
    around(function (this: Foreign, args) {
      quietly("a call was not read", () => step(this, args));
      return original.apply(this, args);
    }, original),
  );
}

/** Shows `step` what each call of `owner[name]` returned. */
export function after(owner: object, name: string, step: (result: Foreign) => void): Undo | null {
  return replaceMethod(owner, name, (original) =>
    around(function (this: Foreign, args) {
      const result = original.apply(this, args);
      quietly("a result was not read", () => step(result));
      return result;
    }, original),
  );
}

/** `wrapped` while somebody instruments, `original` otherwise. */
function around(wrapped: (this: Foreign, args: Foreign[]) => Foreign, original: (...args: Foreign[]) => Foreign) {
  return function (this: Foreign, ...args: Foreign[]) {
    return isActive() ? wrapped.call(this, args) : original.apply(this, args);
  };
}

/** Runs `run` inside of `call`, which ends with what comes of it: a value, a promise's outcome, an iterable's end. */
function observeResult<T>(call: CallSpan, run: () => T, reader: AnswerReader): T {
  let result: T;
  try {
    result = call.within(run);
  } catch (error) {
    call.fail(error, () => statusCode(error));
    throw error;
  }
  if (!call.isRecording) return result;
  if (result instanceof Promise) {
    // what is returned is what the observer hangs on, so that a rejection nobody handles stays one
    return result.then(
      (value) => {
        answered(call, value, reader);
        return value;
      },
      (error) => {
        call.fail(error, () => statusCode(error));
        throw error;
      },
    ) as T;
  }
  answered(call, result, reader);
  return result;
}

function answered(call: CallSpan, value: unknown, reader: AnswerReader): void {
  quietly("an answer was not read", () => {
    if (isAsyncIterable(value)) return observeIterable(value, call, reader);
    quietly("an answer was not read", () => reader.result(value));
    endCall(call, reader);
  });
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/** Of an answer that comes in one piece. */
export function readOnce(read: (value: unknown) => CallAttributes): AnswerReader {
  let attributes: CallAttributes = {};
  return {
    result(value) {
      attributes = read(value);
    },
    chunk() {},
    attributes: () => attributes,
  };
}

export function found(...undos: (Undo | null)[]): Undo[] {
  return undos.filter((undo) => undo !== null);
}
