/** `agensight prune`: removes old traces now. */
import { statSync } from "node:fs";
import { AgensightError } from "../../model/error.js";
import { defineCommand, retentionOptions, storeOptions } from "../command.js";
import { openForChange } from "../open-for-change.js";
import { startProgress } from "../progress.js";
import { counted, formatSize } from "../quantity.js";
import { readSettings } from "../settings.js";
import { print } from "../terminal.js";

export const prune = defineCommand({
  name: "prune",
  summary: "remove old traces now",
  description: `
Removes traces that are older than --keep or, oldest first, what is more than --max-size, and shrinks the file.
Without both it enforces what recording programs asked for (setupTracing's retention). Usage totals stay.`,
  options: {
    ...storeOptions,
    ...retentionOptions,
    service: { type: "string", value: "NAME", help: "only traces of this service" },
  },
  examples: [
    ["agensight prune --keep 30d", "removes what is older than 30 days"],
    ["agensight prune --max-size 1GB --service my-app", "keeps at most 1 GB of one service"],
  ],
  async run(values) {
    const settings = await readSettings(values);
    const { max_age_s, max_bytes } = settings.retention;
    const own = max_age_s === undefined && max_bytes === undefined;
    if (own && values.service) throw new AgensightError("bad_argument", "--service needs --keep or --max-size");

    const store = await import("../../store/retention.js");
    const { getNumber } = await import("../../store/meta.js");
    const { engine, writer } = await openForChange(settings);
    const progress = startProgress();
    try {
      const before = { traces: getNumber(engine, "pruned_traces"), bytes: sizeOf(settings.db) };
      const step = () =>
        own
          ? store.enforceRetention(writer)
          : store.prune(writer, {
              service: values.service ?? null,
              ...(max_age_s === undefined ? {} : { before_us: (Date.now() - max_age_s * 1000) * 1000 }),
              ...(max_bytes === undefined ? {} : { max_bytes }),
            });
      const pruned = () => getNumber(engine, "pruned_traces") - before.traces;
      while (step()) progress.text(`removing … ${counted(pruned(), "trace")}`);
      store.shrink(engine);
      engine.sync();
      const removed = pruned();
      engine.close();
      progress.end();
      print(
        `removed ${counted(removed, "trace")} from ${settings.db}; ${formatSize(before.bytes)} before, ${formatSize(sizeOf(settings.db))} now`,
      );
    } finally {
      progress.end();
      engine.close();
    }
    return 0;
  },
});

/** Bytes of the file with its write-ahead log. */
function sizeOf(db: string): number {
  return [db, `${db}-wal`].reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}
