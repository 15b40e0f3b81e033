/** Remembers the cells of traces that were just written, so that a trace which grows or settles is not read back each time. */
import { type Cell, loadCells } from "./cells.js";
import type { Engine } from "./engines/engine.js";
import type { Strings } from "./strings.js";

/** Cells kept in all; about 20 MB. */
const most = 50_000;

export type CellCache = {
  /** At the start of a transaction: forgets everything when another connection has written. */
  begin(): void;
  load(trace: number): Cell[];
  keep(trace: number, cells: Cell[]): void;
  drop(trace: number): void;
  forget(): void;
};

export function openCellCache(engine: Engine, strings: Strings): CellCache {
  let traces = new Map<number, Cell[]>();
  let held = 0;
  let version = -1;

  function drop(trace: number): void {
    held -= traces.get(trace)?.length ?? 0;
    traces.delete(trace);
  }
  function forget(): void {
    traces = new Map();
    held = 0;
  }
  return {
    begin() {
      const now = engine.dataVersion();
      if (now !== version) forget();
      version = now;
    },
    load: (trace) => traces.get(trace) ?? loadCells(engine, strings, trace),
    keep(trace, cells) {
      drop(trace);
      traces.set(trace, cells);
      held += cells.length;
      for (const oldest of traces.keys()) {
        if (held <= most) break;
        drop(oldest);
      }
    },
    drop,
    forget,
  };
}
