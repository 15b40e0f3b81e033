// Spans of an OTLP/JSON lines file as plain objects, for what is known of recorded data.
import { readFileSync } from "node:fs";

/** `{traceId, spanId, parentId, name, start, end, values, failed}`, times in ms. */
export function readSpans(file) {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => JSON.parse(line).resourceSpans ?? [])
    .flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map((span) => ({
          traceId: span.traceId,
          spanId: span.spanId,
          parentId: span.parentSpanId,
          name: span.name,
          start: Number(span.startTimeUnixNano) / 1e6,
          end: Number(span.endTimeUnixNano) / 1e6,
          values: plain(span.attributes),
          service: plain(resource.attributes)["service.name"],
          failed: span.status?.code === 2,
        })),
      ),
    );
}

const plain = (attributes = []) => Object.fromEntries(attributes.map(({ key, value }) => [key, read(value)]));

function read(value) {
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(read);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.doubleValue ?? value.boolValue;
}
