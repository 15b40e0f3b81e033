/** Package entry `agensight`: the SDK's public names. */
export { connectMcp, type McpConnection, type McpOptions } from "./sdk/connect-mcp.js";
export {
  instrumentAnthropic,
  instrumentLangChain,
  instrumentLlamaIndex,
  instrumentOpenAI,
} from "./sdk/integrations.js";
export { configureRedaction, type RedactionOptions } from "./sdk/security.js";
export {
  agent,
  enableSessionTracking,
  flush,
  llm,
  type Retention,
  retrieval,
  type SpanAttributes,
  setSessionId,
  setupTracing,
  startSpan,
  type Tracing,
  type TracingOptions,
  tool,
  withSession,
} from "./sdk/tracing.js";
