/** Spans that have started and not ended, for a server that was away when they did; bounded. */
import { type PackedSpan, packedSize } from "./packed-span.js";

/** Of more than these the oldest are forgotten: they are told of when they end. */
const maxSpans = 10_000;
const maxBytes = 8e6;

export function createOpenSpans() {
  const open = new Map<string, { span: PackedSpan; size: number }>();
  let bytes = 0;

  function remove(spanId: string): void {
    bytes -= open.get(spanId)?.size ?? 0;
    open.delete(spanId);
  }

  return {
    begin(spans: PackedSpan[]): void {
      for (const span of spans) {
        const size = packedSize(span);
        open.set(span[3], { span, size });
        bytes += size;
        for (const oldest of open.keys()) {
          if (open.size <= maxSpans && bytes <= maxBytes) break;
          remove(oldest);
        }
      }
    },
    end(spans: PackedSpan[]): void {
      if (open.size > 0) for (const span of spans) remove(span[3]);
    },
    spans: (): PackedSpan[] => Array.from(open.values(), ({ span }) => span),
  };
}
