/** A graph of agents as text: an agent a block, with what it passed control to, its tools and its models. */
import type { AgentGraph, EdgeKind, GraphAgent, GraphEdge } from "../../model/agent-graph.js";
import { costFigures, count, dotted, duration, plural, tokenFigures } from "../../model/format.js";
import { idText, nameText } from "./fence.js";

export const programName = "(program)";

const agentName = (name: string | null) => (name === null ? programName : nameText(name, 60));
const failed = (errors: number) => (errors > 0 ? `, ${count(errors)} failed` : "");
const times = (n: number) => `×${count(n)}`;

function latency({ p50_ms, p95_ms }: { p50_ms: number | null; p95_ms: number | null }, n: number): string {
  if (p50_ms === null || p95_ms === null) return "";
  return n === 1 ? `, ${duration(p50_ms)}` : `, p50 ${duration(p50_ms)} p95 ${duration(p95_ms)}`;
}

export function graphHead({ agents, edges, total, traces }: AgentGraph): string {
  const named = agents.filter(({ agent }) => agent !== null).length;
  const handOffs = edges.reduce((sum, { kind, runs }) => (kind === "handoff" ? sum + runs : sum), 0);
  const embeddings = agents.flatMap(({ models }) => models).filter(({ kind }) => kind === "embedding");
  const embedded = embeddings.reduce((sum, { calls }) => sum + calls, 0);
  return dotted([
    named === 0 ? "no agents" : plural(named, "agent"),
    `${count(traces.matched)}${traces.matched_is_minimum ? "+" : ""} ${traces.matched === 1 ? "trace" : "traces"}`,
    plural(total.calls, "model call"),
    embedded > 0 && plural(embedded, "embedding call"),
    tokenFigures(total),
    costFigures(total),
    handOffs > 0 && plural(handOffs, "hand-off"),
  ]);
}

const how: Record<EdgeKind, string> = { call: "call", handoff: "hand-off", sequence: "next in line", start: "start" };

function edgeLine(edge: GraphEdge): string {
  const via = edge.via === null ? "" : ` through tool ${nameText(edge.via, 60)}`;
  const first = edge.errors > 0 && edge.examples[0] !== undefined ? ` (${idText(edge.examples[0])})` : "";
  const spent = dotted([tokenFigures({ ...edge, cached_tokens: null }), costFigures({ ...edge, unpriced_calls: 0 })]);
  return `  → ${agentName(edge.to)} ${times(edge.runs)} ${how[edge.kind]}${via}${failed(edge.errors)}${first}${latency(edge, edge.runs)}${spent && ` · ${spent}`}`;
}

/** How many lines of a block each sort may have: edges, tools, models. */
type Measure = readonly [edges: number, tools: number, models: number];

/** One block an agent, in their order; `folded`: something is counted instead of shown. */
export function agentBlocks(graph: AgentGraph, [mostEdges, mostTools, mostModels]: Measure) {
  const leaving = new Map<string | null, GraphEdge[]>();
  const started = new Map<string | null, number>();
  for (const edge of graph.edges) {
    if (edge.kind === "start") started.set(edge.to, (started.get(edge.to) ?? 0) + edge.runs);
    else {
      const own = leaving.get(edge.from);
      if (own) own.push(edge);
      else leaving.set(edge.from, [edge]);
    }
  }
  let folded = false;
  const some = <T>(items: readonly T[], most: number, line: (item: T) => string, noun: string): string[] => {
    const more = items.length - most;
    if (more > 0) folded = true;
    return [...items.slice(0, most).map(line), ...(more > 0 ? [`  … +${plural(more, `more ${noun}`)}`] : [])];
  };
  const block = (of: GraphAgent): string =>
    [
      agentLine(of, started.get(of.agent) ?? 0),
      ...some(leaving.get(of.agent) ?? [], mostEdges, edgeLine, "edge"),
      ...some(
        of.tools,
        mostTools,
        (used) =>
          `  tool ${used.tool === null ? "(unknown)" : nameText(used.tool, 60)} ${times(used.calls)}${failed(used.errors)}${latency(used, used.calls)}`,
        "tool",
      ),
      ...some(
        of.models,
        mostModels,
        (used) =>
          `  ${used.kind === "embedding" ? "embedding" : "model"} ${used.model === null ? "(unknown)" : nameText(used.model, 60)} ${times(used.calls)}${failed(used.errors)}${latency(used, used.calls)}` +
          (of.models.length > 1 ? ` · ${dotted([tokenFigures(used), costFigures(used)])}` : ""),
        "model",
      ),
    ].join("\n");
  // whom a filter lets through hands on what others hand to it
  const others = [...leaving].filter(([from]) => !graph.agents.some(({ agent }) => agent === from));
  const blocks = graph.agents.map(block);
  const outside = others.flatMap(([from, edges]) => [
    `${agentName(from)}`,
    ...some(edges, mostEdges, edgeLine, "edge"),
  ]);
  if (outside.length > 0) blocks.push(outside.join("\n"));
  return { blocks, folded };
}

function agentLine(of: GraphAgent, started: number): string {
  const { usage } = of;
  const runs =
    of.agent === null
      ? "no agent"
      : of.runs === 0
        ? "no span of its own"
        : `${plural(of.runs, "run")}${started > 0 ? ` (${started < of.runs ? `${count(started)} ` : started > 1 ? "all " : ""}at the start)` : ""}`;
  return dotted([
    `${agentName(of.agent)}: ${runs}${failed(of.failed_runs)}${latency(of, of.runs)}`,
    usage.calls > 0 && `own: ${plural(usage.calls, "call")}${failed(usage.errors)}`,
    tokenFigures(usage),
    costFigures(usage),
  ]);
}

/** Of transfers that did not happen; the commonest. */
const mostUnmet = 5;

export function unmetLines({ unmet }: AgentGraph): string[] {
  const lines = unmet
    .slice(0, mostUnmet)
    .map(
      ({ from, asked_for, went_to, count: n, examples }) =>
        `${agentName(from)} asked to hand over to ${nameText(asked_for, 60)} ${times(n)}, ${went_to === null ? "and no agent followed" : `but ${agentName(went_to)} ran`}: span ${examples.map(idText).join(", ")}`,
    );
  const more = unmet.length - lines.length;
  return more > 0 ? [...lines, `… +${plural(more, "more hand-off")} that did not happen`] : lines;
}
