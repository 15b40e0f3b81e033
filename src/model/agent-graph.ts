/** Who called whom, handed over to whom, and used which tools and models. */
import * as z from "zod";
import { Coverage, UsageFigures } from "./summary.js";

/**
 * How control came to a run of an agent. `call`: from within another agent's run, which goes on afterwards; `handoff`: the
 * other asked for the transfer; `sequence`: after the other under one parent, nobody asked; `start`: no agent above or
 * before it was recorded. Every run came in one way.
 */
export const edgeKinds = ["call", "handoff", "sequence", "start"] as const;
export type EdgeKind = (typeof edgeKinds)[number];

const Latency = { p50_ms: z.number().nullable(), p95_ms: z.number().nullable() };

const GraphModel = UsageFigures.extend({ model: z.string().nullable(), kind: z.enum(["llm", "embedding"]) });
export type GraphModel = z.infer<typeof GraphModel>;

const GraphTool = z.object({ tool: z.string().nullable(), calls: z.number(), errors: z.number(), ...Latency });
export type GraphTool = z.infer<typeof GraphTool>;

const GraphAgent = z.object({
  /** null: work outside any named agent */
  agent: z.string().nullable(),
  /** its spans of kind agent; latency is theirs */
  runs: z.number(),
  failed_runs: z.number(),
  ...Latency,
  /** of its own model calls, without those of agents below it */
  usage: UsageFigures,
  models: z.array(GraphModel),
  tools: z.array(GraphTool),
});
export type GraphAgent = z.infer<typeof GraphAgent>;

const GraphEdge = z.object({
  /** null: the program */
  from: z.string().nullable(),
  to: z.string().nullable(),
  kind: z.enum(edgeKinds),
  /** the tool that ran it */
  via: z.string().nullable(),
  runs: z.number(),
  errors: z.number(),
  ...Latency,
  /** with everything below these runs */
  input_tokens: z.number().nullable(),
  output_tokens: z.number().nullable(),
  cost_usd: z.number().nullable(),
  /** span ids of runs, failed ones first */
  examples: z.array(z.string()),
});
export type GraphEdge = z.infer<typeof GraphEdge>;

/** A transfer that was asked for and did not happen. */
const UnmetHandOff = z.object({
  from: z.string().nullable(),
  asked_for: z.string(),
  /** which agent ran instead; null: none */
  went_to: z.string().nullable(),
  count: z.number(),
  /** ids of the spans that asked */
  examples: z.array(z.string()),
});
export type UnmetHandOff = z.infer<typeof UnmetHandOff>;

/** The JSON answer. Agents that pass control on come first, then the costliest; edges and tools: the most frequent first; models: the costliest. */
export const AgentGraph = z.object({
  agents: z.array(GraphAgent),
  edges: z.array(GraphEdge),
  unmet: z.array(UnmetHandOff),
  /** of all agents together; calls, errors and latency are of llm calls, as in get_usage */
  total: UsageFigures,
  /** traces whose spans were looked at, of those that match */
  traces: z.object({ read: z.number(), matched: z.number(), matched_is_minimum: z.boolean() }),
  coverage: Coverage,
});
export type AgentGraph = z.infer<typeof AgentGraph>;
