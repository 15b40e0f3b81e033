/** One span: its facts, and itself as it may be kept. */
import type { SpanFacts } from "../model/facts.js";
import type { OtlpScope, OtlpSpan } from "../model/otlp.js";
import type { RedactionCounts } from "../redaction/redact.js";
import { normaliseSpan } from "../semantics/normalise.js";
import type { Redaction } from "./redaction.js";

export type ReadSpan = {
  span: OtlpSpan;
  facts: SpanFacts;
  /** absent = nothing was redacted */
  redacted?: RedactionCounts;
};

/**
 * The text that `facts.input` names by its key is not redacted yet: calls resend their conversation, so the store
 * redacts what is new of it. `resource`: its plain attributes; it and `scope` have been redacted.
 */
export function readSpan(
  span: OtlpSpan,
  resource: Record<string, unknown>,
  scope: OtlpScope | undefined,
  redaction: Redaction | null,
): ReadSpan {
  const facts = normaliseSpan(span, resource, scope);
  if (!redaction) return { span, facts };
  const { otlp, redactor } = redaction;
  const key = inputKey(facts);
  const spared = key !== null && redactor.coversKey(key) ? null : key;
  let kept = otlp.span(span, spared);
  if (kept === span) return { span, facts };
  // no fact may hold what the span no longer has
  let read = normaliseSpan(kept, resource, scope);
  if (spared !== null && inputKey(read) !== spared) {
    kept = otlp.span(kept, null);
    read = normaliseSpan(kept, resource, scope);
  }
  return { span: kept, facts: read, redacted: redactor.take() };
}

function inputKey({ input }: SpanFacts): string | null {
  return input && "key" in input ? input.key : null;
}
