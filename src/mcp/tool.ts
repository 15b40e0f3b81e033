/** What a tool is: a name, zod arguments and a function from a store to a text. Knows no SDK and no transport. */
import * as z from "zod";
import type { LiveFeed } from "../store/live-feed.js";
import type { TraceReader } from "../store/reader.js";

/** What a tool does to the world; its MCP annotations follow from it. */
type Effect = "read";

export type ToolContext = {
  reader: TraceReader;
  live: LiveFeed;
  /** ms since the epoch */
  now: number;
  /** aborted when the client no longer waits */
  signal: AbortSignal;
  /** the arguments as the caller wrote them, for the next call */
  given: Record<string, unknown>;
  /** tells a caller who asked for it what is being waited for */
  progress(message: string): void;
  /** what to do when the store is missing or empty */
  nothingRecorded(): Promise<string>;
};

export type Tool = {
  name: string;
  title: string;
  description: string;
  effect: Effect;
  arguments: z.ZodObject;
  /** the shape of the answer with `format: "json"` */
  answer: z.ZodType;
  run(args: never, context: ToolContext): Promise<string>;
};

/** Types `run`'s arguments from the schema. */
export function defineTool<S extends z.ZodObject>(
  tool: Omit<Tool, "arguments" | "run"> & {
    arguments: S;
    run(args: z.output<S>, context: ToolContext): Promise<string>;
  },
): Tool {
  return tool;
}

const annotations: Record<Effect, Record<string, boolean>> = {
  read: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
};

/** JSON Schema of what a caller may send, without the bounds that every JavaScript integer has. */
export function argumentsSchema(schema: z.ZodObject): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io: "input",
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return json;
}

/** A tool as `tools/list` shows it. */
export function listing(tool: Tool) {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: argumentsSchema(tool.arguments) as { type: "object" },
    annotations: annotations[tool.effect],
  };
}
