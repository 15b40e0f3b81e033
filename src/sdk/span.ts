/** Spans around functions: started before, active inside, ended after, whatever the function does. */
import type { Attributes, Span, SpanOptions } from "@opentelemetry/api";
import { context, diag, INVALID_SPAN_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { isGenerator, traceGenerator } from "./generator.js";
import { sessionAttributes, sessionScope } from "./session.js";

/**
 * Attributes of a new span. Strings, numbers, booleans and arrays of one of them are OpenTelemetry's; anything else
 * (a tool's arguments, a list of documents) is kept as JSON text. null and undefined are left out.
 */
export type SpanAttributes = Record<string, unknown>;

/**
 * Runs `fn` in a span and returns what it returns. The span ends when `fn` returns, when its promise settles, or
 * when its generator is done. An error ends it with status ERROR, `error.type` and an exception event, and comes out
 * unchanged. Spans started inside `fn`, also after an `await`, are its children.
 *
 * Records nothing, but still runs `fn`, where no tracer provider is registered.
 */
export function startSpan<T>(name: string, fn: (span: Span) => T): T;
export function startSpan<T>(name: string, attributes: SpanAttributes | undefined, fn: (span: Span) => T): T;
export function startSpan<T>(name: string, ...rest: SpanArguments<T>): T {
  return runInSpan(name, {}, SpanKind.INTERNAL, rest);
}

/** `[fn]` or `[attributes, fn]` */
export type SpanArguments<T> =
  | [fn: (span: Span) => T]
  | [attributes: SpanAttributes | undefined, fn: (span: Span) => T];

/** `startSpan` with attributes that the caller's own may override. */
export function runInSpan<T>(name: string, preset: Attributes, kind: SpanKind, rest: SpanArguments<T>): T {
  const [attributes, fn] = rest.length === 1 ? [undefined, rest[0]] : rest;
  const parent = context.active();
  const span = begin(name, { kind, attributes: { ...preset } }, attributes);
  const active = trace.setSpan(parent, span);
  const inside = <R>(step: () => R): R => context.with(active, step);
  let result: T;
  try {
    result = sessionScope(() => inside(() => fn(span)));
  } catch (error) {
    failSpan(span, error);
    throw error;
  }
  if (isThenable(result)) return settle(span, result) as T;
  if (isGenerator(result))
    return traceGenerator(result, inside, (error) => (error ? failSpan(span, error.reason) : span.end()));
  span.end();
  return result;
}

function begin(name: string, options: SpanOptions & { attributes: Attributes }, own: SpanAttributes | undefined): Span {
  const parent = context.active();
  try {
    Object.assign(options.attributes, sessionAttributes(parent), own && recordable(own));
    return trace.getTracer("agensight").startSpan(name, options, parent);
  } catch (error) {
    diag.error("agensight: a span could not be started", error);
    return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  }
}

function recordable(attributes: SpanAttributes): Attributes {
  const out: Attributes = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    out[key] = isPlain(value) ? value : jsonText(value);
  }
  return out;
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

type PlainValue = string | number | boolean | string[] | number[] | boolean[];

function isPlain(value: unknown): value is PlainValue {
  if (Array.isArray(value)) return value.every((element) => isScalar(element) && typeof element === typeof value[0]);
  return isScalar(value);
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** Awaits a thenable once: some (query builders) run again with each `then`. */
async function settle(span: Span, result: PromiseLike<unknown>): Promise<unknown> {
  try {
    const value = await result;
    span.end();
    return value;
  } catch (error) {
    failSpan(span, error);
    throw error;
  }
}

/** Ends `span` as failed with `error`, which may be anything that can be thrown. Never throws. */
export function failSpan(span: Span, error: unknown): void {
  try {
    span.setAttribute("error.type", errorType(error));
    describeFailure(span, error);
  } catch (problem) {
    diag.error("agensight: an error could not be recorded", problem);
  }
  span.end();
}

/** Status and exception event of a span that failed with `error`. */
export function describeFailure(span: Span, error: unknown): void {
  const { message, stack } =
    error instanceof Error ? error : { message: typeof error === "string" ? error : jsonText(error), stack: undefined };
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.addEvent("exception", {
    "exception.type": errorType(error),
    "exception.message": message,
    ...(typeof stack === "string" ? { "exception.stacktrace": stack } : {}),
  });
}

/** The class that tells most: Node's own errors are all `Error` and told apart by their code. */
function errorType(error: unknown): string {
  if (!(error instanceof Error)) return "_OTHER";
  const { code } = error as { code?: unknown };
  if (error.name && error.name !== "Error") return error.name;
  if (error.constructor.name !== "Error") return error.constructor.name;
  return typeof code === "string" && code ? code : "Error";
}
