// Asks everything there is to ask of one system and judges the answers.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { askedQuestions } from "./asked/all.mjs";
import { writeData } from "./data.mjs";

/** `system` is a module of systems/. Gives `{planted, clean, pairs, questions, heldOut}`, each with its verdict. */
export async function measure(system, now = Date.now()) {
  const folder = mkdtempSync(join(tmpdir(), "agensight-bench-questions-"));
  let asked;
  try {
    const data = await writeData(join(folder, "data"), now);
    asked = await system.open(data.files, folder);
    const judgeRuns = async ({ planted, clean, pairs }) => ({
      planted: await each(planted, (run) => judgePlanted(asked, run)),
      clean: await each(clean, (run) => judgeClean(asked, run)),
      pairs: await each(pairs, (pair) => judgePair(asked, pair)),
    });
    return {
      ...(await judgeRuns(data)),
      heldOut: await judgeRuns(data.heldOut),
      questions: await each(askedQuestions(data), (question) => judgeQuestion(asked, system.name, question)),
    };
  } finally {
    await asked?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function each(list, judge) {
  const out = [];
  for (const item of list) out.push(await judge(item));
  return out;
}

const failure = (error) => ({ ok: false, got: `no answer: ${error.message.replace(/\{.*?\}: /s, "").slice(0, 120)}` });
const shown = (finding) =>
  finding ? `${finding.kind ?? "named"} (${finding.severity}): ${finding.summary.slice(0, 260)}` : "no finding";

/**
 * Right when the first finding is of the planted kind and names one of the spans that carry it. A system without kinds
 * (null) is right when what one of its tools names first carries the fault: the span, or where it names none the operation.
 */
async function judgePlanted(asked, { id, fault, shape, over, kinds, evidence, words, traceId, spans }) {
  const about = { id, fault, shape, traceId, expected: kinds.join(" or ") };
  try {
    const { findings } = await asked.diagnose(over, traceId);
    const [first] = findings;
    const names = spans.filter(({ spanId }) => evidence.includes(spanId)).map(({ name }) => name);
    const isRight = (finding) =>
      (finding.kind === null || kinds.includes(finding.kind)) &&
      (evidence.length === 0 ||
        finding.evidence.some((spanId) => evidence.includes(spanId)) ||
        names.includes(finding.operation)) &&
      words.every((word) => word.test(finding.summary));
    const ok = findings.filter((finding) => finding === first || finding.kind === null).some(isRight);
    const rank = findings.findIndex(({ kind }) => kinds.includes(kind)) + 1;
    return { ...about, ok, got: shown(first), rank };
  } catch (error) {
    return { ...about, ...failure(error), rank: 0 };
  }
}

/** A finding on a clean run is false when it is more than information. */
async function judgeClean(asked, { id, shape, traceId, over, allows = [] }) {
  try {
    const { findings } = await asked.diagnose(over, traceId);
    const wrong = findings.filter(({ kind, severity }) => severity !== "info" && !allows.includes(kind));
    return { id, shape, traceId, asked: true, ok: wrong.length === 0, got: wrong.map(shown).join(" | ") };
  } catch (error) {
    return { id, shape, traceId, asked: false, ...failure(error) };
  }
}

/** Right when the first difference is the planted one, or when there is none and none is named. */
async function judgePair(asked, { id, fault, shape, over, words, group_a, group_b }) {
  const about = { id, fault, shape, args: { group_a, group_b }, alike: words === null };
  try {
    const { first, text } = await asked.compare(over, group_a, group_b);
    const ok = words === null ? first === null : first !== null && words.some((word) => word.test(first));
    return {
      ...about,
      ok,
      expected: words === null ? "nothing" : words.join(" "),
      got: first ?? `nothing: ${text.slice(0, 200)}`,
    };
  } catch (error) {
    return { ...about, expected: words === null ? "nothing" : words.join(" "), ...failure(error) };
  }
}

/** Answered when all of `has` and none of `lacks` stands in what the calls gave; `reads` and `cannot`: see asked/all.mjs. */
async function judgeQuestion(asked, systemName, { id, words, over, calls, has, lacks = [], reads, cannot }) {
  const texts = [];
  let failed = null;
  const wanted = calls[systemName] ?? [];
  for (const [tool, args] of wanted) {
    try {
      texts.push(await asked.call(over, tool, typeof args === "function" ? args(texts) : args));
    } catch (error) {
      failed = error.message.slice(0, 300);
      break;
    }
  }
  const text = texts.join("\n");
  const expected = has
    .map((part, i) => (i in (reads?.[systemName] ?? {}) ? reads[systemName][i] : part))
    .filter(Boolean);
  const missing = cannot?.[systemName] ? [cannot[systemName]] : expected.filter((part) => !contains(text, part));
  const wrong = lacks.filter((part) => contains(text, part));
  return {
    id,
    words,
    over,
    tools: wanted.map(([tool]) => tool),
    calls: texts.length,
    tokens: encode(text).length,
    ok: wanted.length > 0 && !failed && missing.length === 0 && wrong.length === 0,
    failed,
    missing: missing.map(String),
    wrong: wrong.map(String),
    text,
  };
}

const contains = (text, part) => (typeof part === "string" ? text.includes(part) : part.test(text));
