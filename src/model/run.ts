/** One trace as the analyses see it: its steps in start order, and what they said, read when it is asked for. */
import type { Derived } from "./derive.js";
import type { SpanKind } from "./kind.js";
import type { Message } from "./message.js";
import type { SpanStatus, TraceSummary } from "./summary.js";

/** A span. Times in µs since the epoch; tokens as in `SpanFacts`; null = unknown. */
export type Step = {
  span_id: string;
  parent_span_id: string | null;
  name: string;
  kind: SpanKind;
  status: SpanStatus;
  start_us: number;
  /** null while it has not ended */
  end_us: number | null;
  agent: string | null;
  tool: string | null;
  provider: string | null;
  request_model: string | null;
  response_model: string | null;
  /** as which call it counts; null = as none, or it repeats another */
  call: Derived["call"];
  /** whether its tokens and cost are part of the trace's totals */
  counted: boolean;
  input_tokens: number | null;
  cached_tokens: number | null;
  cache_write_tokens: number | null;
  output_tokens: number | null;
  reasoning_tokens: number | null;
  cost_usd: number | null;
  first_token_us: number | null;
  error_type: string | null;
  error_message: string | null;
};

/** What has no column. */
export type Contents = {
  finish_reason: string | null;
  tool_call_id: string | null;
  /** tool arguments, retriever query, an agent's input … as text */
  input: string | null;
  /** tool result, documents, an agent's output … as text */
  output: string | null;
  /** system instructions that travel apart from the messages, as text */
  system: string | null;
  /** JSON array of tool definitions, any provider's wire form */
  tool_definitions: string | null;
  /** what else a model was asked with (temperature, max_tokens …), by name */
  parameters: Record<string, unknown>;
  /** what the model answered */
  said: Message[];
};

/** A message that a model was sent. Two with one `key` are the same message; in one run only. */
export type Heard = { key: number; message: Message };

/** What a model was sent, against the call that it continues. */
export type Conversation = {
  /** the call of this run whose messages it repeats and adds to; null = it stands for itself */
  continues: Step | null;
  /** how many messages it repeats of that one, from the first: all of them */
  repeated: number;
  /** the messages that follow those */
  added: Heard[];
};

/** Functions read the store while the question is being answered: keep what they return, not them. */
export type Run = {
  trace: TraceSummary;
  /** in start order */
  steps: Step[];
  /** spans of the trace that are not in `steps`, because it is too large */
  omitted: number;
  contents(step: Step): Contents;
  conversation(step: Step): Conversation;
  /** all messages that a model was sent; empty when none was recorded */
  heard(step: Step): Heard[];
  as_of_seq: number;
};
