/** `agensight import`: OTLP/JSON files into the store. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { PreparedIngest } from "../../ingest/ingest.js";
import { AgensightError } from "../../model/error.js";
import { UsageError } from "../arguments.js";
import { defineCommand, retentionOptions, storeOptions } from "../command.js";
import { keepServices } from "../import/keep-services.js";
import { startReading } from "../import/start-reading.js";
import { type ImportCounts, writeBatch } from "../import/write-batch.js";
import { type Progress, startProgress } from "../progress.js";
import { counted, formatCount } from "../quantity.js";
import { engineOption, readSettings, type Settings } from "../settings.js";
import { print } from "../terminal.js";

/** Bad lines that are told one by one. */
const toldLines = 20;
/** Spans that are put into the search index before the command ends. */
const indexedAtOnce = 5000;

export const importCommand = defineCommand({
  name: "import",
  operands: "FILE… | -",
  summary: "read OTLP/JSON files of spans and logs into the store",
  description: `
Reads one ExportTraceServiceRequest or ExportLogsServiceRequest per line, as the OpenTelemetry Collector's file
exporter and \`agensight export\` write them, plain or gzip; also one JSON document or array of them in a file.
- reads stdin. What is in the store already is left as it is, so that importing twice does no harm.
A bad line is told with its number and skipped; the exit code is then 3.`,
  options: { ...storeOptions, ...retentionOptions },
  examples: [
    ["agensight import traces.jsonl more.jsonl.gz", "into the default store"],
    ["zcat old/*.gz | agensight import - --db old.db", "stdin into a store of its own"],
  ],
  async run(values, operands) {
    if (operands.length === 0) throw new UsageError("import needs a FILE, or - for stdin", "import");
    const settings = await readSettings(values);
    const files = operands.map((operand) => checkFile(operand, settings.db));
    const started = performance.now();
    const counts = await importFiles(files, settings);

    print(`${summary(counts)} in ${((performance.now() - started) / 1000).toFixed(1)} s into ${settings.db}`);
    if (counts.isIndexLeft)
      print(
        "The search index fills in while agensight mcp or a recording program runs; until then search reads through.",
      );
    return counts.bad > 0 ? 3 : 0;
  },
});

function summary({ spans, logs, unchanged, bad, ignored, metrics }: ImportCounts): string {
  const read = `${counted(spans, "span")}${logs > 0 ? ` and ${counted(logs, "log record")}` : ""}`;
  const notes = [
    unchanged === 0 ? "" : unchanged === spans + logs ? "all there already" : `${formatCount(unchanged)} there already`,
    bad === 0 ? "" : `${counted(bad, "bad line")} skipped`,
    ignored + metrics === 0
      ? ""
      : `logs and metrics without message content left out: ${formatCount(ignored + metrics)}`,
  ].filter(Boolean);
  return `imported ${read}${notes.length > 0 ? ` (${notes.join(", ")})` : ""}`;
}

function checkFile(operand: string, db: string): string {
  if (operand === "-") return operand;
  const file = resolve(operand);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) throw new AgensightError("bad_input", `there is no file ${operand}`);
  if (stat.isDirectory())
    throw new AgensightError("bad_input", `${operand} is a folder`, { hint: `Name its files: ${operand}/*.jsonl` });
  if (file === db) throw new AgensightError("bad_input", `${operand} is the store itself`);
  return file;
}

/** Imports files (`-`: stdin) and settles what came in. Bad lines are told on stderr. */
export async function importFiles(
  files: string[],
  settings: Settings,
  progress = startProgress(),
): Promise<ImportCounts> {
  const { openPreparedIngest } = await import("../../ingest/ingest.js");
  const { noteStore } = await import("../../store/stores-file.js");
  const counts: ImportCounts = {
    spans: 0,
    logs: 0,
    ignored: 0,
    unchanged: 0,
    bad: 0,
    metrics: 0,
    services: new Set(),
    isIndexLeft: false,
  };
  const reading = await startReading(files, settings);
  try {
    const ingest = await openPreparedIngest({ path: settings.db, ...engineOption(settings) });
    try {
      noteStore(settings.home, settings.db);
      const tellers = files.map((file) => badLineTeller(file, progress));
      for await (const step of reading.steps()) {
        const report = tellers[step.file] as ReturnType<typeof badLineTeller>;
        if ("problem" in step) {
          counts.bad++;
          report("", `cannot be read on: ${step.problem}`);
        } else {
          writeBatch(step.batch, ingest, counts, (line, problem) => report(`:${line}`, problem));
          progress.bytes((reading.before[step.file] ?? 0) + step.position, reading.total);
        }
      }
      counts.isIndexLeft = counts.spans > indexedAtOnce && ingest.engine !== "sqljs";
      settle(ingest, counts.isIndexLeft, progress);
    } finally {
      progress.end();
      ingest.close();
    }
  } finally {
    await reading.stop();
  }
  if (settings.retention.max_age_s ?? settings.retention.max_bytes) await keepServices(counts.services, settings);
  return counts;
}

function badLineTeller(file: string, progress: Progress): (where: string, problem: string) => void {
  const name = file === "-" ? "stdin" : file;
  let told = 0;
  return (where, problem) => {
    if (told++ < toldLines) progress.note(`${name}${where}: ${problem}`);
    else if (told === toldLines + 1) progress.note(`${name}: further bad lines are only counted`);
  };
}

/**
 * So that the first question finds usage summed up, and after a small import also the search index. A large one's is
 * left to agensight mcp and to recorders, which fill it when they are idle; until then search reads through.
 */
function settle(ingest: PreparedIngest, skipSearch: boolean, progress: Progress): void {
  for (let step = 1; ingest.maintain({ all: true, skipSearch }); step++) progress.text(`summing up … ${step}`);
}
