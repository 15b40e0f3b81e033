/** Package entry `agensight/tracing`: everything that makes a program record what its agents do. */
export { agent, llm, retrieval, tool } from "./agent-span.js";
export type { Retention } from "./retention.js";
export { enableSessionTracking, setSessionId, withSession } from "./session.js";
export { flush, setupTracing, type Tracing, type TracingOptions } from "./setup.js";
export { type SpanAttributes, startSpan } from "./span.js";
