/** `agensight reprice`: computes costs anew. */
import { defineCommand, storeOptions } from "../command.js";
import { requireStore } from "../open-for-change.js";
import { startProgress } from "../progress.js";
import { counted, formatCount } from "../quantity.js";
import { engineOption, readSettings } from "../settings.js";
import { print } from "../terminal.js";

export const reprice = defineCommand({
  name: "reprice",
  summary: "compute all costs anew with this version's prices",
  description: `
Costs are computed when a span is written. After an update of agensight, this prices every call anew, at the span's
own time, and corrects all totals.`,
  options: storeOptions,
  examples: [["agensight reprice --db ./my-traces.db", "after an update that knows more models"]],
  async run(values) {
    const settings = await readSettings(values);
    requireStore(settings);
    const { reprice: priceAnew } = await import("../../ingest/reprice.js");
    const progress = startProgress();
    try {
      const { spans, changed, price_version } = await priceAnew(settings.db, {
        ...engineOption(settings),
        progress: (done, all) => progress.text(`${formatCount(done)} of ${counted(all, "trace")}`),
      });
      progress.end();
      print(
        `priced ${counted(changed, "call")} anew in ${counted(spans, "span")} of ${settings.db}, prices of ${price_version}`,
      );
    } finally {
      progress.end();
    }
    return 0;
  },
});
