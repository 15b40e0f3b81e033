// What recording costs the program that is recorded, against OpenTelemetry's batch processor with an exporter that does nothing.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { atMost, median, told } from "./figures.mjs";

const rounds = 5;
const longRun = 500_000;

/** One run of bench/recording-program.mjs in a home of its own: its figures, and the counts of the store it left. */
async function measure(what, recorder, ...numbers) {
  const home = mkdtempSync(join(tmpdir(), "agensight-bench-recording-"));
  try {
    const env = { ...process.env, AGENSIGHT_HOME: home };
    delete env.AGENSIGHT_DB;
    const program = ["bench/recording-program.mjs", what, recorder, ...numbers.map(String)];
    const { stdout } = await promisify(execFile)(process.execPath, program, { env });
    const stored = what !== "import" && recorder === "agensight" ? await countSpans(join(home, "traces.db")) : null;
    return { ...JSON.parse(stdout), stored };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function countSpans(path) {
  const { openReader } = await import("../dist/store/open.js");
  const reader = await openReader(path);
  const { spans, dropped_spans } = await reader.info();
  reader.close();
  return { spans, dropped: dropped_spans };
}

/** Both recorders in turns, so that a noisy neighbour disturbs both. */
async function compare(what, ...numbers) {
  const runs = { batch: [], agensight: [] };
  for (let round = 0; round < rounds; round++) {
    for (const recorder of Object.keys(runs)) runs[recorder].push(await measure(what, recorder, ...numbers));
  }
  return runs;
}

async function cost(label, bytes, target) {
  const runs = await compare("cost", bytes, 10_000, 3_000);
  const batch = median(runs.batch.map(({ us }) => us));
  const ours = median(runs.agensight.map(({ us }) => us));
  const dropped = runs.agensight.reduce((sum, { stored }) => sum + stored.dropped, 0);
  const note = `${ours.toFixed(1)} µs against ${batch.toFixed(1)} µs, ${dropped} dropped`;
  return atMost(`recording: a span of ${label} on the program's thread`, ours / batch, target, "×", note);
}

async function delay() {
  const runs = await compare("delay", 2_048, 3_000, 1_000);
  const batch = median(runs.batch.map(({ p99 }) => p99));
  const ours = median(runs.agensight.map(({ p99 }) => p99));
  const note = `p99 ${ours.toFixed(2)} ms against ${batch.toFixed(2)} ms`;
  return atMost("recording: event loop delay added at 1,000 spans a second", ours - batch, 2, "ms", note);
}

async function imports() {
  const runs = await compare("import");
  const batch = median(runs.batch.map(({ ms }) => ms));
  const ours = median(runs.agensight.map(({ ms }) => ms));
  const note = `${ours.toFixed(0)} ms against ${batch.toFixed(0)} ms`;
  return atMost("recording: importing agensight, over sdk-trace-base", ours - batch, 40, "ms", note);
}

/** Flat: the last tenth of the run holds no more than the third did, give or take what a garbage collection moves. */
async function memory() {
  const { steps, stored } = await measure("memory", "agensight", 600, longRun);
  const note = `${steps.map((mb) => mb.toFixed(0)).join(" ")} MB; ${stored.spans} spans stored, ${stored.dropped} dropped`;
  return [
    atMost(
      `recording: memory after ${longRun} spans, against a third of the way`,
      steps.at(-1) / steps[2],
      1.25,
      "×",
      note,
    ),
    told("recording: memory of the whole process at the end", steps.at(-1), "MB"),
  ];
}

export async function run() {
  return [
    await cost("2 KB", 2_048, 2),
    await cost("10 KB", 10_240, 2.5),
    await delay(),
    await imports(),
    ...(await memory()),
  ];
}

if (import.meta.filename === process.argv[1]) console.table(await run());
