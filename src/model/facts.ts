/** What the normaliser reads out of one span of any dialect; null = the span does not say. */
import type { SpanKind } from "./kind.js";
import type { Message } from "./message.js";

/**
 * Where a text lies: `key` = the string value of that attribute, as it stands (so that it is stored once);
 * `text` = built from other attributes.
 */
export type TextSource = { key: string } | { text: string };

/**
 * Where messages lie: `key` = the string value of that attribute is a JSON array whose elements
 * `readMessage` understands (it is not parsed on the way in); `messages` = built from other attributes.
 */
export type MessageSource = { key: string } | { messages: Message[] };

export type SpanFacts = {
  kind: SpanKind;
  /** lower case, `gen_ai.provider.name` vocabulary where known: openai, anthropic, aws.bedrock … */
  provider: string | null;
  request_model: string | null;
  response_model: string | null;
  /** the agent this span itself names (an agent span, or a call that says whose it is) */
  agent: string | null;
  tool: string | null;
  tool_call_id: string | null;
  session_id: string | null;
  user_id: string | null;
  /** including cached and cache-written tokens */
  input_tokens: number | null;
  /** read from the provider's cache; part of input_tokens */
  cached_tokens: number | null;
  /** written to the provider's cache; part of input_tokens */
  cache_write_tokens: number | null;
  output_tokens: number | null;
  /** part of output_tokens */
  reasoning_tokens: number | null;
  finish_reason: string | null;
  response_id: string | null;
  /** ms from the request to the first streamed token */
  first_token_ms: number | null;
  error_type: string | null;
  error_message: string | null;
  error_stack: string | null;
  input: MessageSource | null;
  output: MessageSource | null;
  /** system instructions where they travel apart from the messages */
  system: TextSource | null;
  /** JSON array of tool definitions, any provider's wire form */
  tool_definitions: TextSource | null;
  /** tool arguments, retriever query, an agent's input … of spans that are no model calls */
  input_value: TextSource | null;
  /** tool result, retrieved documents, an agent's output … */
  output_value: TextSource | null;
};
