// node bench/questions/run.mjs [--details] [--answers] [--autotel] [--write FOLDER]
// --details prints each question, missed fault and false finding; --answers also what was answered; --autotel asks
// autotel-mcp in our place;
// --write puts the data and what is known of it into a folder, for another system to be asked.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { askedQuestions } from "./asked/all.mjs";
import { writeData } from "./data.mjs";
import { measure } from "./measure.mjs";
import * as agensight from "./systems/agensight.mjs";
import * as autotel from "./systems/autotel.mjs";

const options = process.argv.slice(2);
const folder = options.includes("--write") ? options[options.indexOf("--write") + 1] : null;

if (folder) {
  const data = await writeData(folder, Date.now());
  const known = (run) =>
    Object.fromEntries(Object.entries(run).filter(([key]) => !["lines", "spans", "runs", "planted"].includes(key)));
  const plain = (_, value) => (value instanceof RegExp ? String(value) : value);
  writeFileSync(
    join(folder, "known.json"),
    JSON.stringify(
      {
        planted: data.planted.map(known),
        clean: data.clean.map(known),
        pairs: data.pairs.map(known),
        heldOut: Object.fromEntries(Object.entries(data.heldOut).map(([kind, list]) => [kind, list.map(known)])),
        questions: askedQuestions(data).map(({ id, words, over, has, lacks }) => ({ id, words, over, has, lacks })),
      },
      plain,
      1,
    ),
  );
  console.log(`${folder}: corpus, demo, made and held-out (.otlp.jsonl), known.json`);
} else {
  const { heldOut, questions, ...first } = await measure(options.includes("--autotel") ? autotel : agensight);
  const isDetailed = options.includes("--details") || options.includes("--answers");
  if (isDetailed) {
    showRuns(first);
    showRuns(heldOut);
    for (const { id, words, ok, calls, tokens, failed, missing, wrong, text } of questions) {
      console.log(`${ok ? "answer" : "NONE  "}  ${id}: ${words} [${calls} calls, ${tokens} tokens]`);
      if (failed) console.log(`        failed: ${failed}`);
      if (missing.length) console.log(`        missing: ${missing.join(", ")}`);
      if (wrong.length) console.log(`        must not be there: ${wrong.join(", ")}`);
      if (options.includes("--answers")) console.log(text.replace(/^/gm, "        | "));
    }
  }
  const made = counts(first);
  const held = counts(heldOut);
  console.log(
    `planted ${made.ok} of ${made.all}, false ${made.wrong} of ${made.innocent}; held out: planted ${held.ok} of ${held.all}, false ${held.wrong} of ${held.innocent}; questions ${questions.filter(({ ok }) => ok).length} of ${questions.length}`,
  );
}

function counts({ planted, clean, pairs }) {
  const faults = [...planted, ...pairs.filter(({ alike }) => !alike)];
  const innocent = [...clean, ...pairs.filter(({ alike }) => alike)];
  return {
    ok: faults.filter(({ ok }) => ok).length,
    all: faults.length,
    wrong: innocent.filter(({ ok }) => !ok).length,
    innocent: innocent.length,
  };
}

function showRuns({ planted, clean, pairs }) {
  for (const { id, shape, ok, expected, got, rank, traceId } of planted)
    console.log(
      `${ok ? "found " : "MISSED"}  ${id}: ${shape}${ok ? "" : `\n        expected ${expected} (is ${rank ? `number ${rank}` : "not there"}); first ${got}\n        ${traceId}`}`,
    );
  for (const { id, shape, ok, got, traceId } of clean)
    if (!ok) console.log(`FALSE   ${id}: ${shape}\n        ${got}\n        ${traceId}`);
  for (const { id, shape, ok, expected, got } of pairs)
    console.log(
      `${ok ? "right " : "WRONG "}  ${id}: ${shape}${ok ? "" : `\n        expected ${expected}; got ${got}`}`,
    );
}
