/** TODO */

import type { AgentGraph } from "../../model/agent-graph.js";
import { AgensightError } from "../../model/error.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";

export function getAgentGraph(_source: SpanSource, _query: TraceFilter & { trace_id?: string }): AgentGraph {
  throw new AgensightError("internal", "getAgentGraph is not there yet.");
}
