/** What a trace's row says, computed from its spans. */
import { addKnown } from "../model/known-sums.js";
import { runPath } from "../model/run-path.js";
import { type Cell, hasUsage, isError, modelOf } from "./cells.js";
import { shortHash } from "./short-hash.js";

/** Codes of `trace.status`, in order. */
export const traceStatuses = ["ok", "error", "running", "incomplete"] as const;

/** Codes of `trace_facet.facet`. */
export const facets = {
  service: 1,
  session: 2,
  agent: 3,
  model: 4,
  user: 5,
  tool: 6,
  provider: 7,
  version: 8,
  prompt: 9,
  path: 10,
  error: 11,
} as const;
export type Facet = keyof typeof facets;
/** The codes whose values are hashes, not ids of texts. */
export const hashFacets: readonly number[] = [facets.prompt, facets.path, facets.error];
/** Of one trace; a program that fails with ever new words must not fill the table. */
export const mostHashes = 100;

export type TraceTotals = {
  name: string;
  service: string | null;
  session: string | null;
  start_us: number;
  duration_us: number | null;
  /** index into traceStatuses */
  status: number;
  span_count: number;
  error_count: number;
  llm_calls: number;
  input_tokens: number | null;
  cached_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | null;
  unpriced_calls: number;
  /** distinct values by facet, in order of first start; a number is a hash */
  facets: [Facet, string | number][];
};

/** A root has no parent; where none arrived, the earliest span names the trace and its status is `incomplete`. */
export function traceTotals(cells: Cell[]): TraceTotals {
  const ordered = [...cells].sort((a, b) => a.start_us - b.start_us || a.id - b.id);
  const roots = ordered.filter((cell) => cell.parent_span_id === null);
  const first = (roots[0] ?? ordered[0]) as Cell;
  let end: number | null = null;
  let start = first.start_us;
  const totals: TraceTotals = {
    name: first.name,
    service: first.service,
    session:
      roots.find((cell) => cell.session !== null)?.session ??
      ordered.find((cell) => cell.session !== null)?.session ??
      null,
    start_us: 0,
    duration_us: null,
    status: roots.some((cell) => cell.state === 1)
      ? 2
      : roots.some(isError)
        ? 1
        : roots.length === 0 || roots.some((cell) => cell.state === 2)
          ? 3
          : 0,
    span_count: cells.length,
    error_count: 0,
    llm_calls: 0,
    input_tokens: null,
    cached_tokens: null,
    output_tokens: null,
    cost_usd: null,
    unpriced_calls: 0,
    facets: [],
  };
  const seen = new Set<string>();
  const see = (facet: Facet, value: string | number | null) => {
    if (value === null) return;
    const key = `${facet}\n${value}`;
    if (seen.has(key)) return;
    seen.add(key);
    totals.facets.push([facet, value]);
  };
  const hashes = new Set<number>();
  const seeHash = (facet: Facet, value: number | null) => {
    if (value === null || hashes.size >= mostHashes) return;
    hashes.add(value);
    see(facet, value);
  };
  const path = runPath(cells);
  if (path.length > 0) seeHash("path", shortHash(path.join("\n")));
  for (const cell of ordered) {
    if (cell.start_us < start) start = cell.start_us;
    if (cell.duration_us !== null) {
      const ended = cell.start_us + cell.duration_us;
      if (end === null || ended > end) end = ended;
    }
    if (isError(cell)) totals.error_count++;
    see("service", cell.service);
    see("version", cell.version);
    see("session", cell.session);
    see("agent", cell.agent);
    see("user", cell.user);
    if (cell.kind === "llm") seeHash("prompt", cell.prompt);
    if (cell.failure !== "passed_on") seeHash("error", cell.error_key);
    if (cell.kind === "tool") see("tool", cell.tool ?? cell.name);
    if (!hasUsage(cell)) continue;
    see("model", modelOf(cell));
    see("provider", cell.provider);
    if (cell.call === "llm") totals.llm_calls++;
    totals.input_tokens = addKnown(totals.input_tokens, cell.input_tokens);
    totals.cached_tokens = addKnown(totals.cached_tokens, cell.cached_tokens);
    totals.output_tokens = addKnown(totals.output_tokens, cell.output_tokens);
    totals.cost_usd = addKnown(totals.cost_usd, cell.cost_usd);
    if (isUnpriced(cell)) totals.unpriced_calls++;
  }
  totals.start_us = start;
  totals.duration_us = end === null ? null : end - start;
  return totals;
}

/** A call that used tokens, or may have, and has no price; failed and running calls without usage cost nothing known. */
export function isUnpriced(cell: Cell): boolean {
  if (cell.cost_usd !== null || !hasUsage(cell) || cell.call === null) return false;
  return cell.input_tokens !== null || cell.output_tokens !== null || (cell.state === 0 && !isError(cell));
}
