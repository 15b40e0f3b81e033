/** `agensight import`: OTLP/JSON files into the store. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Ingest } from "../../ingest/ingest.js";
import { AgensightError } from "../../model/error.js";
import { UsageError } from "../arguments.js";
import { defineCommand, redactionOption, retentionOptions, storeOptions } from "../command.js";
import { openFile, openStdin } from "../import/blocks.js";
import { readDocuments } from "../import/documents.js";
import { enforceKeeping } from "../import/enforce-keeping.js";
import { readLines } from "../import/lines.js";
import { type ImportCounts, writeDocuments } from "../import/write-documents.js";
import { type Progress, startProgress } from "../progress.js";
import { counted, formatCount } from "../quantity.js";
import { engineOption, readSettings, type Settings } from "../settings.js";
import { print } from "../terminal.js";

/** Bad lines that are told one by one. */
const toldLines = 20;
/** Spans up to which usage is summed up and the search index filled before the command ends. */
const finishedAtOnce = 5000;

export const importCommand = defineCommand({
  name: "import",
  operands: "FILE… | -",
  summary: "read OTLP/JSON files of spans and logs into the store",
  description: `
Reads one ExportTraceServiceRequest or ExportLogsServiceRequest per line, as the OpenTelemetry Collector's file
exporter and \`agensight export\` write them, plain or gzip; also one JSON document or array of them in a file.
- reads stdin. What is in the store already is left as it is, so that importing twice does no harm.
A bad line is told with its number and skipped; the exit code is then 3.`,
  options: { ...storeOptions, ...redactionOption, ...retentionOptions },
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
    if (counts.spans > finishedAtOnce)
      print(
        "Every span can be asked for now. Sums and the search index fill in while agensight mcp or a recorder is idle.",
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
  const { openIngest } = await import("../../ingest/ingest.js");
  const { noteStore } = await import("../../store/stores-file.js");
  const counts: ImportCounts = { spans: 0, logs: 0, ignored: 0, unchanged: 0, bad: 0, metrics: 0 };
  const { redaction, retention } = settings;
  const keeps = (retention.max_age_s ?? retention.max_bytes) !== undefined;
  const ingest = await openIngest({
    path: settings.db,
    ...engineOption(settings),
    redaction,
    ...(keeps ? { retention: { service: null, ...retention } } : {}),
  });
  try {
    noteStore(settings.home, settings.db);
    const sizes = files.map((file) => (file === "-" ? null : (statSync(file).size as number | null)));
    const total = sizes.reduce((sum, size) => (sum === null || size === null ? null : sum + size), 0);
    let before = 0;
    for (const [index, file] of files.entries()) {
      await importFile(file, ingest, counts, progress, (position) => progress.bytes(before + position, total));
      before += sizes[index] ?? 0;
    }
    settle(ingest, counts.spans, progress);
  } finally {
    progress.end();
    ingest.close();
  }
  if (keeps) await enforceKeeping(settings);
  return counts;
}

async function importFile(
  file: string,
  ingest: Ingest,
  counts: ImportCounts,
  progress: Progress,
  moved: (position: number) => void,
): Promise<void> {
  const name = file === "-" ? "stdin" : file;
  let told = 0;
  const report = (where: string, problem: string) => {
    if (told++ < toldLines) progress.note(`${name}${where}: ${problem}`);
    else if (told === toldLines + 1) progress.note(`${name}: further bad lines are only counted`);
  };
  const source = file === "-" ? openStdin() : await openFile(file);
  let writing = false;
  try {
    for await (const documents of readDocuments(readLines(source.blocks))) {
      writing = true;
      writeDocuments(documents, ingest, counts, (line, problem) => report(`:${line}`, problem));
      writing = false;
      moved(source.position());
    }
  } catch (error) {
    if (writing) throw error;
    // truncated gzip, a disk that cannot be read: what came before is kept
    counts.bad++;
    report("", `cannot be read on: ${(error as Error).message}`);
  }
}

/**
 * So that the first question finds usage summed up and the search index ready. After a large import both are left to
 * agensight mcp and to recorders when they are idle; until then answers read the spans.
 */
function settle(ingest: Ingest, spans: number, progress: Progress): void {
  if (spans > finishedAtOnce) return;
  for (let step = 1; ingest.maintain({ all: true }); step++) progress.text(`summing up … ${step}`);
}
