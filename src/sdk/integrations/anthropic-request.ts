/** The request of a call of Anthropic's API → span attributes. */
import { partsOf } from "./anthropic-content.js";
import type { CallAttributes } from "./call-span.js";
import { type Fields, fieldsOf } from "./fields.js";

/** Of `/v1/messages` and of the older `/v1/complete`. */
export function requestAttributes(body: unknown): CallAttributes {
  const request = fieldsOf(body);
  return {
    "gen_ai.request.model": request.model,
    "gen_ai.request.max_tokens": request.max_tokens ?? request.max_tokens_to_sample,
    ...requestSettings(request),
    "gen_ai.request.stream": request.stream === true ? true : undefined,
    "gen_ai.system_instructions": request.system === undefined ? undefined : partsOf(request.system),
    "gen_ai.input.messages": inputMessages(request),
  };
}

/** What Anthropic's SDK leaves out of its own spans. */
export function requestSettings(body: unknown): CallAttributes {
  const request = fieldsOf(body);
  const { format } = fieldsOf(request.output_config);
  const isJson = fieldsOf(format ?? request.output_format).type === "json_schema";
  return {
    "gen_ai.request.temperature": request.temperature,
    "gen_ai.request.top_p": request.top_p,
    "gen_ai.request.top_k": request.top_k,
    "gen_ai.request.stop_sequences": request.stop_sequences,
    "gen_ai.output.type": isJson ? "json" : undefined,
    "gen_ai.tool.definitions": Array.isArray(request.tools) ? request.tools.map(toolDefinition) : undefined,
    "anthropic.request.service_tier": request.service_tier,
    "user.id": fieldsOf(request.metadata).user_id,
  };
}

export function inputMessages({ messages, prompt }: Fields): Fields[] | undefined {
  if (typeof prompt === "string") return [{ role: "user", parts: partsOf(prompt) }];
  if (!Array.isArray(messages)) return undefined;
  return messages.map((message) => ({ role: fieldsOf(message).role, parts: partsOf(fieldsOf(message).content) }));
}

/** Tools that run at Anthropic have a type and no schema; they stay as they are. */
function toolDefinition(value: unknown): Fields {
  const { type, name, description, input_schema, ...rest } = fieldsOf(value);
  if (input_schema === undefined) return { type, name, ...rest };
  return { type: "function", name, description, parameters: input_schema };
}
