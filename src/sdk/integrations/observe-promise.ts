/** Observes the promise of an API call without changing anything that the program sees of it. */
import type { CallSpan } from "./call-span.js";
import { quietly } from "./guard.js";
import { type AnswerReader, type ApiStream, endCall, observeStream, statusCode } from "./observe-stream.js";
import { replaceMethod } from "./replace-method.js";

/**
 * `APIPromise` of the SDKs of OpenAI and Anthropic, which one generator made: it parses when somebody asks for the
 * result. A promise derived from it by `_thenUnwrap` parses through its `parseResponse`, or (openai 7) past it.
 */
type ApiPromise = {
  responsePromise: Promise<unknown>;
  parsedPromise?: Promise<unknown>;
  parseResponse(...args: unknown[]): unknown;
  asResponse(): Promise<unknown>;
};

type Transform = (data: unknown, ...rest: unknown[]) => unknown;

/**
 * Runs a method of a client inside of `call` and returns the very promise that it returned; `call` ends with the
 * parsed answer, with the end of the stream it brings, or with its failure. What `run` throws comes out unchanged.
 */
export function observeCall<T>(call: CallSpan, run: () => T, reader: AnswerReader): T {
  let answer: T;
  try {
    answer = call.within(run);
  } catch (error) {
    call.fail(error);
    throw error;
  }
  if (!call.isRecording) return answer;
  if (quietly("a call could not be observed", () => isApiPromise(answer))) {
    quietly("a call could not be observed", () => observeApiPromise(answer as ApiPromise, call, reader));
  } else if (answer instanceof Promise) return observePlain(answer, call, reader) as T;
  else call.end();
  return answer;
}

function isApiPromise(answer: unknown): boolean {
  const { responsePromise, parseResponse } = answer as ApiPromise;
  return responsePromise instanceof Promise && typeof parseResponse === "function";
}

function observeApiPromise(promise: ApiPromise, call: CallSpan, reader: AnswerReader): void {
  let response: Promise<unknown> | undefined;
  let isParsing = false;
  let isParsed = false;

  observe(promise, parsed);
  call.whenLeft(promise, plainEnd(call));

  function observe(one: ApiPromise, parsed: (value: unknown) => void): void {
    replaceMethod(one, "parseResponse", (parse) => (...args) => {
      isParsing = true;
      const result = parse.apply(one, args);
      // the library awaits it, so that this handles no rejection that nobody else handles
      if (result instanceof Promise) result.then(parsed, failed);
      return result;
    });
    replaceMethod(one, "_thenUnwrap", (derive) => (transform: Transform) => {
      const derived = derive.call(one, (data: unknown, ...rest: unknown[]) => {
        parsed(data);
        return transform(data, ...rest);
      });
      quietly("a call could not be observed", () => observe(derived, () => {}));
      return derived;
    });
    replaceMethod(one, "asResponse", (asResponse) => () => {
      const raw = asResponse.call(one);
      // who takes the response reads its body too
      one.responsePromise.then(
        () => isParsing || one.parsedPromise || call.end(),
        () => {},
      );
      return raw;
    });
    // replaced, not listened to: a failed request that nobody handles stays one unhandled rejection
    response ??= one.responsePromise.then(undefined, (error) => {
      failed(error);
      throw error;
    });
    one.responsePromise = response;
  }
  function parsed(value: unknown): void {
    if (isParsed) return;
    isParsed = true;
    quietly("an answer was not read", () => answered(value, call, reader));
  }
  function failed(error: unknown): void {
    call.fail(error, () => statusCode(error));
  }
}

/** A closure that holds nothing but the call. */
function plainEnd(call: CallSpan): () => void {
  return () => call.end();
}

/** Other wrappers of a client return promises of their own; these parse at once. */
function observePlain(promise: Promise<unknown>, call: CallSpan, reader: AnswerReader): Promise<unknown> {
  return promise.then(
    (value) => {
      quietly("an answer was not read", () => answered(value, call, reader));
      return value;
    },
    (error) => {
      call.fail(error, () => statusCode(error));
      throw error;
    },
  );
}

function answered(value: unknown, call: CallSpan, reader: AnswerReader): void {
  if (isStream(value)) observeStream(value, call, reader);
  else {
    quietly("an answer was not read", () => reader.result(value));
    endCall(call, reader);
  }
}

function isStream(value: unknown): value is ApiStream {
  return typeof value === "object" && value !== null && typeof (value as Partial<ApiStream>).iterator === "function";
}
