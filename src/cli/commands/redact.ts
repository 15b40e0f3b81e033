/** `agensight redact`: redacts what a store holds already. */
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { RedactedStore } from "../../ingest/redact-store.js";
import { defineCommand, redactionOption, storeOptions } from "../command.js";
import { requireStore } from "../open-for-change.js";
import { startProgress } from "../progress.js";
import { counted, formatCount } from "../quantity.js";
import { engineOption, readSettings } from "../settings.js";
import { print } from "../terminal.js";

const phases = {
  redacting: (done: number, all: number) => `${formatCount(done)} of ${counted(all, "span")}`,
  rebuilding: () => "building the file anew, without the old values …",
  indexing: () => "filling the search index …",
};

export const redact = defineCommand({
  name: "redact",
  summary: "redact what the store holds already",
  description: `
What is redacted as spans come in, secrets and what the configuration or --redact names, is redacted here in spans that
were recorded before it was. Ids, times, tokens, costs and sums stay. Afterwards the old values are nowhere in the file
nor in its write-ahead log. Programs may record and read meanwhile. Broken off at any point, the store is whole, with a
part redacted: run it again. It takes free disk space of about twice the store. Copies are not touched: exports,
backups, snapshots of the file system, what was sent elsewhere.`,
  options: {
    ...storeOptions,
    ...redactionOption,
    "dry-run": { type: "boolean", help: "only count what would be redacted" },
  },
  examples: [
    ["agensight redact --dry-run", "how many secrets there are"],
    ["agensight redact --redact email,credit_card --db ./my-traces.db", "and these, in another store"],
  ],
  async run(values) {
    const settings = await readSettings(values);
    requireStore(settings);
    const { countRedactions, redactStore } = await import("../../ingest/redact-store.js");
    const dry = values["dry-run"] === true;
    const progress = startProgress();
    try {
      const found = await (dry ? countRedactions : redactStore)(settings.db, settings.redaction, {
        ...engineOption(settings),
        home: settings.home,
        progress: (phase, done, all) => progress.text(phases[phase](done, all)),
      });
      progress.end();
      for (const line of summary(found, settings.db, dry)) print(line);
    } finally {
      progress.end();
    }
    return 0;
  },
});

function summary({ spans, redacted_spans, values }: RedactedStore, db: string, dry: boolean): string[] {
  const names = Object.entries(values).sort(([, a], [, b]) => b - a);
  const sum = names.reduce((total, [, count]) => total + count, 0);
  const width = Math.max(0, ...names.map(([name]) => name.length));
  const lines = [
    `${dry ? "would redact" : "redacted"} ${counted(sum, "value")} in ${formatCount(redacted_spans)} of ${counted(spans, "span")} of ${db}`,
    ...names.map(([name, count]) => `  ${name.padEnd(width)}  ${formatCount(count)}`),
  ];
  const left = unfinishedSaves(db);
  if (left.length > 0)
    lines.push(`Left behind by programs that were killed, with old values in them; delete them: ${left.join(", ")}`);
  if (!dry && sum > 0)
    lines.push("Not touched, if there are any: exports and backups of this store, and what was sent elsewhere.");
  return lines;
}

/** Whole copies of the store, of sql.js's. */
function unfinishedSaves(db: string): string[] {
  const folder = dirname(db);
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${basename(db)}.`) && name.endsWith(".tmp"))
    .map((name) => join(folder, name));
}
