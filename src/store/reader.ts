/**
 * The questions that can be asked of a store. Asynchronous, although SQLite answers at once, so that a second
 * implementation over a distributed engine can take its place.
 */
import type { AgentGraph } from "../model/agent-graph.js";
import type { CheckResult, CheckRules } from "../model/check.js";
import type { GroupComparison, RunComparison } from "../model/comparison.js";
import type { ContextExplanation } from "../model/context.js";
import type { Diagnosis } from "../model/diagnosis.js";
import type { ErrorListing } from "../model/error-group.js";
import type { SpanKind } from "../model/kind.js";
import type { Change, LiveFilter } from "../model/live.js";
import type { Message } from "../model/message.js";
import type {
  Coverage,
  SessionSummary,
  SpanSummary,
  TraceStatus,
  TraceSummary,
  UsageDimension,
  UsageFigures,
  UsageGroup,
} from "../model/summary.js";

/** Times in ms since the epoch. All conditions hold together. `session_id`, `service` … are exact values. */
export type TraceFilter = {
  since?: number;
  until?: number;
  service?: string;
  session_id?: string;
  user_id?: string;
  agent?: string;
  model?: string;
  status?: TraceStatus;
  /** words to be found in the trace's names, errors or messages */
  text?: string;
};

/** `cursor` comes from an earlier answer's coverage. */
export type Page = { limit: number; cursor?: string };

/** `now`: ms since the epoch, where a time without `until` ends. `status` is that of the runs. */
export type ErrorQuery = TraceFilter & Page & { now: number };

export const traceSorts = ["newest", "slowest", "costliest", "most_tokens", "most_errors"] as const;
export type TraceSort = (typeof traceSorts)[number];

export type TraceListing = { traces: TraceSummary[]; coverage: Coverage };

export type TraceTree = {
  trace: TraceSummary;
  /** in start order; when the trace is larger than `max_spans`: errors, roots and the longest, with all their ancestors */
  spans: SpanSummary[];
  /** spans of the trace (or of the subtree asked for, where it is known) that are not in `spans` */
  omitted: number;
  as_of_seq: number;
};

export type SpanEvent = { name: string; time: string; attributes: Record<string, unknown> };
export type SpanLink = { trace_id: string; span_id: string; attributes: Record<string, unknown> };

/** One span with everything that was recorded of it. Attribute values are plain JavaScript values in recorded order. */
export type SpanDetail = SpanSummary & {
  trace_name: string;
  end: string | null;
  otel_kind: "unspecified" | "internal" | "server" | "client" | "producer" | "consumer";
  request_model: string | null;
  response_model: string | null;
  response_id: string | null;
  finish_reason: string | null;
  first_token_ms: number | null;
  cache_write_tokens: number | null;
  reasoning_tokens: number | null;
  user_id: string | null;
  tool_call_id: string | null;
  error_stack: string | null;
  /** the price table's version that cost_usd was computed with; null = not priced */
  price_version: string | null;
  system: string | null;
  input_messages: Message[];
  output_messages: Message[];
  /** JSON text */
  tool_definitions: string | null;
  input_value: string | null;
  output_value: string | null;
  attributes: Record<string, unknown>;
  events: SpanEvent[];
  links: SpanLink[];
  resource: Record<string, unknown>;
  scope: { name: string; version: string | null };
  child_count: number;
  /** what redaction marked in this span, by pattern; empty = nothing */
  redacted: Record<string, number>;
  as_of_seq: number;
};

/** `field`: name, error, or where the words stand (input, output …); `snippet`: about 160 characters around the first hit. */
export type SpanHit = { span: SpanSummary; field: string; snippet: string };
export type SearchResult = { hits: SpanHit[]; coverage: Coverage };

export type SessionListing = { sessions: SessionSummary[]; coverage: Coverage };

export type TimelineEvent =
  | { type: "message"; message: Message }
  /** a tool span that no message told of */
  | {
      type: "tool";
      tool: string;
      duration_ms: number | null;
      status: SpanSummary["status"];
      input: string | null;
      output: string | null;
    }
  | { type: "error"; name: string; error_type: string | null; error_message: string | null };

/** One thing that happened in a session, in time order; each message once, however often it was resent. */
export type TimelineEntry = {
  time: string;
  trace_id: string;
  span_id: string;
  agent: string | null;
  model: string | null;
} & TimelineEvent;

export type SessionDetail = {
  session: SessionSummary;
  traces: TraceSummary[];
  /** oldest first */
  timeline: TimelineEntry[];
  coverage: Coverage;
};

export type UsageResult = { groups: UsageGroup[]; total: UsageFigures; coverage: Coverage };

export type StoreInfo = {
  path: string;
  engine: string;
  engine_version: string;
  store_id: string;
  schema_version: number;
  /** bytes of the file with its WAL */
  size_bytes: number;
  traces: number;
  spans: number;
  sessions: number;
  running_spans: number;
  /** spans waiting to enter the rollups or the search index */
  unsettled_traces: number;
  unindexed_spans: number;
  /** counted by recorders that had to drop spans: full queue, rejected input */
  dropped_spans: number;
  pruned_traces: number;
  unpriced_calls: number;
  /** distinct models without a price */
  unpriced_models: string[];
  price_version: string | null;
  first_span: string | null;
  last_span: string | null;
  last_write: string | null;
  full_text_search: boolean;
  services: { service: string; traces: number; max_age_s: number | null; max_bytes: number | null }[];
};

/** One trace, or the newest `limit` that match. `progress` is called after each. */
export type CheckQuery = TraceFilter & {
  trace_id?: string;
  limit: number;
  rules: CheckRules;
  progress?(done: number, all: number): void;
};

/** Errors: `AgensightError` with code not_found, ambiguous (hint lists candidates), pruned, bad_argument. */
export interface TraceReader {
  listTraces(
    query: TraceFilter & Page & { sort?: TraceSort; min_duration_ms?: number; min_cost_usd?: number },
  ): Promise<TraceListing>;
  /** `trace_id` and `span_id` may be unique prefixes of 6 or more hex digits; an exact id wins. */
  getTrace(query: { trace_id: string; span_id?: string; max_spans?: number }): Promise<TraceTree>;
  getSpan(query: { span_id: string; trace_id?: string }): Promise<SpanDetail>;
  /** newest first */
  searchSpans(query: TraceFilter & Page & { query: string; kind?: SpanKind }): Promise<SearchResult>;
  /** most recently active first */
  listSessions(query: TraceFilter & Page): Promise<SessionListing>;
  /** a unique prefix of 6 or more characters of the session id will do; `limit` counts timeline entries */
  getSession(query: { session_id: string } & Page): Promise<SessionDetail>;
  getUsage(query: TraceFilter & { group_by: UsageDimension[]; limit?: number }): Promise<UsageResult>;
  /** failures as groups of one fault each, those that ended runs first */
  findErrors(query: ErrorQuery): Promise<ErrorListing>;
  diagnoseTrace(query: { trace_id: string }): Promise<Diagnosis>;
  compareTraces(query: { a: string; b: string }): Promise<RunComparison>;
  compareGroups(query: { a: TraceFilter; b: TraceFilter }): Promise<GroupComparison>;
  getAgentGraph(query: TraceFilter & { trace_id?: string }): Promise<AgentGraph>;
  /** of one call, or of all calls of a run */
  explainContext(query: { trace_id?: string; span_id?: string }): Promise<ContextExplanation>;
  checkTraces(query: CheckQuery): Promise<CheckResult>;
  /**
   * What happened to spans after `after_seq`, oldest change first; of each span its last change only. Nothing older
   * than `as_of_seq` is missing when `has_more` is false. `dropped_spans`, `store_id`: as in `StoreInfo`, which costs more
   * to ask. `trace_id`: 32 hex digits. `latest`: the last `limit` of them; `has_more` then tells of older ones.
   */
  changes(
    query: LiveFilter & { after_seq: number; limit: number; latest?: boolean; previews?: boolean },
  ): Promise<{ changes: Change[]; as_of_seq: number; has_more: boolean; dropped_spans: number; store_id: string }>;
  info(): Promise<StoreInfo>;
  close(): void;
}
