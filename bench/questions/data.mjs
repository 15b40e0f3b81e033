// The data that questions are asked about, as files of OTLP/JSON lines: {corpus, demo, made, held-out}, and what was planted in it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { timed } from "../import.mjs";
import { scenes } from "./asked/scenes.mjs";
import { recordedClean } from "./clean/recorded.mjs";
import { regressionPairs } from "./groups/regressions.mjs";
import { cleanRuns, plantedRuns } from "./made/runs.mjs";
import { firstSet, heldOutSet } from "./sets.mjs";

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

  const told = scenes(now);
  const write = (set, more = []) => {
    const planted = plantedRuns(set, now);
    const clean = cleanRuns(set, now);
    const pairs = regressionPairs(set, now);
    const runs = [...planted, ...clean, ...pairs.flatMap((pair) => pair.runs), ...more].sort((a, b) => a.end - b.end);
    writeFileSync(path(set.data), runs.map(({ lines }) => lines.join("\n")).join("\n"));
    return { planted, clean, pairs };
  };
  const { planted, clean, pairs } = write(firstSet, Object.values(told).flat());
  const heldOut = write(heldOutSet);

  const names = ["corpus", "demo", firstSet.data, heldOutSet.data];
  const files = Object.fromEntries(names.map((name) => [name, path(name)]));
  return { files, planted, clean: [...clean, ...recordedClean(files)], pairs, scenes: told, heldOut };
}
