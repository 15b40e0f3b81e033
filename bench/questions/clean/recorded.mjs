// Recorded runs in which nothing is wrong: of the corpus those that failed nowhere, of the demo those that got over it.
import { readSpans } from "../asked/read-otlp.mjs";

const cutShort = /length|max_tokens|content.?filter|refusal/i;

/** `{id, shape, over, traceId, allows}` of the runs of three spans and more; their instrumentations do leave gaps. */
export function recordedClean({ corpus, demo }) {
  return [
    ...runsOf(corpus)
      .filter((spans) => spans.every((span) => !span.failed && !isCutShort(span) && !/error/.test(span.name)))
      .map((spans) => ({ ...about(spans), over: "corpus" })),
    ...runsOf(demo)
      .filter((spans) => !spans.some((span) => span.failed && !span.parentId))
      .map((spans) => ({ ...about(spans), over: "demo" })),
  ];
}

function runsOf(file) {
  const traces = new Map();
  for (const span of readSpans(file)) traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span]);
  return [...traces.values()].filter((spans) => spans.length >= 3 && spans.some(({ parentId }) => !parentId));
}

const isCutShort = ({ values }) =>
  Object.entries(values).some(
    ([key, value]) => /finish_reason|finishReason|stop_reason/.test(key) && cutShort.test(value),
  );

function about(spans) {
  const root = spans.find(({ parentId }) => !parentId);
  return {
    id: `recorded ${root.traceId.slice(0, 8)}`,
    shape: `${root.name} (${root.service})`,
    traceId: root.traceId,
    allows: ["missing_telemetry"],
  };
}
