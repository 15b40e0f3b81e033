/** Agents with what they used, summed; and how control came to them, from the spans of the newest traces. */
import { runFigures, sumEdges, sumUnmet } from "../../model/agent-edges.js";
import type { AgentGraph, GraphAgent, GraphEdge } from "../../model/agent-graph.js";
import { findPassings, type Passings } from "../../model/agent-passings.js";
import { count, plural } from "../../model/format.js";
import type { GraphSpan } from "../../model/hand-off-wishes.js";
import { type SpanKind, spanKinds } from "../../model/kind.js";
import type { Row } from "../engines/engine.js";
import { getNumber } from "../meta.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";
import { askedInWords } from "./asked-in-words.js";
import { asOfSeq, countLimit } from "./cursor.js";
import { chooseTraces, mostGraphSpans, readGraphSpans } from "./graph-spans.js";
import { figuresOf } from "./usage.js";
import { usageRows, usageRowsOf } from "./usage-rows.js";

const kinds: SpanKind[] = ["llm", "embedding", "tool"];

type Query = TraceFilter & { trace_id?: string };

/** Errors: those of `findTrace`. */
export function getAgentGraph(source: SpanSource, query: Query): AgentGraph {
  const notes: string[] = [];
  const { traces: read, matched } = chooseTraces(source, query, notes);
  const found = findPassings(
    readGraphSpans(source, read),
    askedInWords(source, query.trace_id !== undefined || query.session_id !== undefined),
  );
  const { edges, assumed } = sumEdges(found.passings);

  // a trace's id and status choose traces; everything else is in the sums of all calls
  const byTraces = query.trace_id !== undefined || query.status !== undefined || query.text !== undefined;
  const question = { ...query, group_by: ["agent" as const, "model" as const, "tool" as const] };
  const ids = read.map(({ id }) => Number(id));
  // nothing but these spans is in the sums
  const isWhole =
    read.length === matched &&
    query.since === undefined &&
    query.until === undefined &&
    getNumber(source.engine, "pruned_traces") === 0;
  const rows =
    byTraces || isWhole ? usageRowsOf(source, question, kinds, ids) : usageRows(source, question, kinds, notes);
  if (rows.some(({ latency }) => latency)) notes.push("p50 and p95 of tools and models come from sums: within 2 %.");
  const agents = agentsOf(source, rows, runsOf(source, found, rows, query));

  const all = matched > countLimit ? `${count(countLimit)}+` : count(matched);
  if (read.length < matched)
    notes.push(
      `${byTraces ? "All figures are" : "Runs and edges are"} of the newest ${count(read.length)} of ${all} traces${byTraces ? "" : "; calls, tokens and cost are of all"}.`,
    );
  if (read.some(({ span_count }) => span_count > mostGraphSpans))
    notes.push(`Of a trace with more spans, the first ${count(mostGraphSpans)} were read for runs and edges.`);
  notes.push(...notesOf(found, assumed));
  const concerns = (...names: (string | null)[]) => query.agent === undefined || names.includes(query.agent);
  return {
    agents: passersFirst(agents, edges),
    edges: edges.filter(({ from, to }) => concerns(from, to)),
    unmet: sumUnmet(found.unmet).filter(({ from, went_to }) => concerns(from, went_to)),
    total: figuresOf(rows.filter(isModelCall).map(asInTotal), true),
    traces: { read: read.length, matched: Math.min(matched, countLimit), matched_is_minimum: matched > countLimit },
    coverage: {
      matched: agents.length,
      matched_is_minimum: false,
      returned: agents.length,
      next_cursor: null,
      as_of_seq: asOfSeq(source.engine),
      notes,
    },
  };
}

function notesOf({ passings, orphans, unnamed }: Passings, assumed: number): string[] {
  const notes: string[] = [];
  if (assumed > 0)
    notes.push(
      `Hand-off or call: told for ${count(passings.length - assumed)} runs; ${plural(assumed, "other")} are taken to be like most of those in the same place.`,
    );
  if (orphans > 0)
    notes.push(`${plural(orphans, "run")} under a span whose parent was not recorded: who called is unknown.`);
  if (unnamed > 0) notes.push(`${plural(unnamed, "agent span")} without a name: counted as no run.`);
  return notes;
}

/** Runs by agent, as far as the filter lets them through. */
function runsOf({ strings }: SpanSource, { passings }: Passings, rows: readonly Row[], query: Query) {
  const runs = new Map<string, GraphSpan[]>();
  // runs have no model: those of agents that called it
  const callers = query.model === undefined ? null : new Set(rows.map(({ agent }) => strings.text(agent)));
  for (const { run } of passings) {
    const { agent, service } = run;
    if (agent === null || (query.agent ?? agent) !== agent || (query.service ?? service) !== service) continue;
    if (callers && !callers.has(agent)) continue;
    const own = runs.get(agent);
    if (own) own.push(run);
    else runs.set(agent, [run]);
  }
  return runs;
}

const kindOf = (row: Row): SpanKind => spanKinds[row.kind] ?? "other";
/** Embeddings add tokens and cost to totals, and are no calls there: as in get_usage. */
const asInTotal = (row: Row): Row =>
  kindOf(row) === "embedding" ? { ...row, calls: 0, errors: 0, latency: null, durations: null } : row;
const isModelCall = (row: Row) => kindOf(row) === "llm" || kindOf(row) === "embedding";

function agentsOf({ strings }: SpanSource, rows: readonly Row[], runs: ReadonlyMap<string, GraphSpan[]>): GraphAgent[] {
  const byAgent = new Map<string | null, Row[]>([...runs.keys()].map((name) => [name, []]));
  for (const row of rows) {
    const name = strings.text(row.agent);
    const own = byAgent.get(name);
    if (own) own.push(row);
    else byAgent.set(name, [row]);
  }
  const agents = [...byAgent].map(([agent, own]): GraphAgent => {
    const ran = runFigures(runs.get(agent ?? "") ?? []);
    return {
      agent,
      runs: ran.runs,
      failed_runs: ran.errors,
      p50_ms: ran.p50_ms,
      p95_ms: ran.p95_ms,
      usage: figuresOf(own.filter(isModelCall), true),
      models: [...grouped(own.filter(isModelCall), (row) => `${row.model} ${row.kind}`)]
        .map((same) => ({
          model: strings.text(same[0]?.model),
          kind: kindOf(same[0] as Row) as "llm" | "embedding",
          ...figuresOf(same, true),
        }))
        .sort(costliest),
      tools: [
        ...grouped(
          own.filter((row) => kindOf(row) === "tool"),
          (row) => String(row.tool),
        ),
      ]
        .map((same) => {
          const { calls, errors, p50_ms, p95_ms } = figuresOf(same, false);
          return { tool: strings.text(same[0]?.tool), calls, errors, p50_ms, p95_ms };
        })
        .sort((a, b) => b.calls - a.calls || b.errors - a.errors),
    };
  });
  return agents.sort((a, b) => costliest(a.usage, b.usage) || b.runs - a.runs);
}

/** Who passes control on tells most of a graph: they lead, where control comes in first of all. Within, the order stays. */
function passersFirst(agents: GraphAgent[], edges: readonly GraphEdge[]): GraphAgent[] {
  const passing = new Set(edges.flatMap(({ from, kind }) => (kind === "start" ? [] : [from])));
  const started = new Set(edges.flatMap(({ to, kind }) => (kind === "start" ? [to] : [])));
  const rank = ({ agent }: GraphAgent) => (passing.has(agent) ? (started.has(agent) ? 0 : 1) : 2);
  return agents.sort((a, b) => rank(a) - rank(b));
}

type Spent = { cost_usd: number | null; input_tokens: number | null; output_tokens: number | null; calls: number };
const tokensOf = (of: Spent) => (of.input_tokens ?? 0) + (of.output_tokens ?? 0);
const costliest = (a: Spent, b: Spent) =>
  (b.cost_usd ?? 0) - (a.cost_usd ?? 0) || tokensOf(b) - tokensOf(a) || b.calls - a.calls;

function grouped(rows: readonly Row[], keyOf: (row: Row) => string): Iterable<Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups.values();
}
