/** Prices every call anew with the price table at hand, and corrects all totals. */
import { loadPrices } from "../semantics/prices.js";
import { type ChangedCosts, changeCosts } from "../store/change-costs.js";
import type { EngineName } from "../store/engines/engine.js";
import { openForWriting } from "../store/open-store.js";
import { openSpanWriter } from "../store/writer.js";
import { pricedKinds } from "./prepare.js";

export type Repriced = ChangedCosts & { price_version: string };

/** `progress` is told how many of how many traces are done. Sums of pruned traces keep their old prices. */
export async function reprice(
  path: string,
  options: { engine?: EngineName; progress?: (done: number, all: number) => void } = {},
): Promise<Repriced> {
  const prices = await loadPrices();
  const engine = await openForWriting(path, options.engine ? { engine: options.engine } : {});
  try {
    const changed = changeCosts(
      openSpanWriter(engine),
      (cell) => (pricedKinds.has(cell.kind) ? prices.priceCall(cell, cell.start_us / 1000) : cell.cost_usd),
      prices.version,
      options.progress ?? (() => {}),
    );
    return { ...changed, price_version: prices.version };
  } finally {
    engine.close();
  }
}
