/** Executions of tools through LlamaIndex: a tool is patched when a model or an agent gets it. */
import { SpanKind } from "@opentelemetry/api";
import { quietly } from "./guard.js";
import { json } from "./llamaindex-messages.js";
import { before, type Foreign, found, readOnce, traceMethod, type Undo } from "./llamaindex-trace.js";

/** The id of a call, by the arguments that the tool gets. */
const callIds = new WeakMap<object, string>();

/** The library says it of each call right before it makes it, with the very object that the tool gets. */
export function patchCallbackManager(prototype: object): Undo[] {
  return found(
    before(prototype, "dispatchEvent", (_self, [event, detail]) => {
      if (event !== "llm-tool-call") return;
      const { id, input } = detail.toolCall;
      if (typeof input === "object" && input !== null && typeof id === "string") callIds.set(input, id);
    }),
  );
}

export function patchTools(tools: unknown): void {
  if (Array.isArray(tools)) for (const tool of tools) quietly("a tool could not be patched", () => patchTool(tool));
}

/** A `BaseTool`: anything with `call` and `metadata`. */
export function patchTool(tool: Foreign): Undo[] {
  return found(
    traceMethod(tool, "call", (self, [input]) => {
      const { name = "tool", description } = self.metadata ?? {};
      return {
        name: `execute_tool ${name}`,
        kind: SpanKind.INTERNAL,
        attributes: () => ({
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": name,
          "gen_ai.tool.type": "function",
          "gen_ai.tool.description": description,
          "gen_ai.tool.call.id": typeof input === "object" && input !== null ? callIds.get(input) : undefined,
          "gen_ai.tool.call.arguments": json(input),
        }),
        reader: readOnce((value) => ({ "gen_ai.tool.call.result": json(value) })),
      };
    }),
  );
}
