/** What a very large trace gets between two derivations: deriving it with every batch would take quadratic time. */
import { type Cell, hasUsage, isError } from "./cells.js";
import type { Engine, Row } from "./engines/engine.js";
import type { Strings } from "./strings.js";
import { addKnown, isUnpriced, type TraceTotals, traceTotals } from "./trace-totals.js";

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

function mergeFacets(strings: Strings, old: Row, found: TraceTotals["facets"]): TraceTotals["facets"] {
  const names = ["", "service", "session", "agent", "model", "user", "tool", "provider"] as const;
  const all: typeof found = [];
  for (const entry of old.facets === "" ? [] : (old.facets as string).split(",")) {
    const [facet, value] = entry.split(":").map(Number) as [number, number];
    all.push([names[facet] as (typeof found)[number][0], strings.text(value) ?? ""]);
  }
  for (const [facet, value] of found) if (!all.some(([f, v]) => f === facet && v === value)) all.push([facet, value]);
  return all;
}
