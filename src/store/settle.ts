/** A trace that has come to rest: what never ended is abandoned, totals are final, its calls enter the usage sums. */
import { type Cell, deriveCells, derivedAssignments, derivedValues } from "./cells.js";
import type { Row } from "./engines/engine.js";
import { traceTotals } from "./trace-totals.js";
import { largestDerived, type SpanWriter } from "./writer.js";

/** µs. A running span of a trace that nothing wrote to for so long belongs to a program that is gone. */
export const abandonedUs = 3_600_000_000;

/** Call inside of a transaction. */
export function settle(writer: SpanWriter, trace: Row, nowUs: number): void {
  const { engine } = writer;
  const cells = writer.cells.load(trace.id);
  const abandoned = trace.changed_us < nowUs - abandonedUs ? cells.filter((cell) => cell.state === 1) : [];
  for (const cell of abandoned) {
    cell.state = 2;
    engine.run("UPDATE span SET state = 2, seq = ? WHERE id = ?", [writer.nextSeq(), cell.id]);
  }
  if (abandoned.length > 0 || trace.derived_count < trace.span_count) rederive(writer, trace, cells);
  writer.usage.apply(cells, 1);
  writer.cells.drop(trace.id);
  engine.run("UPDATE trace SET settled = 1 WHERE id = ?", [trace.id]);
}

/** Derives a trace anew and writes what changed. Call inside of a transaction. */
export function rederive(writer: SpanWriter, trace: Row, cells: Cell[]): void {
  const { engine, strings } = writer;
  if (cells.length === 0) return;
  if (cells.length <= largestDerived) {
    for (const cell of deriveCells(cells)) {
      engine.run(`UPDATE span SET ${derivedAssignments} WHERE id = ?`, [...derivedValues(cell, strings), cell.id]);
    }
  }
  writer.traceRows.update(trace, traceTotals(cells), cells.length, 0);
}
