/** Between OpenTelemetry and the recorder: names the session as a span starts, hands it over as it ends. */
import { TraceFlags } from "@opentelemetry/api";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Recorder } from "./recorder.js";
import { sessionAttributes } from "./session.js";

/** OpenTelemetry's own batch processor cannot be emptied while a process exits. */
export function createSpanProcessor(recorder: Recorder): SpanProcessor {
  return {
    onStart(span, parent) {
      if (span.attributes["session.id"] === undefined) span.setAttributes(sessionAttributes(parent));
    },
    onEnd(span) {
      if (span.spanContext().traceFlags & TraceFlags.SAMPLED) recorder.record(span);
    },
    forceFlush: recorder.flush,
    shutdown: recorder.shutdown,
  };
}
