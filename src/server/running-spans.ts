/** Which spans of a program have started and not ended, by what it sent; bounded. */
import type { OtlpSpan, TracesData } from "../model/otlp.js";

/** Of more than these the oldest are forgotten: the store notices after an hour that they do not go on. */
const most = 10_000;

export type RunningSpans = ReturnType<typeof createRunningSpans>;

export function createRunningSpans() {
  const running = new Map<string, { trace_id: string; span_id: string }>();
  return {
    note(data: TracesData): void {
      for (const { traceId, spanId, endTimeUnixNano } of spansOf(data)) {
        if (typeof traceId !== "string" || typeof spanId !== "string" || traceId.length !== 32 || spanId.length !== 16)
          continue;
        const key = `${traceId}/${spanId}`;
        if (endTimeUnixNano !== undefined) running.delete(key);
        else running.set(key, { trace_id: traceId, span_id: spanId });
        if (running.size > most) running.delete(running.keys().next().value as string);
      }
    },
    all: () => [...running.values()],
    count: (data: TracesData): number => spansOf(data).length,
  };
}

/** Whatever may have been sent in their place. */
function spansOf(data: TracesData): Partial<OtlpSpan>[] {
  const items = <T>(list: T[] | undefined): T[] => (Array.isArray(list) ? list.filter(Boolean) : []);
  return items(data.resourceSpans).flatMap(({ scopeSpans }) => items(scopeSpans).flatMap(({ spans }) => items(spans)));
}
