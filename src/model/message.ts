/** Messages of a conversation with a model, in the shape of OpenTelemetry's `gen_ai.input.messages`. */

export type MessagePart =
  | { type: "text"; content: string }
  | { type: "reasoning"; content: string }
  /** `arguments` is a JSON value, or the raw string where it was no JSON */
  | { type: "tool_call"; id: string | null; name: string; arguments: unknown }
  /** `response` is text or a JSON value */
  | { type: "tool_call_response"; id: string | null; response: unknown }
  /** images, audio, files: `summary` says type and size; the bytes stay in the raw attribute */
  | { type: "media"; summary: string };

export type Message = {
  /** system, user, assistant, tool, or what the provider wrote */
  role: string;
  parts: MessagePart[];
  /** only on output messages */
  finish_reason?: string;
};
