// Spans of a made run as OTLP/JSON lines, in batches in the order of their ends, as an exporter sends them.
import { attributes } from "../../workload.mjs";

const spansPerLine = 24;

/** A time in ms since the epoch, with a fraction, as OTLP's nanoseconds. */
function nanos(ms) {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * 1e6)).padStart(6, "0")}`;
}

/** `spans` are `{spanId, parentId, name, kind, start, end, values, status, events, scope}`, times in ms. */
export function toLines(traceId, resource, spans) {
  const lines = [];
  const sorted = [...spans].sort((a, b) => a.end - b.end);
  for (let i = 0; i < sorted.length; i += spansPerLine) {
    const scopeSpans = [...byScope(sorted.slice(i, i + spansPerLine))].map(([name, list]) => ({
      scope: { name, version: "1.4.2" },
      spans: list.map((span) => toSpan(traceId, span)),
    }));
    lines.push(JSON.stringify({ resourceSpans: [{ resource: { attributes: attributes(resource) }, scopeSpans }] }));
  }
  return lines;
}

function byScope(spans) {
  const groups = new Map();
  for (const span of spans) groups.set(span.scope, [...(groups.get(span.scope) ?? []), span]);
  return groups;
}

function toSpan(traceId, { spanId, parentId, name, kind, start, end, values, status, events }) {
  const known = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return {
    traceId,
    spanId,
    ...(parentId ? { parentSpanId: parentId } : {}),
    flags: 257,
    name,
    kind: kind ?? 1,
    startTimeUnixNano: nanos(start),
    endTimeUnixNano: nanos(end),
    attributes: attributes(known),
    ...(events?.length
      ? {
          events: events.map((event) => ({
            name: event.name,
            timeUnixNano: nanos(event.at),
            attributes: attributes(event.values),
          })),
        }
      : {}),
    status: status ?? { code: 0 },
  };
}
