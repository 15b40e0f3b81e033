/** For spans that leave by another way than the store: `captureContent: false` holds there too. */
import type { OtlpSpan, ResourceSpans, ScopeSpans, TracesData } from "../model/otlp.js";
import { plainAttributes } from "../model/otlp.js";
import { normaliseSpan } from "../semantics/normalise.js";
import { leaveOutContent } from "./leave-out-content.js";

/** A request with the message texts, tool arguments and results left out; `data` itself stays as it is. */
export function withoutContent(data: TracesData): TracesData {
  return { ...data, resourceSpans: (data.resourceSpans ?? []).map(ofResource) };
}

function ofResource(resourceSpans: ResourceSpans): ResourceSpans {
  const attributes = plainAttributes(resourceSpans.resource?.attributes);
  const ofSpan = (span: OtlpSpan, scope: ScopeSpans["scope"]): OtlpSpan =>
    leaveOutContent({ span, facts: normaliseSpan(span, attributes, scope) }).span;
  const scopeSpans = (resourceSpans.scopeSpans ?? []).map((scope) => ({
    ...scope,
    spans: (scope.spans ?? []).map((span) => ofSpan(span, scope.scope)),
  }));
  return { ...resourceSpans, scopeSpans };
}
