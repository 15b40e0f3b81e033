/** What a span stands for in an agent's work. */
import * as z from "zod";

/** The order is the code kept in the store's `kind` columns: append only. */
export const spanKinds = [
  "other",
  "llm",
  "embedding",
  "agent",
  "workflow",
  "tool",
  "retriever",
  "reranker",
  "guardrail",
] as const;

export const SpanKind = z.enum(spanKinds);
export type SpanKind = z.infer<typeof SpanKind>;
