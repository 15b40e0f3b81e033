/** Rows of the store as the public shapes. */
import { spanKinds } from "../../model/kind.js";
import { dollars } from "../../model/known-sums.js";
import type { SpanSummary, TraceSummary } from "../../model/summary.js";
import type { Row } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import { readFacets } from "../trace-row.js";
import { facets, traceStatuses } from "../trace-totals.js";

export function isoTime(us: number): string {
  return new Date(us / 1000).toISOString();
}

/** ms with at most three decimals; null stays null. */
export function milliseconds(us: number | null): number | null {
  return us === null ? null : Math.round(us) / 1000;
}

/** The texts of one facet of a trace, first seen first. */
export function facetTexts(source: SpanSource, row: Row, facet: keyof typeof facets): string[] {
  return readFacets(row.facets)
    .filter(([code]) => code === facets[facet])
    .map(([, value]) => source.strings.text(value) ?? "");
}

export function traceSummary(source: SpanSource, row: Row): TraceSummary {
  return {
    trace_id: Buffer.from(row.trace_id).toString("hex"),
    name: source.strings.text(row.name) ?? "",
    service: source.strings.text(row.service),
    session_id: source.strings.text(row.session),
    start: isoTime(row.start_us),
    duration_ms: milliseconds(row.duration_us),
    status: traceStatuses[row.status] ?? "ok",
    span_count: row.span_count,
    error_count: row.error_count,
    llm_calls: row.llm_calls,
    input_tokens: row.input_tokens,
    cached_tokens: row.cached_tokens,
    output_tokens: row.output_tokens,
    cost_usd: dollars(row.cost_usd),
    unpriced_calls: row.unpriced_calls,
    models: facetTexts(source, row, "model"),
    agents: facetTexts(source, row, "agent"),
  };
}

/** For queries over `span s JOIN trace t JOIN resource r`. */
export const summaryColumns =
  "s.id, s.trace, hex(t.trace_id) AS trace_id, hex(s.span_id) AS span_id, hex(s.parent_id) AS parent_id, s.seq, s.state, s.name, s.kind, s.start_us, " +
  "s.duration_us, s.status, r.service, s.session, s.agent, s.tool, s.provider, s.request_model, s.response_model, s.input_tokens, s.cached_tokens, " +
  "s.output_tokens, s.cost_usd, s.counted, s.error_type, s.error_message";
export const summaryTables = "span s JOIN trace t ON t.id = s.trace JOIN resource r ON r.id = s.resource";

export function spanSummary({ strings }: SpanSource, row: Row): SpanSummary {
  return {
    seq: row.seq,
    trace_id: row.trace_id.toLowerCase(),
    span_id: row.span_id.toLowerCase(),
    parent_span_id: row.parent_id ? row.parent_id.toLowerCase() : null,
    name: strings.text(row.name) ?? "",
    kind: spanKinds[row.kind] ?? "other",
    status: row.state === 1 ? "running" : row.state === 2 ? "abandoned" : row.status === 2 ? "error" : "ok",
    start: isoTime(row.start_us),
    duration_ms: milliseconds(row.duration_us),
    service: strings.text(row.service),
    session_id: strings.text(row.session),
    agent: strings.text(row.agent),
    tool: strings.text(row.tool),
    provider: strings.text(row.provider),
    model: strings.text(row.response_model ?? row.request_model),
    input_tokens: row.input_tokens,
    cached_tokens: row.cached_tokens,
    output_tokens: row.output_tokens,
    cost_usd: dollars(row.cost_usd),
    counted: row.counted === 1,
    error_type: strings.text(row.error_type),
    error_message: row.error_message,
  };
}
