/** The tools that `toolRunner` runs, for versions of Anthropic's SDK that make no spans of their own. */
import { type Span, SpanKind } from "@opentelemetry/api";
import { runInSpan } from "../span.js";
import { partsOf } from "./anthropic-content.js";
import { makesOwnSpans } from "./anthropic-own-spans.js";
import { quietly } from "./guard.js";
import { replaceMethod } from "./replace-method.js";

type Tool = { name?: unknown; run?: unknown };
type RunContext = { toolUse?: { id?: string }; toolUseBlock?: { id?: string } } | undefined;

/** Tools are patched one by one as runners get them, and not held: undoing switches all of them off. */
let users = 0;

/** Gives each run of a tool a span, in the runners that `messages.toolRunner` makes from now on. */
export function observeToolRunner(messages: object): (() => void) | null {
  const undo = replaceMethod(
    messages,
    "toolRunner",
    (toolRunner) =>
      function (...args) {
        quietly("tools could not be observed", () => {
          // later versions give them spans themselves
          if (!makesOwnSpans(this._client)) (args[0].tools as Tool[]).forEach(observeTool);
        });
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
        if (users === 0) return run.apply(this, args);
        const [input, context] = args as [unknown, RunContext];
        const preset = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": String(tool.name) };
        const attributes = {
          "gen_ai.tool.call.id": (context?.toolUse ?? context?.toolUseBlock)?.id,
          "gen_ai.tool.call.arguments": input,
        };
        return runInSpan(`execute_tool ${tool.name}`, preset, SpanKind.INTERNAL, [
          attributes,
          (span) => {
            const result = run.apply(this, args);
            if (!(result instanceof Promise)) return recordResult(span, result);
            return result.then((value) => recordResult(span, value));
          },
        ]);
      },
  );
}

function recordResult<T>(span: Span, result: T): T {
  quietly("a tool's result was not read", () =>
    span.setAttribute("gen_ai.tool.call.result", typeof result === "string" ? result : JSON.stringify(partsOf(result))),
  );
  return result;
}
