/** The tools that `toolRunner` runs, for versions of Anthropic's SDK that make no spans of their own. */
import { SpanKind } from "@opentelemetry/api";
import { partsOf } from "./anthropic-content.js";
import { makesOwnSpans } from "./anthropic-own-spans.js";
import { startCall } from "./call-span.js";
import { fieldsOf } from "./fields.js";
import { quietly } from "./guard.js";
import { replaceMethod } from "./replace-method.js";

type Tool = { name?: unknown; run?: unknown };

/** Tools are patched one by one as runners get them, and not held: undoing switches all of them off. */
let users = 0;

/** Gives each run of a tool a span, in the runners that `messages.toolRunner` makes from now on. */
export function observeToolRunner(messages: object): (() => void) | null {
  const undo = replaceMethod(
    messages,
    "toolRunner",
    (toolRunner) =>
      function (...args) {
        // later versions give them spans themselves
        const tools = quietly("tools could not be observed", () => !makesOwnSpans(this._client) && args[0].tools);
        if (Array.isArray(tools))
          for (const tool of tools) quietly("a tool could not be observed", () => observeTool(tool));
        return toolRunner.apply(this, args);
      },
  );
  if (undo === null) return null;
  users++;
  let isUndone = false;
  return () => {
    if (!isUndone) users--;
    isUndone = true;
    undo();
  };
}

function observeTool(tool: Tool): void {
  if (typeof tool?.run !== "function") return;
  replaceMethod(
    tool,
    "run",
    (run) =>
      function (...args) {
        return users === 0 ? run.apply(this, args) : runTool(tool, args, () => run.apply(this, args));
      },
  );
}

function runTool(tool: Tool, [input, context]: unknown[], run: () => unknown): unknown {
  const call = startCall({
    name: `execute_tool ${tool.name}`,
    kind: SpanKind.INTERNAL,
    attributes: () => ({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": tool.name,
      "gen_ai.tool.call.id": fieldsOf(fieldsOf(context).toolUse ?? fieldsOf(context).toolUseBlock).id,
      "gen_ai.tool.call.arguments": input,
    }),
  });
  const done = <T>(result: T): T => {
    call.end(() => ({ "gen_ai.tool.call.result": typeof result === "string" ? result : partsOf(result) }));
    return result;
  };
  const failed = (error: unknown): never => {
    call.fail(error);
    throw error;
  };
  let result: unknown;
  try {
    result = call.within(run);
  } catch (error) {
    return failed(error);
  }
  return result instanceof Promise ? result.then(done, failed) : done(result);
}
