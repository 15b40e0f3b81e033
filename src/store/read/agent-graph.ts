/** Agents with what they used, summed; and how control came to them, from the spans of the newest traces. */
import { runFigures, sumEdges, sumUnmet } from "../../model/agent-edges.js";
import type { AgentGraph, GraphAgent, GraphEdge } from "../../model/agent-graph.js";
import { findPassings, type GraphSpan } from "../../model/agent-passings.js";
import { count, plural } from "../../model/format.js";
import { type SpanKind, spanKinds } from "../../model/kind.js";
import type { Coverage } from "../../model/summary.js";
import type { Row } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";
import { askedInWords } from "./asked-in-words.js";
import { asOfSeq, countLimit } from "./cursor.js";
import { countUpTo } from "./filter.js";
import { findTrace } from "./find-ids.js";
import { matchTraces } from "./matching-traces.js";
import { figuresOf } from "./usage.js";
import { usageRows, usageRowsOf } from "./usage-rows.js";

/** Traces and spans looked at for edges, the newest first. */
const mostTraces = 500;
const mostSpans = 20_000;

const kinds: SpanKind[] = ["llm", "embedding", "tool", "agent"];

type Query = TraceFilter & { trace_id?: string };
type Chosen = { traces: Row[]; matched: number };

/** Errors: those of `findTrace`. */
export function getAgentGraph(source: SpanSource, query: Query): AgentGraph {
  const notes: string[] = [];
  const chosen = choose(source, query, notes);
  const read = withinSpans(chosen.traces);
  const spans = readSpans(source, read);
  const isWhole = read.length === chosen.matched && !read.some(({ span_count }) => span_count > mostSpans);
  const traces = read
    .map((row) => ({
      session: row.session as number | null,
      start_us: Number(row.start_us),
      spans: spans.get(row.id) ?? [],
    }))
    .sort((a, b) => a.start_us - b.start_us);
  const found = findPassings(traces, askedInWords(source));
  const touches = ({ from, to }: { from: string | null; to: string | null }) =>
    query.agent === undefined || from === query.agent || to === query.agent;
  const { edges, assumed } = sumEdges(found.passings);
  const unmet = sumUnmet(found.unmet).filter(
    ({ from, went_to }) => query.agent === undefined || from === query.agent || went_to === query.agent,
  );

  // a trace's id and status choose traces; everything else is in the sums of all calls
  const byTraces = query.trace_id !== undefined || query.status !== undefined || query.text !== undefined;
  const question = { ...query, group_by: ["agent" as const, "model" as const, "tool" as const] };
  const rows = byTraces
    ? usageRowsOf(
        source,
        question,
        kinds,
        read.map(({ id }) => Number(id)),
      )
    : usageRows(source, question, kinds, notes);
  const runs = new Map<string, GraphSpan[]>();
  // agents of which a filter lets no call through are no part of the answer
  const isNarrowed = query.service !== undefined || query.model !== undefined;
  const summed = isNarrowed ? new Set(rows.map(({ agent }) => source.strings.text(agent))) : null;
  for (const { run } of found.passings) {
    if (run.agent === null || (query.agent !== undefined && run.agent !== query.agent)) continue;
    if (summed && !summed.has(run.agent)) continue;
    const own = runs.get(run.agent);
    if (own) own.push(run);
    else runs.set(run.agent, [run]);
  }
  // sums of agent spans tell nothing of models
  const runsRead = isWhole || byTraces || query.model !== undefined;
  const agents = passersFirst(agentsOf(source, rows, runs, runsRead), edges);
  if (!isWhole)
    notes.push(partOf(read.length, chosen, byTraces ? "all figures" : runsRead ? "runs and edges" : "edges"));
  if (read.some(({ span_count }) => span_count > mostSpans))
    notes.push(`Of a trace with more spans than that, the first ${count(mostSpans)} were read for edges.`);
  if (assumed > 0)
    notes.push(
      `Hand-off or call: told for ${count(found.passings.length - assumed)} runs; ${plural(assumed, "other")} are taken to be like most of those in the same place.`,
    );
  if (found.orphans > 0)
    notes.push(`${plural(found.orphans, "run")} under a span whose parent was not recorded: who called is unknown.`);
  if (found.unnamed > 0) notes.push(`${plural(found.unnamed, "agent span")} without a name: counted as no run.`);
  return {
    agents,
    edges: edges.filter(touches),
    unmet,
    total: figuresOf(rows.filter(isModelCall), true),
    traces: { read: read.length, ...upTo(chosen.matched) },
    coverage: {
      ...upTo(agents.length),
      returned: agents.length,
      next_cursor: null,
      as_of_seq: asOfSeq(source.engine),
      notes,
    },
  };
}

function partOf(read: number, { matched }: Chosen, what: string): string {
  const all = matched > countLimit ? `${count(countLimit)}+` : count(matched);
  return `Read: the newest ${count(read)} of ${all} traces; from them: ${what}${what === "all figures" ? "" : "; everything else from all calls"}.`;
}

const upTo = (matched: number): Pick<Coverage, "matched" | "matched_is_minimum"> => ({
  matched: Math.min(matched, countLimit),
  matched_is_minimum: matched > countLimit,
});

function choose(source: SpanSource, query: Query, notes: string[]): Chosen {
  const { trace_id, ...filter } = query;
  if (trace_id !== undefined) return { traces: [findTrace(source.engine, trace_id)], matched: 1 };
  const matching = matchTraces(source, filter, notes);
  if (matching === null) return { traces: [], matched: 0 };
  const { from, count: counted, params, time } = matching;
  const traces = source.engine.all(
    `SELECT t.id, t.session, t.start_us, t.span_count FROM ${from} ORDER BY ${time} DESC, t.id DESC LIMIT ?`,
    [...params, mostTraces],
  );
  const isAll = traces.length < mostTraces;
  return { traces, matched: isAll ? traces.length : countUpTo(source.engine, counted, params, countLimit) };
}

/** As many traces as fit; the newest one always, though not all of its spans. */
function withinSpans(traces: Row[]): Row[] {
  let spans = 0;
  const end = traces.findIndex(({ span_count }, index) => {
    spans += span_count;
    return index > 0 && spans > mostSpans;
  });
  return end < 0 ? traces : traces.slice(0, end);
}

/** In start order, by trace. */
function readSpans({ engine, strings }: SpanSource, traces: Row[]): Map<number, GraphSpan[]> {
  const found = new Map<number, GraphSpan[]>();
  if (traces.length === 0) return found;
  const rows = engine.all(
    `SELECT trace, id, hex(span_id) AS span_id, hex(parent_id) AS parent_id, name, kind, state, status, start_us, duration_us,
       own_agent, tool, counted, call, input_tokens, output_tokens, cost_usd
     FROM span WHERE trace IN (${traces.map(({ id }) => id).join(",")}) ORDER BY trace, start_us, id LIMIT ?`,
    [mostSpans],
  );
  for (const row of rows) {
    const span: GraphSpan = {
      id: row.id,
      span_id: row.span_id.toLowerCase(),
      parent_span_id: row.parent_id ? row.parent_id.toLowerCase() : null,
      name: strings.text(row.name) ?? "",
      kind: spanKinds[row.kind] ?? "other",
      is_error: row.state === 0 && row.status === 2,
      start_us: row.start_us,
      duration_us: row.duration_us,
      agent: strings.text(row.own_agent),
      tool: strings.text(row.tool),
      has_usage: row.state === 0 && row.counted === 1 && row.call !== spanKinds.indexOf("tool"),
      input_tokens: row.input_tokens,
      output_tokens: row.output_tokens,
      cost_usd: row.cost_usd,
    };
    const own = found.get(row.trace);
    if (own) own.push(span);
    else found.set(row.trace, [span]);
  }
  return found;
}

const kindOf = (row: Row): SpanKind => spanKinds[row.kind] ?? "other";
const isModelCall = (row: Row) => kindOf(row) === "llm" || kindOf(row) === "embedding";

/** `runsRead`: the runs read are all that there are; else the sums of agent spans tell how many. */
function agentsOf(
  { strings }: SpanSource,
  rows: readonly Row[],
  runs: ReadonlyMap<string, GraphSpan[]>,
  runsRead: boolean,
): GraphAgent[] {
  const byAgent = new Map<string | null, Row[]>([...runs.keys()].map((name) => [name, []]));
  for (const row of rows) {
    const name = strings.text(row.agent);
    if (name === null && kindOf(row) === "agent") continue;
    const own = byAgent.get(name);
    if (own) own.push(row);
    else byAgent.set(name, [row]);
  }
  const agents = [...byAgent].map(([agent, own]): GraphAgent => {
    const read = runFigures(runs.get(agent ?? "") ?? []);
    const summed = figuresOf(
      own.filter((row) => kindOf(row) === "agent"),
      false,
    );
    const ran = runsRead ? read : { ...summed, runs: summed.calls };
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
