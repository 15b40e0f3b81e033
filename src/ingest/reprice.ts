/** Prices every call anew with the price table at hand, and corrects all totals. */

import { loadPrices } from "../semantics/prices.js";
import { loadCells } from "../store/cells.js";
import type { EngineName } from "../store/engines/engine.js";
import { setMeta } from "../store/meta.js";
import { openForWriting } from "../store/open-store.js";
import { rederive, settle } from "../store/settle.js";
import { openSpanWriter } from "../store/writer.js";
import { pricedKinds } from "./prepare.js";

const tracesPerStep = 100;

export type Repriced = { traces: number; spans: number; changed: number; price_version: string };

/** `progress` is told how many of how many traces are done. Sums of pruned traces keep their old prices. */
export async function reprice(
  path: string,
  options: { engine?: EngineName; progress?: (done: number, all: number) => void } = {},
): Promise<Repriced> {
  const prices = await loadPrices();
  const engine = await openForWriting(path, options.engine ? { engine: options.engine } : {});
  try {
    const writer = openSpanWriter(engine);
    const result: Repriced = { traces: 0, spans: 0, changed: 0, price_version: prices.version };
    const all = Number(engine.get("SELECT count(*) AS n FROM trace")?.n);
    let after = 0;
    for (;;) {
      const done = writer.transact(() => {
        const traces = engine.all("SELECT * FROM trace WHERE id > ? ORDER BY id LIMIT ?", [after, tracesPerStep]);
        for (const trace of traces) {
          after = trace.id;
          result.traces++;
          const cells = loadCells(engine, writer.strings, trace.id);
          const costs = new Map<number, number | null>();
          for (const cell of cells) {
            result.spans++;
            if (!pricedKinds.has(cell.kind)) continue;
            const cost = prices.priceCall(cell, cell.start_us / 1000);
            if (cost !== cell.cost_usd) costs.set(cell.id, cost);
          }
          if (costs.size === 0) continue;
          if (trace.settled) writer.usage.apply(cells, -1);
          for (const cell of cells) {
            if (!costs.has(cell.id)) continue;
            cell.cost_usd = costs.get(cell.id) ?? null;
            engine.run("UPDATE span SET cost_usd = ? WHERE id = ?", [cell.cost_usd, cell.id]);
            result.changed++;
          }
          rederive(writer, trace, cells);
          if (trace.settled)
            settle(
              writer,
              { ...trace, ...engine.get("SELECT * FROM trace WHERE id = ?", [trace.id]) },
              Date.now() * 1000,
            );
        }
        return traces.length < tracesPerStep;
      });
      options.progress?.(result.traces, all);
      if (done) break;
    }
    writer.transact(() => setMeta(engine, "price_version", prices.version));
    engine.sync();
    return result;
  } finally {
    engine.close();
  }
}
