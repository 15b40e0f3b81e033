/** What a chain of LangChain is: an agent, a graph, a node of one, or machinery that nobody wants to see. */
import { type Fields, fieldsOf } from "./fields.js";
import type { Run } from "./langchain-runs.js";

export type ChainStart = {
  serialized: unknown;
  /** as configured, or what the runnable calls itself */
  runName: unknown;
  runType: unknown;
  tags: unknown;
  metadata: Fields;
};

export type Chain = {
  kind: "graph" | "node" | "chain";
  name: string;
  shown: "own" | "hidden" | "taken";
  /** undefined: no agent as far as one can tell; null: an agent without a name */
  agent: string | null | undefined;
};

/** What LangGraph calls a graph without a name. */
const unnamedGraph = "LangGraph";

/** Nodes of `createAgent` and `createReactAgent`: what happens in them has spans of its own. */
const agentNodes = new Set(["model_request", "agent", "tools"]);

/** The names that LangChain's own parts have beside those of their classes. */
const machinery = /^(Runnable|Channel|Branch<|StructuredOutput|__|prompt$)/;

export function readChain(start: ChainStart, parent: Run | undefined): Chain {
  const tags = Array.isArray(start.tags) ? start.tags : [];
  const className = serializedName(start.serialized);
  const name = typeof start.runName === "string" && start.runName !== "" ? start.runName : className;
  // handed down, too: what calls a model, runs a tool or is a graph shows all the same
  const isHidden = tags.includes("langsmith:hidden");
  if (isGraph(start.serialized)) {
    const isSame = parent?.kind === "node" && (parent.name === name || name === unnamedGraph);
    const isTaken = isSame && parent.call !== null && !parent.isTaken;
    return { kind: "graph", name, shown: isTaken ? "taken" : "own", agent: agentName(start.metadata, name, parent) };
  }
  if (start.metadata.langgraph_node === name && tags.some(isStep)) {
    return {
      kind: "node",
      name,
      shown: isHidden || agentNodes.has(name) || name === parent?.name ? "hidden" : "own",
      agent: undefined,
    };
  }
  const isMachinery =
    name === className || machinery.test(name) || start.runType === "prompt" || start.runType === "parser";
  const shown = isHidden || (isMachinery && parent !== undefined) ? "hidden" : "own";
  return { kind: "chain", name, shown, agent: undefined };
}

/** The last part of the id under which LangChain would load the object again: its class. */
export function serializedName(serialized: unknown): string {
  const { id, name } = fieldsOf(serialized);
  const last = Array.isArray(id) ? id.at(-1) : name;
  return typeof last === "string" ? last : "chain";
}

export function inheritedOf(metadata: Fields): Run["inherited"] {
  const { lc_agent_name, ls_integration } = metadata;
  return {
    agent: typeof lc_agent_name === "string" && lc_agent_name !== "" ? lc_agent_name : undefined,
    isCreatedAgent: ls_integration === "langchain_create_agent",
  };
}

/** Metadata is handed down: a graph that an agent's tool runs has the agent's, too. */
function agentName(metadata: Fields, name: string, parent: Run | undefined): string | null | undefined {
  const own = inheritedOf(metadata);
  const above = parent?.inherited;
  if (own.agent !== undefined && (own.agent === name || own.agent !== above?.agent)) return own.agent;
  return own.agent === undefined && own.isCreatedAgent && !above?.isCreatedAgent ? null : undefined;
}

/** The graph that decides what this run is for; none beyond a tool, which is another's work. */
export function graphAround(run: Run | undefined): Run | undefined {
  let at = run;
  while (at && (at.kind === "node" || at.kind === "chain")) at = at.parent;
  return at?.kind === "graph" ? at : undefined;
}

/** Under which name a graph is known as an agent: its own, that of the node it stands in, or none. */
export function agentNameOf(graph: Run): string | null {
  if (graph.name !== unnamedGraph) return graph.name;
  return graph.parent?.kind === "node" ? graph.parent.name : null;
}

/** A graph that is a part of another one. */
export function isSubgraph(graph: Run): boolean {
  return graph.parent !== undefined && graphAround(graph.parent) !== undefined;
}

/** The step of `createAgent` in which it asks its model. */
export function isModelRequest({ kind, name }: Chain): boolean {
  return kind === "node" && name === "model_request";
}

/** A node that says where to go on: `Command({goto})`. */
export function isHandOff(output: unknown): boolean {
  const { lg_name, goto } = fieldsOf(output);
  return lg_name === "Command" && (Array.isArray(goto) ? goto.length > 0 : goto !== undefined);
}

function isGraph(serialized: unknown): boolean {
  const { id } = fieldsOf(serialized);
  return Array.isArray(id) && id[0] === "langgraph" && id[1] === "pregel";
}

function isStep(tag: unknown): boolean {
  return typeof tag === "string" && tag.startsWith("graph:step:");
}
