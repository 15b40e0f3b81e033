/** The public JSON shapes of traces, spans, sessions and usage. Every key is present; null = unknown. Times ISO 8601 UTC, durations ms, money USD. */
import * as z from "zod";
import { SpanKind } from "./kind.js";

export const TraceStatus = z.enum(["ok", "error", "running", "incomplete"]);
export type TraceStatus = z.infer<typeof TraceStatus>;

/** `incomplete`: a trace whose root never arrived. */
export const TraceSummary = z.object({
  trace_id: z.string(),
  name: z.string(),
  service: z.string().nullable(),
  session_id: z.string().nullable(),
  start: z.string(),
  duration_ms: z.number().nullable(),
  status: TraceStatus,
  span_count: z.number(),
  error_count: z.number(),
  llm_calls: z.number(),
  input_tokens: z.number().nullable(),
  cached_tokens: z.number().nullable(),
  output_tokens: z.number().nullable(),
  cost_usd: z.number().nullable(),
  unpriced_calls: z.number(),
  models: z.array(z.string()),
  agents: z.array(z.string()),
});
export type TraceSummary = z.infer<typeof TraceSummary>;

/** `abandoned`: started, never ended, its process is gone. */
export const SpanStatus = z.enum(["ok", "error", "running", "abandoned"]);
export type SpanStatus = z.infer<typeof SpanStatus>;

export const SpanSummary = z.object({
  /** the change counter's value at the span's last change */
  seq: z.number(),
  trace_id: z.string(),
  span_id: z.string(),
  parent_span_id: z.string().nullable(),
  name: z.string(),
  kind: SpanKind,
  status: SpanStatus,
  start: z.string(),
  duration_ms: z.number().nullable(),
  service: z.string().nullable(),
  session_id: z.string().nullable(),
  agent: z.string().nullable(),
  tool: z.string().nullable(),
  provider: z.string().nullable(),
  /** the response model where known, else the requested one */
  model: z.string().nullable(),
  input_tokens: z.number().nullable(),
  cached_tokens: z.number().nullable(),
  output_tokens: z.number().nullable(),
  cost_usd: z.number().nullable(),
  /** false where a parent only repeats what its children report */
  counted: z.boolean(),
  error_type: z.string().nullable(),
  error_message: z.string().nullable(),
});
export type SpanSummary = z.infer<typeof SpanSummary>;

export const SessionSummary = z.object({
  session_id: z.string(),
  user_ids: z.array(z.string()),
  services: z.array(z.string()),
  start: z.string(),
  end: z.string(),
  trace_count: z.number(),
  error_traces: z.number(),
  error_count: z.number(),
  llm_calls: z.number(),
  input_tokens: z.number().nullable(),
  cached_tokens: z.number().nullable(),
  output_tokens: z.number().nullable(),
  cost_usd: z.number().nullable(),
  unpriced_calls: z.number(),
  models: z.array(z.string()),
  agents: z.array(z.string()),
});
export type SessionSummary = z.infer<typeof SessionSummary>;

export const usageDimensions = [
  "model",
  "provider",
  "agent",
  "service",
  "session",
  "tool",
  "kind",
  "hour",
  "day",
] as const;
export const UsageDimension = z.enum(usageDimensions);
export type UsageDimension = z.infer<typeof UsageDimension>;

export const UsageFigures = z.object({
  calls: z.number(),
  input_tokens: z.number().nullable(),
  cached_tokens: z.number().nullable(),
  cache_write_tokens: z.number().nullable(),
  output_tokens: z.number().nullable(),
  reasoning_tokens: z.number().nullable(),
  cost_usd: z.number().nullable(),
  unpriced_calls: z.number(),
  errors: z.number(),
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
});
export type UsageFigures = z.infer<typeof UsageFigures>;

/** One group: a key per asked dimension (null = unknown), then the figures. Best first: costliest, then most tokens, then most calls; hours and days in time order. */
export type UsageGroup = Partial<Record<UsageDimension, string | null>> & UsageFigures;

export const Coverage = z.object({
  matched: z.number(),
  /** counting stops at 1,000 */
  matched_is_minimum: z.boolean(),
  returned: z.number(),
  next_cursor: z.string().nullable(),
  as_of_seq: z.number(),
  notes: z.array(z.string()),
});
export type Coverage = z.infer<typeof Coverage>;
