/** TODO: names and texts through `show`. */
import type { AgentGraph } from "../../model/agent-graph.js";
import type { Show } from "../show.js";

export function showGraph(_show: Show, given: AgentGraph): AgentGraph {
  return given;
}
