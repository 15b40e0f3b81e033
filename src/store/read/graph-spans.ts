/** The spans that a graph's edges are read from: columns only, of the newest traces. */
import type { GraphSpan } from "../../model/hand-off-wishes.js";
import { spanKinds } from "../../model/kind.js";
import type { Row } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";
import { countLimit } from "./cursor.js";
import { countUpTo } from "./filter.js";
import { findTrace } from "./find-ids.js";
import { matchTraces } from "./matching-traces.js";

const mostTraces = 200;
/** Of one trace, and of several together. */
export const mostGraphSpans = 20_000;
const mostOfSeveral = 4000;

/** Rows of traces, newest first, and how many match, counted one past the limit. Errors: those of `findTrace`. */
export function chooseTraces(
  source: SpanSource,
  query: TraceFilter & { trace_id?: string },
  notes: string[],
): { traces: Row[]; matched: number } {
  const { trace_id, ...filter } = query;
  if (trace_id !== undefined) return { traces: [findTrace(source.engine, trace_id)], matched: 1 };
  const matching = matchTraces(source, filter, notes);
  if (matching === null) return { traces: [], matched: 0 };
  const { from, count: counted, params, time } = matching;
  const traces = source.engine.all(
    `SELECT t.id, t.session, t.start_us, t.span_count FROM ${from} ORDER BY ${time} DESC, t.id DESC LIMIT ?`,
    [...params, mostTraces],
  );
  return {
    traces: withinSpans(traces),
    matched: traces.length < mostTraces ? traces.length : countUpTo(source.engine, counted, params, countLimit),
  };
}

/** As many traces as fit; the newest one always, though not all of its spans. */
function withinSpans(traces: Row[]): Row[] {
  let spans = 0;
  const end = traces.findIndex(({ span_count }, index) => {
    spans += span_count;
    return index > 0 && spans > mostOfSeveral;
  });
  return end < 0 ? traces : traces.slice(0, end);
}

export type GraphTrace = { session: number | null; spans: GraphSpan[] };

/** Oldest trace first, its spans in start order. */
export function readGraphSpans({ engine, strings }: SpanSource, traces: readonly Row[]): GraphTrace[] {
  if (traces.length === 0) return [];
  const found = new Map<number, GraphSpan[]>();
  const rows = engine.all(
    `SELECT s.trace, s.id, hex(s.span_id) AS span_id, hex(s.parent_id) AS parent_id, s.name, s.kind, s.state, s.status, s.start_us,
       s.duration_us, s.own_agent, s.tool, s.counted, s.call, s.input_tokens, s.output_tokens, s.cost_usd, r.service
     FROM span s JOIN resource r ON r.id = s.resource WHERE s.trace IN (${traces.map(({ id }) => id).join(",")}) ORDER BY s.trace, s.start_us, s.id LIMIT ?`,
    [mostGraphSpans],
  );
  for (const row of rows) {
    const span: GraphSpan = {
      id: row.id,
      span_id: row.span_id.toLowerCase(),
      parent_span_id: row.parent_id ? row.parent_id.toLowerCase() : null,
      name: strings.text(row.name) ?? "",
      kind: spanKinds[row.kind] ?? "other",
      is_error: row.state === 0 && row.status === 2,
      start_us: row.start_us,
      duration_us: row.duration_us,
      agent: strings.text(row.own_agent),
      service: strings.text(row.service),
      tool: strings.text(row.tool),
      has_usage: row.state === 0 && row.counted === 1 && row.call !== spanKinds.indexOf("tool"),
      input_tokens: row.input_tokens,
      output_tokens: row.output_tokens,
      cost_usd: row.cost_usd,
    };
    const own = found.get(row.trace);
    if (own) own.push(span);
    else found.set(row.trace, [span]);
  }
  return [...traces]
    .sort((a, b) => a.start_us - b.start_us)
    .map(({ id, session }) => ({ session, spans: found.get(id) ?? [] }));
}
