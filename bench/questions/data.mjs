// The data that questions are asked about, as files of OTLP/JSON lines: {corpus, demo, made}, and what was planted in it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { timed } from "../import.mjs";
import { scenes } from "./asked/scenes.mjs";
import { recordedClean } from "./clean/recorded.mjs";
import { regressionPairs } from "./groups/regressions.mjs";
import { cleanRuns, plantedRuns } from "./made/runs.mjs";

const corpusFolder = "test/fixtures/corpus";

/** Writes the data into a folder; `now` (ms) is what made runs count their times back from. */
export async function writeData(folder, now) {
  mkdirSync(folder, { recursive: true });
  const path = (name) => join(folder, `${name}.otlp.jsonl`);

  const corpus = readdirSync(corpusFolder).filter((file) => file.endsWith(".otlp.jsonl"));
  writeFileSync(
    path("corpus"),
    corpus.map((file) => readFileSync(join(corpusFolder, file), "utf8").trimEnd()).join("\n"),
  );

  const demo = join(folder, "demo.db");
  await timed(["dist/cli/bin.js", "demo", "--db", demo]);
  await timed(["dist/cli/bin.js", "export", "--db", demo, "--service", "travel-desk-demo", "--out", path("demo")]);

  const planted = plantedRuns(now);
  const clean = cleanRuns(now);
  const pairs = regressionPairs(now);
  const told = scenes(now);
  const runs = [...planted, ...clean, ...pairs.flatMap((pair) => pair.runs), ...Object.values(told).flat()].sort(
    (a, b) => a.end - b.end,
  );
  writeFileSync(path("made"), runs.map(({ lines }) => lines.join("\n")).join("\n"));

  const files = { corpus: path("corpus"), demo: path("demo"), made: path("made") };
  return { files, planted, clean: [...clean, ...recordedClean(files)], pairs, scenes: told };
}
