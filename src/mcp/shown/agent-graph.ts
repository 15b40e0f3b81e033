/** A graph as it may be shown: all of its words are names. */
import type { AgentGraph } from "../../model/agent-graph.js";
import { orNull, type Show } from "../show.js";

export function showGraph(show: Show, given: AgentGraph): AgentGraph {
  const name = (text: string | null) => orNull(show.name, text);
  return {
    ...given,
    agents: given.agents.map((each) => ({
      ...each,
      agent: name(each.agent),
      models: each.models.map((used) => ({ ...used, model: name(used.model) })),
      tools: each.tools.map((used) => ({ ...used, tool: name(used.tool) })),
    })),
    edges: given.edges.map((each) => ({ ...each, from: name(each.from), to: name(each.to), via: name(each.via) })),
    unmet: given.unmet.map((each) => ({
      ...each,
      from: name(each.from),
      asked_for: show.name(each.asked_for),
      went_to: name(each.went_to),
    })),
  };
}
