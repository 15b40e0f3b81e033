/** `agensight export`: the store's spans and logs as OTLP/JSON lines. */
import { resolve } from "node:path";
import { AgensightError } from "../../model/error.js";
import { defineCommand, filterOptions, storeOptions } from "../command.js";
import { readFilter } from "../export/filter.js";
import { openSink } from "../export/sink.js";
import { startProgress } from "../progress.js";
import { counted, formatCount } from "../quantity.js";
import { engineOption, readSettings } from "../settings.js";
import { say } from "../terminal.js";

export const exportCommand = defineCommand({
  name: "export",
  summary: "write spans and logs as OTLP/JSON lines",
  description: `
Writes what was recorded, one ExportTraceServiceRequest or ExportLogsServiceRequest per line, to stdout or to a file;
every attribute, event, link and resource as it came in. \`agensight import\` reads it back.`,
  options: {
    ...storeOptions,
    format: { type: "string", value: "FORMAT", help: "otlp, the default and only one" },
    out: { type: "string", value: "FILE", help: "instead of stdout; a name ending in .gz compresses" },
    ...filterOptions,
  },
  examples: [
    ["agensight export --out all.jsonl.gz", "everything, compressed"],
    [
      "agensight export --since 24h --service my-app | agensight import - --db small.db",
      "one service's last day into another store",
    ],
  ],
  async run(values) {
    if (values.format !== undefined && values.format !== "otlp")
      throw new AgensightError("bad_argument", `"${values.format}" is no export format`, {
        hint: "The format is otlp.",
      });
    const filter = readFilter(values);
    const settings = await readSettings(values);
    const out = values.out ? resolve(values.out) : null;
    if (out !== null && [settings.db, `${settings.db}-wal`, `${settings.db}-shm`].includes(out))
      throw new AgensightError("bad_argument", "--out names the store itself", { hint: "Name another file." });

    const { openExport } = await import("../../store/export.js");
    const store = await openExport(settings.db, engineOption(settings));
    const progress = startProgress();
    let written = 0;
    try {
      const { spans } = store.size(filter);
      const sink = openSink(out);
      try {
        for (const request of store.requests(filter)) {
          await sink.write(JSON.stringify(request));
          if (!("resourceSpans" in request)) continue;
          for (const { scopeSpans } of request.resourceSpans ?? [])
            for (const scope of scopeSpans ?? []) written += scope.spans?.length ?? 0;
          if (out) progress.text(`${formatCount(written)} of ${counted(spans, "span")}`);
        }
        await sink.close();
      } catch (error) {
        sink.abort();
        throw error;
      }
    } finally {
      progress.end();
      store.close();
    }
    if (out) say(`exported ${counted(written, "span")} to ${out}`);
    return 0;
  },
});
