/** A TraceReader over spans in memory, for texts that need exact spans (huge, cyclic, hostile). */
import { AgensightError } from "../../src/model/error.js";
import { noFailures } from "../../src/model/error-group.js";
import type {
  Coverage,
  SessionSummary,
  SpanSummary,
  TraceSummary,
  UsageFigures,
  UsageGroup,
} from "../../src/model/summary.js";
import type { Page, SpanDetail, TimelineEntry, TraceReader } from "../../src/store/reader.js";

export const start = Date.parse("2026-11-22T10:00:00.000Z");
export const now = start + 2 * 3600e3;
export const traceIdOf = (n: number) =>
  `${((n * 7919 + 4096) * 65537).toString(16).padStart(8, "a").slice(-8)}4bf92f3577b34da6a3ce929d`;
export const spanIdOf = (n: number) => `${(n * 104729 + 65536).toString(16).padStart(10, "b")}7a0858`;

export function spanOf(over: Partial<SpanSummary> & { n: number }): SpanSummary {
  const { n, ...rest } = over;
  return {
    seq: n + 1,
    trace_id: traceIdOf(1),
    span_id: spanIdOf(n),
    parent_span_id: null,
    name: `span ${n}`,
    kind: "other",
    status: "ok",
    start: new Date(start + n * 10).toISOString(),
    duration_ms: 5,
    service: "shop",
    session_id: null,
    agent: null,
    tool: null,
    provider: null,
    model: null,
    input_tokens: null,
    cached_tokens: null,
    output_tokens: null,
    cost_usd: null,
    counted: false,
    error_type: null,
    error_message: null,
    ...rest,
  };
}

export function traceOf(spans: SpanSummary[], over: Partial<TraceSummary> = {}): TraceSummary {
  const calls = spans.filter((span) => span.counted && span.kind === "llm");
  const sum = (of: (span: SpanSummary) => number | null) =>
    calls.length === 0 ? null : calls.reduce((s, c) => s + (of(c) ?? 0), 0);
  const root = spans[0];
  return {
    trace_id: root?.trace_id ?? traceIdOf(1),
    name: root?.name ?? "run",
    service: "shop",
    session_id: null,
    start: root?.start ?? new Date(start).toISOString(),
    duration_ms: root?.duration_ms ?? null,
    status: root?.status === "error" ? "error" : "ok",
    span_count: spans.length,
    error_count: spans.filter((span) => span.status === "error").length,
    llm_calls: calls.length,
    input_tokens: sum((s) => s.input_tokens),
    cached_tokens: sum((s) => s.cached_tokens),
    output_tokens: sum((s) => s.output_tokens),
    cost_usd: sum((s) => s.cost_usd),
    unpriced_calls: calls.filter((c) => c.cost_usd === null).length,
    models: [...new Set(calls.flatMap((c) => c.model ?? []))],
    agents: [...new Set(spans.flatMap((c) => c.agent ?? []))],
    ...over,
  };
}

export function detailOf(span: SpanSummary, over: Partial<SpanDetail> = {}): SpanDetail {
  return {
    ...span,
    trace_name: "run",
    end: null,
    otel_kind: "internal",
    request_model: span.model,
    response_model: span.model,
    response_id: null,
    finish_reason: null,
    first_token_ms: null,
    cache_write_tokens: null,
    reasoning_tokens: null,
    user_id: null,
    tool_call_id: null,
    error_stack: null,
    price_version: null,
    system: null,
    input_messages: [],
    output_messages: [],
    tool_definitions: null,
    input_value: null,
    output_value: null,
    attributes: {},
    events: [],
    links: [],
    resource: { "service.name": "shop" },
    scope: { name: "test", version: null },
    child_count: 0,
    redacted: {},
    as_of_seq: 1,
    ...over,
  };
}

export type FakeData = {
  traces: { trace: TraceSummary; spans: SpanSummary[] }[];
  details?: SpanDetail[];
  sessions?: { session: SessionSummary; timeline: TimelineEntry[] }[];
  usage?: { groups: UsageGroup[]; total: UsageFigures };
};

export function fakeReader(data: FakeData): TraceReader {
  const seq = () => data.traces.reduce((most, t) => t.spans.reduce((m, s) => Math.max(m, s.seq), most), 0);
  const page = <T>(items: T[], { limit, cursor }: Page): { items: T[]; coverage: Coverage } => {
    const from = cursor === undefined ? 0 : Number(cursor.slice(1));
    const part = items.slice(from, from + limit);
    const next = from + part.length < items.length ? `c${from + part.length}` : null;
    return {
      items: part,
      coverage: {
        matched: Math.min(items.length, 1000),
        matched_is_minimum: items.length > 1000,
        returned: part.length,
        next_cursor: next,
        as_of_seq: seq(),
        notes: [],
      },
    };
  };
  const find = <T>(what: string, items: T[], id: (item: T) => string, prefix: string): T => {
    const exact = items.find((item) => id(item) === prefix);
    const near = items.filter((item) => id(item).startsWith(prefix));
    if (exact ?? near.length === 1) return (exact ?? near[0]) as T;
    if (near.length > 1)
      throw new AgensightError("ambiguous", `${what} ${prefix} is ambiguous.`, {
        hint: near.slice(0, 3).map(id).join(", "),
      });
    throw new AgensightError("not_found", `No ${what} ${prefix}.`, { hint: `Use list_traces to see what there is.` });
  };
  const unanswered = async () => Promise.reject(new AgensightError("internal", "Ask a real store."));
  const spans = () => data.traces.flatMap((t) => t.spans);
  return {
    listTraces: async (query) => {
      const hits = data.traces
        .map((t) => t.trace)
        .filter((t) => (!query.status || t.status === query.status) && (!query.service || t.service === query.service));
      const { items, coverage } = page(hits, query);
      return { traces: items, coverage };
    },
    getTrace: async ({ trace_id, span_id, max_spans = 1e9 }) => {
      const found = find("trace", data.traces, (t) => t.trace.trace_id, trace_id);
      let chosen = found.spans;
      if (span_id !== undefined) {
        const top = find("span", chosen, (s) => s.span_id, span_id).span_id;
        const inside = new Set([top]);
        for (const span of chosen) if (inside.has(span.parent_span_id ?? "")) inside.add(span.span_id);
        chosen = chosen.filter((span) => inside.has(span.span_id));
      }
      return {
        trace: found.trace,
        spans: chosen.slice(0, max_spans),
        omitted: Math.max(0, chosen.length - max_spans),
        as_of_seq: seq(),
      };
    },
    getSpan: async ({ span_id }) => find("span", data.details ?? [], (s) => s.span_id, span_id),
    searchSpans: async (query) => {
      const hits = spans()
        .filter((s) => s.name.includes(query.query))
        .map((span) => ({ span, field: "name", snippet: span.name }));
      const { items, coverage } = page(hits, query);
      return { hits: items, coverage };
    },
    listSessions: async (query) => {
      const { items, coverage } = page(
        (data.sessions ?? []).map((s) => s.session),
        query,
      );
      return { sessions: items, coverage };
    },
    getSession: async (query) => {
      const found = find("session", data.sessions ?? [], (s) => s.session.session_id, query.session_id);
      const { items, coverage } = page(found.timeline, query);
      return { session: found.session, traces: data.traces.map((t) => t.trace), timeline: items, coverage };
    },
    getUsage: async ({ limit = 1e9 }) => {
      const groups = data.usage?.groups ?? [];
      const { items, coverage } = page(groups, { limit });
      return { groups: items, total: data.usage?.total as UsageFigures, coverage };
    },
    findErrors: async (query) => ({ groups: [], total: noFailures, coverage: page([], query).coverage }),
    diagnoseTrace: unanswered,
    compareTraces: unanswered,
    compareGroups: unanswered,
    getAgentGraph: unanswered,
    explainContext: unanswered,
    checkTraces: unanswered,
    changes: async ({ after_seq, limit }) => {
      const later = spans()
        .filter((s) => s.seq > after_seq)
        .sort((a, b) => a.seq - b.seq);
      const changes = later
        .slice(0, limit)
        .map((span) => ({ type: "span_ended" as const, span: span as SpanSummary, preview: null }));
      return { changes, as_of_seq: seq(), has_more: later.length > limit, dropped_spans: 0, store_id: "s" };
    },
    info: async () => ({
      path: "/data/traces.db",
      engine: "fake",
      engine_version: "0",
      store_id: "s",
      schema_version: 1,
      size_bytes: 1,
      traces: data.traces.length,
      spans: spans().length,
      sessions: data.sessions?.length ?? 0,
      running_spans: 0,
      unsettled_traces: 0,
      unindexed_spans: 0,
      dropped_spans: 0,
      pruned_traces: 0,
      unpriced_calls: 0,
      unpriced_models: [],
      price_version: null,
      first_span: null,
      last_span: spans().at(-1)?.start ?? null,
      last_write: null,
      full_text_search: true,
      services: [{ service: "shop", traces: data.traces.length, max_age_s: null, max_bytes: null }],
    }),
    close: () => {},
  };
}

/** A run of `turns` model calls, each followed by a tool, under one agent: 2 × turns + 1 spans. */
export function agentRun(turns: number, trace = 1): { trace: TraceSummary; spans: SpanSummary[] } {
  const trace_id = traceIdOf(trace);
  const base = trace * 100_000;
  const root = spanOf({
    n: base,
    trace_id,
    name: "invoke_agent researcher",
    kind: "agent",
    agent: "researcher",
    duration_ms: turns * 1234,
  });
  root.start = new Date(start).toISOString();
  const spans = [root];
  for (let i = 0; i < turns; i++) {
    const common = { trace_id, parent_span_id: root.span_id, agent: "researcher" };
    spans.push(
      spanOf({
        n: base + 2 * i + 1,
        ...common,
        start: new Date(start + i * 1234).toISOString(),
        name: "chat gpt-4o",
        kind: "llm",
        model: "gpt-4o-2024-08-06",
        provider: "openai",
        duration_ms: 900 + ((i * 37) % 300),
        input_tokens: 1000 + i * 350,
        cached_tokens: i * 340,
        output_tokens: 120 + (i % 7),
        cost_usd: 0.002 + i * 0.0004,
        counted: true,
      }),
      spanOf({
        n: base + 2 * i + 2,
        ...common,
        start: new Date(start + i * 1234 + 1000).toISOString(),
        name: "execute_tool web_search",
        kind: "tool",
        tool: "web_search",
        duration_ms: 30 + ((i * 53) % 200),
        counted: true,
        ...(i === 7 && {
          status: "error" as const,
          error_type: "TimeoutError",
          error_message: "no answer from search.example within 5 s",
        }),
      }),
    );
  }
  return { trace: traceOf(spans), spans };
}
