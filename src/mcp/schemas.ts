/** The published JSON Schemas: what tools take, what they answer as JSON, and the shapes these are made of. */
import * as z from "zod";
import { CheckRules } from "../model/check.js";
import { IngestMessage } from "../model/ingest-message.js";
import { LiveEvent } from "../model/live.js";
import { Coverage, SessionSummary, SpanSummary, TraceSummary, UsageFigures } from "../model/summary.js";
import { argumentsSchema } from "./tool.js";
import { tools } from "./tools/all.js";

const draft = "https://json-schema.org/draft/2020-12/schema";

const shapes = {
  trace: [TraceSummary, "A trace in short"],
  span: [SpanSummary, "A span in short"],
  session: [SessionSummary, "A session in short"],
  usage: [UsageFigures, "Usage figures of a group or a total"],
  "live-event": [LiveEvent.array(), "A frame of /live"],
  "ingest-message": [IngestMessage, "A frame of the WebSocket /ingest, in either direction"],
  coverage: [Coverage, "How much of what there is an answer holds"],
} as const;

/** Path below `schemas/` → JSON Schema, in a stable order. */
export function publishedSchemas(): Map<string, Record<string, unknown>> {
  const schemas = new Map<string, Record<string, unknown>>();
  const answer = (title: string, type: z.ZodType) => {
    const { $schema, ...json } = z.toJSONSchema(type);
    return { $schema, title, ...json };
  };
  for (const [name, [type, title]] of Object.entries(shapes)) schemas.set(`${name}.json`, answer(title, type));
  const { $schema, ...rules } = z.toJSONSchema(CheckRules, { io: "input" });
  schemas.set("check-rules.json", { $schema, title: "Rules of agensight check", ...rules });
  for (const tool of tools) {
    schemas.set(`tools/${tool.name}.arguments.json`, {
      $schema: draft,
      title: `Arguments of ${tool.name}`,
      description: tool.description,
      ...argumentsSchema(tool.arguments),
    });
    schemas.set(`tools/${tool.name}.answer.json`, answer(`JSON answer of ${tool.name}`, tool.answer));
  }
  return schemas;
}
