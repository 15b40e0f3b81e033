// What autotel-mcp's listings of spans say to a reader who counts or adds up, and how its spans are asked for.

/** At least `n` spans of an operation stand in the answer. */
export const spansOf = (operation, n = 1) => ({
  test: (text) => text.split(`"operationName": "${operation}"`).length - 1 >= n,
  toString: () => `${n} spans of ${operation}`,
});

/** The numbers of a key add up to this, within 2 %. */
export const addUp = (key, total) => ({
  test: (text) => {
    const numbers = [...text.matchAll(new RegExp(`"${key}": (\\d+(?:\\.\\d+)?)`, "g"))].map(([, n]) => Number(n));
    return Math.abs(numbers.reduce((sum, n) => sum + n, 0) - total) <= total * 0.02;
  },
  toString: () => `${key} that add up to ${total}`,
});

/** Nothing was found. */
export const none = /"totalCount": 0\b/;

/** A trace that is listed without a root. */
export const rootless = /"spans": \[\]/;

const all = { limit: 100 };
const only = (key, value) => ({ tags: { [key]: value } });
export const tools = only("gen_ai.operation.name", "execute_tool");
export const agents = only("gen_ai.operation.name", "invoke_agent");
export const chats = only("gen_ai.operation.name", "chat");
export const failed = { errorOnly: true };

/** Its calls; `more` narrows what is asked for. */
export const searchSpans = (serviceName, more) => [
  "search_spans",
  { ...(serviceName && { serviceName }), ...more, ...all },
];
export const searchTraces = (serviceName, more) => [
  "search_traces",
  { ...(serviceName && { serviceName }), ...more, ...all },
];
export const whole = { includeSpans: true };
export const inSession = (id) => only("session.id", id);
export const inTrace = (value, more) => [
  "search_spans",
  { filters: [{ field: "trace_id", operator: "equals", valueType: "string", value }], ...more, ...all },
];
export const getTrace = (traceId) => ["get_trace", { traceId }];
export const summarize = (traceId) => ["summarize_trace", { traceId }];
export const rootCause = (traceId) => ["find_root_cause", { traceId }];
export const usage = (serviceName, more) => ["get_llm_usage", { ...(serviceName && { serviceName }), ...more }];
export const slowest = (serviceName) => ["get_llm_slow_traces", { serviceName }];
export const dearest = (serviceName) => ["get_llm_expensive_traces", { serviceName }];

/** The first listed trace or span of which `is` holds, as arguments of get_trace. */
export function firstTrace(text, is) {
  const found = JSON.parse(text).data.items.find(is);
  if (!found) throw new Error("no such trace is listed");
  return { traceId: found.traceId };
}
