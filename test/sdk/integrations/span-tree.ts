/** The spans of a run as an indented list, which says at a glance what happened inside of what. */
import type { SpanDetail } from "../../../src/store/reader.js";

/** Children in the order of their starts; `ERROR …` after the name of what failed. */
export function spanTree(spans: SpanDetail[]): string {
  const known = new Set(spans.map((span) => span.span_id));
  const below = (parent: string | null, indent: string): string[] =>
    spans
      .filter((span) => (parent === null ? !known.has(span.parent_span_id ?? "") : span.parent_span_id === parent))
      .flatMap((span) => [`${indent}${label(span)}`, ...below(span.span_id, `${indent}  `)]);
  return below(null, "").join("\n");
}

function label({ name, status, error_type }: SpanDetail): string {
  return status === "error" ? `${name} ERROR ${error_type}` : name;
}
