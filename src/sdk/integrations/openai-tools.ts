/** The tools that `runTools` runs: each run gets a span, beside those of the model's calls. */
import { SpanKind } from "@opentelemetry/api";
import { type CallSpan, startCall } from "./call-span.js";
import { type Fields, fieldsOf } from "./fields.js";
import { quietly } from "./guard.js";
import { listOf } from "./openai-content.js";

type Run = (this: unknown, ...args: unknown[]) => unknown;

/** Copies that were made here: a class and its client may both be patched. */
const copies = new WeakSet<object>();

/** The body for `runTools` with copies of the tools; tools that cannot be copied faithfully stay themselves. */
export function withObservedTools(body: unknown): unknown {
  const { tools } = fieldsOf(body);
  if (!isPlain(body) || !Array.isArray(tools)) return body;
  return { ...(body as Fields), tools: tools.map((tool) => observedTool(tool) ?? tool) };
}

function observedTool(tool: unknown): object | null {
  if (typeof tool !== "object" || tool === null || copies.has(tool)) return null;
  const own = Object.getOwnPropertyDescriptors(tool) as Record<string, PropertyDescriptor>;
  const inner = own.function?.value;
  if (!isPlain(inner)) return null;
  // tools that were made by the library's helpers for schemas hold their function in a hidden place
  const callback = own.$callback?.value;
  if (typeof callback === "function")
    own.$callback = { ...own.$callback, value: observed(String(inner.name), callback) };
  else if (typeof inner.function === "function") {
    const run = inner.function as Run;
    const name = String(inner.name || run.name);
    // a method of the tool sees the tool itself
    const bound: Run = (...args) => run.apply(inner, args);
    const copy = { ...inner, function: Object.defineProperty(observed(name, bound), "name", { value: run.name }) };
    own.function = { ...own.function, value: copy };
  } else return null;
  const copy = Object.create(Object.getPrototypeOf(tool), own);
  copies.add(copy);
  return copy;
}

/** No class, no accessors: copying it loses nothing. */
function isPlain(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every((own) => "value" in own && own.enumerable);
}

function observed(name: string, run: Run): Run {
  return function (...args) {
    const [input, runner] = args;
    const call = quietly("a tool could not be observed", () => startTool(name, input, runner));
    if (!call) return run.apply(this, args);
    let result: unknown;
    try {
      result = call.within(() => run.apply(this, args));
    } catch (error) {
      call.fail(error);
      throw error;
    }
    const ended = (value: unknown) => call.end(() => ({ "gen_ai.tool.call.result": value }));
    if (result instanceof Promise)
      return result.then(
        (value) => {
          ended(value);
          return value;
        },
        (error) => {
          call.fail(error);
          throw error;
        },
      );
    ended(result);
    return result;
  };
}

function startTool(name: string, input: unknown, runner: unknown): CallSpan {
  return startCall({
    name: `execute_tool ${name}`,
    kind: SpanKind.INTERNAL,
    attributes: () => ({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": name,
      "gen_ai.tool.type": "function",
      "gen_ai.tool.call.arguments": input,
      "gen_ai.tool.call.id": callId(name, runner),
    }),
  });
}

/** The function is not told which call it answers: known where the model called it once. */
function callId(name: string, runner: unknown): unknown {
  const asked = listOf(fieldsOf(runner).messages).findLast((message) => fieldsOf(message).role === "assistant");
  const calls = listOf(fieldsOf(asked).tool_calls).filter((call) => fieldsOf(fieldsOf(call).function).name === name);
  return calls.length === 1 ? fieldsOf(calls[0]).id : undefined;
}
