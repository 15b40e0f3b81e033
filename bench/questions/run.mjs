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
        questions: askedQuestions(data).map(({ id, words, over, has, lacks }) => ({ id, words, over, has, lacks })),
      },
      plain,
      1,
    ),
  );
  console.log(`${folder}: corpus, demo and made (.otlp.jsonl), known.json`);
} else {
  const { planted, clean, pairs, questions } = await measure(options.includes("--autotel") ? autotel : agensight);
  const isDetailed = options.includes("--details") || options.includes("--answers");
  if (isDetailed) {
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
    for (const { id, words, ok, calls, tokens, failed, missing, wrong, text } of questions) {
      console.log(`${ok ? "answer" : "NONE  "}  ${id}: ${words} [${calls} calls, ${tokens} tokens]`);
      if (failed) console.log(`        failed: ${failed}`);
      if (missing.length) console.log(`        missing: ${missing.join(", ")}`);
      if (wrong.length) console.log(`        must not be there: ${wrong.join(", ")}`);
      if (options.includes("--answers")) console.log(text.replace(/^/gm, "        | "));
    }
  }
  console.log(
    `planted ${planted.concat(pairs.filter(({ alike }) => !alike)).filter(({ ok }) => ok).length} of ${planted.length + pairs.filter(({ alike }) => !alike).length}, false ${clean.concat(pairs.filter(({ alike }) => alike)).filter(({ ok }) => !ok).length}, questions ${questions.filter(({ ok }) => ok).length} of ${questions.length}`,
  );
}
