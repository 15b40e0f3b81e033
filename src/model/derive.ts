/** What a span's place in its trace says about it: whose agent it is, whether its tokens count. Pure. */
import type { SpanKind } from "./kind.js";

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
   * true on a span that is a call of its own: an llm, embedding or tool span which does not repeat what a
   * descendant reports (frameworks' parents repeat their children's usage; two instrumentations may see one call).
   */
  counted: boolean;
};
