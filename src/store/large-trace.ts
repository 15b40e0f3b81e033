/** What a very large trace gets between two derivations: deriving it with every batch would take quadratic time. */
import { type FailureSpan, findFailures } from "../model/failures.js";
import { addKnown } from "../model/known-sums.js";
import { type Cell, hasUsage, isError } from "./cells.js";
import type { Engine, Row } from "./engines/engine.js";
import type { Strings } from "./strings.js";
import { readFacets } from "./trace-row.js";
import {
  type Facet,
  facets,
  hashFacets,
  isUnpriced,
  mostHashes,
  type TraceTotals,
  traceTotals,
} from "./trace-totals.js";

/** In a very large trace: agent and session of the parent, where it is known already. */
export function inheritFromParents(engine: Engine, strings: Strings, cells: Cell[], trace: number | undefined): void {
  const byId = new Map(cells.map((cell) => [cell.span_id, cell]));
  for (const cell of [...cells].sort((a, b) => a.start_us - b.start_us)) {
    if (cell.parent_span_id === null || (cell.agent !== null && cell.session !== null)) continue;
    const near = byId.get(cell.parent_span_id);
    const parent =
      near ??
      (trace === undefined
        ? undefined
        : engine.get("SELECT agent, session FROM span WHERE span_id = ? AND trace = ?", [
            Buffer.from(cell.parent_span_id, "hex"),
            trace,
          ]));
    if (!parent) continue;
    cell.agent ??= near ? near.agent : strings.text(parent.agent as number | null);
    cell.session ??= near ? near.session : strings.text(parent.session as number | null);
  }
}

/** What became of the failures among `cells`, by their ancestors there and in the store. Returns the cells that changed. */
export function setFailures(engine: Engine, cells: Cell[], trace: number | undefined): Cell[] {
  const failing = cells.filter(isError);
  if (failing.length === 0) return [];
  const near = new Map(cells.map((cell) => [cell.span_id, cell]));
  const found = new Map<string, FailureSpan>();
  for (const { span_id } of failing) {
    for (let at: string | null = span_id; at !== null && !found.has(at); ) {
      const span: FailureSpan | undefined = failureSpan(near.get(at)) ?? storedFailureSpan(engine, at, trace);
      if (!span) break;
      found.set(at, span);
      at = span.parent_span_id;
    }
  }
  const spans = [...found.values()];
  const changed: Cell[] = [];
  for (const [index, failure] of findFailures(spans).entries()) {
    const cell = near.get((spans[index] as FailureSpan).span_id);
    if (!cell || cell.failure === failure) continue;
    cell.failure = failure;
    changed.push(cell);
  }
  return changed;
}

function failureSpan(cell: Cell | undefined): FailureSpan | undefined {
  if (!cell) return undefined;
  const { span_id, parent_span_id, duration_us } = cell;
  return { span_id, parent_span_id, is_error: isError(cell), is_open: duration_us === null };
}

function storedFailureSpan(engine: Engine, spanId: string, trace: number | undefined): FailureSpan | undefined {
  if (trace === undefined) return undefined;
  const row = engine.get(
    "SELECT hex(parent_id) AS parent_id, status, duration_us FROM span WHERE span_id = ? AND trace = ?",
    [Buffer.from(spanId, "hex"), trace],
  );
  return (
    row && {
      span_id: spanId,
      parent_span_id: row.parent_id ? row.parent_id.toLowerCase() : null,
      is_error: isError(row as Pick<Cell, "status">),
      is_open: row.duration_us === null,
    }
  );
}

/** The totals of a very large trace between two derivations. */
export function incrementedTotals(strings: Strings, old: Row, cells: Cell[], replacedCount: number): TraceTotals {
  let { error_count, llm_calls, input_tokens, cached_tokens, output_tokens, cost_usd, unpriced_calls, start_us } = old;
  let end = old.duration_us === null ? 0 : old.start_us + old.duration_us;
  for (const cell of cells) {
    if (isError(cell)) error_count++;
    start_us = Math.min(start_us, cell.start_us);
    if (cell.duration_us !== null) end = Math.max(end, cell.start_us + cell.duration_us);
    if (!hasUsage(cell)) continue;
    if (cell.call === "llm") llm_calls++;
    input_tokens = addKnown(input_tokens, cell.input_tokens);
    cached_tokens = addKnown(cached_tokens, cell.cached_tokens);
    output_tokens = addKnown(output_tokens, cell.output_tokens);
    cost_usd = addKnown(cost_usd, cell.cost_usd);
    if (isUnpriced(cell)) unpriced_calls++;
  }
  const batch = traceTotals(cells);
  const root = cells.find((cell) => cell.parent_span_id === null);
  return {
    name: root?.name ?? (strings.text(old.name) as string),
    service: root?.service ?? strings.text(old.service),
    session: strings.text(old.session) ?? batch.session,
    start_us,
    duration_us: end === 0 ? null : end - start_us,
    status: root ? batch.status : old.status,
    span_count: old.span_count + cells.length - replacedCount,
    error_count,
    llm_calls,
    input_tokens,
    cached_tokens,
    output_tokens,
    cost_usd,
    unpriced_calls,
    facets: mergeFacets(strings, old, batch.facets),
  };
}

/** The path is that of the last derivation. */
function mergeFacets(strings: Strings, old: Row, found: TraceTotals["facets"]): TraceTotals["facets"] {
  const names = Object.keys(facets) as Facet[];
  const all: TraceTotals["facets"] = readFacets(old.facets).map(([code, value]) => [
    names.find((name) => facets[name] === code) as Facet,
    hashFacets.includes(code) ? value : (strings.text(value) ?? ""),
  ]);
  let hashes = all.filter(([, value]) => typeof value === "number").length;
  for (const [facet, value] of found) {
    if (facet === "path" || all.some(([f, v]) => f === facet && v === value)) continue;
    if (typeof value === "number" && ++hashes > mostHashes) continue;
    all.push([facet, value]);
  }
  return all;
}
