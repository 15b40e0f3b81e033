/** Between OpenTelemetry and the recorder: names the session as a span starts, hands it over as it starts and ends. */
import { TraceFlags } from "@opentelemetry/api";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Recorder } from "./recorder.js";
import { sessionAttributes } from "./session.js";

/** OpenTelemetry's own batch processor cannot be emptied while a process exits. */
export function createSpanProcessor(recorder: Recorder): SpanProcessor {
  return {
    onStart(span, parent) {
      if (span.attributes["session.id"] === undefined) span.setAttributes(sessionAttributes(parent));
      if (isSampled(span)) recorder.started(span);
    },
    onEnd(span) {
      if (isSampled(span)) recorder.record(span);
    },
    forceFlush: recorder.flush,
    shutdown: recorder.shutdown,
  };
}

function isSampled(span: ReadableSpan): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}
