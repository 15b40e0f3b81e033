/** What a dialect of span attributes is: a table of keys, and a function for what no table can say. */
import type { SpanFacts } from "../model/facts.js";
import type { SpanKind } from "../model/kind.js";
import type { SpanView } from "./span-view.js";

type TextFact =
  | "provider"
  | "request_model"
  | "response_model"
  | "response_id"
  | "agent"
  | "tool"
  | "tool_call_id"
  | "session_id"
  | "user_id"
  | "finish_reason";
type CountFact = "input_tokens" | "cached_tokens" | "cache_write_tokens" | "output_tokens" | "reasoning_tokens";
type SourceFact = "system" | "tool_definitions" | "input_value" | "output_value";

/** Attribute keys by fact; the first key that holds a value wins, earlier dialects before later ones. */
export type Dialect = {
  /** does the span carry attributes of this dialect? Asked once per distinct attribute key. */
  owns: (key: string) => boolean;
  /** what the span says it is; null = it does not say */
  kind?: (view: SpanView) => SpanKind | null;
  texts?: readonly (readonly [TextFact, readonly string[]])[];
  counts?: readonly (readonly [CountFact, readonly string[]])[];
  sources?: readonly (readonly [SourceFact, readonly string[]])[];
  input?: readonly string[];
  output?: readonly string[];
  /** s to the first streamed token */
  firstTokenSeconds?: readonly string[];
  /** fills facts that are still null from forms that need code: flattened lists, JSON inside JSON */
  complete?: (view: SpanView, facts: SpanFacts) => void;
};
