/** What a span's place in its trace says about it: whose agent it is, whether its tokens count. Pure. */
import { countCalls } from "./count-calls.js";
import { type Failure, findFailures } from "./failures.js";
import type { SpanKind } from "./kind.js";
import { orderTopDown, type TraceOrder } from "./trace-order.js";

/** The columns of a span that the derivation looks at. Ids are any strings unique in the trace. */
export type DeriveSpan = {
  span_id: string;
  parent_span_id: string | null;
  kind: SpanKind;
  /** µs since the epoch */
  start_us: number;
  /** null while running */
  duration_us: number | null;
  is_error: boolean;
  provider: string | null;
  model: string | null;
  response_id: string | null;
  agent: string | null;
  tool: string | null;
  session_id: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | null;
};

export type Derived = {
  /** the nearest ancestor-or-self that names an agent; null = none */
  agent: string | null;
  /** own session, else the nearest ancestor's, else the trace's only one */
  session_id: string | null;
  /**
   * true where the span's tokens and cost enter totals: an llm, embedding or tool span which does not repeat what a
   * descendant reports (frameworks' parents repeat their children's usage; two instrumentations may see one call),
   * and an agent or workflow span whose usage no model call below it reports.
   */
  counted: boolean;
  /**
   * as which call the span is counted; null = as none. An agent or workflow span that alone carries the usage of
   * model calls which were not recorded counts as one llm call; where the calls are there but without usage, they
   * are counted as calls and the span's tokens enter the totals without being a call.
   */
  call: "llm" | "embedding" | "tool" | null;
  /** what became of its failure; null = it did not fail */
  failure: Failure | null;
};

/**
 * Derives all spans of one trace, in the order given. Linear in the number of spans. Cycles are cut, a parent that is
 * not there makes a root, of spans with the same id the first is the parent of their children.
 *
 * Two spans tell of one call when they are of one kind and
 * - one is an ancestor of the other with no agent, tool or retriever between them, they overlap, and response id,
 *   model or usage agree (the inner one is counted; the outer one where only it carries usage); or
 * - both are model calls with the same response id.
 * Calls side by side without response ids are never merged: parallel calls of one prompt look the same.
 */
export function deriveTrace(spans: readonly DeriveSpan[]): Derived[] {
  const tree = orderTopDown(spans);
  const derived = inherit(spans, tree);
  countCalls(spans, tree, derived);
  setFailures(spans, tree, derived);
  return derived;
}

function inherit(spans: readonly DeriveSpan[], { order, parent }: TraceOrder): Derived[] {
  const derived = new Array<Derived>(spans.length);
  const sessions = new Set<string>();
  for (const span of spans) if (span.session_id !== null) sessions.add(span.session_id);
  const [only] = sessions.size === 1 ? sessions : [];
  for (const i of order) {
    const span = spans[i] as DeriveSpan;
    const above = derived[parent[i] as number];
    derived[i] = {
      agent: span.agent ?? above?.agent ?? null,
      session_id: span.session_id ?? above?.session_id ?? only ?? null,
      counted: false,
      call: null,
      failure: null,
    };
  }
  return derived;
}

function setFailures(spans: readonly DeriveSpan[], tree: TraceOrder, derived: Derived[]): void {
  if (!spans.some((span) => span.is_error)) return;
  const linked = spans.map(({ span_id, parent_span_id, is_error, duration_us }) => ({
    span_id,
    parent_span_id,
    is_error,
    is_open: duration_us === null,
  }));
  for (const [index, failure] of findFailures(linked, tree).entries()) (derived[index] as Derived).failure = failure;
}
