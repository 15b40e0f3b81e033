/** Gives calls other costs, and corrects every total that they are part of. */
import { type Cell, loadCells } from "./cells.js";
import type { Row } from "./engines/engine.js";
import { setMeta } from "./meta.js";
import { rederive, settle } from "./settle.js";
import type { SpanWriter } from "./writer.js";

const tracesPerStep = 100;

export type ChangedCosts = { traces: number; spans: number; changed: number };

/**
 * `costOf` says a span's cost in USD; null = unpriced. `progress` is told how many of how many traces are done.
 * Sums of pruned traces stay as they are.
 */
export function changeCosts(
  writer: SpanWriter,
  costOf: (cell: Cell) => number | null,
  priceVersion: string,
  progress: (done: number, all: number) => void,
): ChangedCosts {
  const { engine } = writer;
  const result: ChangedCosts = { traces: 0, spans: 0, changed: 0 };
  const all = Number(engine.get("SELECT count(*) AS n FROM trace")?.n);
  let after = 0;
  for (let more = true; more; ) {
    more = writer.transact(() => {
      const traces = engine.all("SELECT * FROM trace WHERE id > ? ORDER BY id LIMIT ?", [after, tracesPerStep]);
      for (const trace of traces) {
        after = trace.id;
        result.traces++;
        const cells = loadCells(engine, writer.strings, trace.id);
        result.spans += cells.length;
        result.changed += changeTrace(writer, trace, cells, costOf);
      }
      return traces.length === tracesPerStep;
    });
    progress(result.traces, all);
  }
  writer.transact(() => setMeta(engine, "price_version", priceVersion));
  engine.sync();
  return result;
}

/** Returns how many spans cost something else now. */
function changeTrace(writer: SpanWriter, trace: Row, cells: Cell[], costOf: (cell: Cell) => number | null): number {
  const { engine } = writer;
  const changed = cells
    .map((cell) => ({ cell, cost: costOf(cell) }))
    .filter(({ cell, cost }) => cost !== cell.cost_usd);
  if (changed.length === 0) return 0;
  if (trace.settled) writer.usage.apply(cells, -1);
  for (const { cell, cost } of changed) {
    cell.cost_usd = cost;
    engine.run("UPDATE span SET cost_usd = ? WHERE id = ?", [cost, cell.id]);
  }
  rederive(writer, trace, cells);
  if (trace.settled)
    settle(writer, engine.get("SELECT * FROM trace WHERE id = ?", [trace.id]) as Row, Date.now() * 1000);
  return changed.length;
}
