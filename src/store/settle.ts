/** A trace that has come to rest: what never ended is abandoned, totals are final, its calls enter the usage sums. */
import { type Cell, deriveCells, derivedAssignments, derivedValues, isError } from "./cells.js";
import type { Row } from "./engines/engine.js";
import { setFailures } from "./large-trace.js";
import { traceTotals } from "./trace-totals.js";
import { largestDerived, type SpanWriter } from "./writer.js";

/** µs. A running span of a trace that nothing wrote to for so long belongs to a program that is gone. */
export const abandonedUs = 3_600_000_000;

/** Call inside of a transaction. */
export function settle(writer: SpanWriter, trace: Row, nowUs: number): void {
  const { engine } = writer;
  const cells = writer.cells.load(trace.id);
  const abandoned = trace.changed_us < nowUs - abandonedUs ? markAbandoned(writer, cells) : 0;
  if (abandoned > 0 || trace.derived_count < trace.span_count) rederive(writer, trace, cells);
  writer.usage.apply(cells, 1);
  writer.cells.drop(trace.id);
  engine.run("UPDATE trace SET settled = 1 WHERE id = ?", [trace.id]);
}

/** Derives a trace anew and writes what changed. Call inside of a transaction. */
export function rederive(writer: SpanWriter, trace: Row, cells: Cell[]): void {
  const { engine, strings } = writer;
  if (cells.length === 0) return;
  const changed =
    cells.length <= largestDerived
      ? deriveCells(cells)
      : setFailures(
          engine,
          cells.filter((cell) => isError(cell)),
          trace.id,
        );
  for (const cell of changed) {
    engine.run(`UPDATE span SET ${derivedAssignments} WHERE id = ?`, [...derivedValues(cell, strings), cell.id]);
  }
  writer.traceRows.update(trace, traceTotals(cells), cells.length, 0);
}

/** Running spans of `cells` whose program is gone. Returns how many there were. */
function markAbandoned(writer: SpanWriter, cells: Cell[]): number {
  const running = cells.filter((cell) => cell.state === 1);
  for (const cell of running) {
    cell.state = 2;
    writer.engine.run("UPDATE span SET state = 2, seq = ? WHERE id = ?", [writer.nextSeq(), cell.id]);
  }
  return running.length;
}

/** The spans of a program that is known to be gone; those that have ended, or are not there, stay as they are. */
export function abandon(writer: SpanWriter, spans: { trace_id: string; span_id: string }[]): void {
  const { engine } = writer;
  const byTrace = new Map<string, Set<string>>();
  for (const { trace_id, span_id } of spans) {
    const own = byTrace.get(trace_id) ?? new Set();
    byTrace.set(trace_id, own.add(span_id.toLowerCase()));
  }
  writer.transact(() => {
    for (const [traceId, ids] of byTrace) {
      const trace = engine.get("SELECT * FROM trace WHERE trace_id = ?", [Buffer.from(traceId, "hex")]);
      if (!trace) continue;
      const cells = writer.cells.load(trace.id);
      const own = cells.filter((cell) => ids.has(cell.span_id));
      if (trace.settled && own.some((cell) => cell.state === 1)) writer.usage.apply(cells, -1);
      if (markAbandoned(writer, own) > 0) rederive(writer, trace, cells);
      writer.cells.drop(trace.id);
    }
  });
}
