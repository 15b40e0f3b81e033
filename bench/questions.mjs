// Whether answers are right: planted faults, innocent look-alikes and questions in plain words, all with known answers.
import { name, version } from "./autotel.mjs";
import { atLeast, atMost, median, told } from "./figures.mjs";
import { measure } from "./questions/measure.mjs";
import * as agensight from "./questions/systems/agensight.mjs";
import * as autotel from "./questions/systems/autotel.mjs";

export async function run() {
  const ours = await figuresOf(agensight);
  return [
    atLeast("questions: planted faults that are the first finding", ours.found, 95, "%", ours.byFault),
    atMost("questions: clean runs with a false finding", ours.wrong, 2, "%", `of ${ours.innocent}`),
    atLeast(
      "questions, held out: planted fault is the first finding",
      ours.heldOut.found,
      95,
      "%",
      ours.heldOut.byFault,
    ),
    atMost(
      "questions, held out: false findings on clean runs",
      ours.heldOut.wrong,
      2,
      "%",
      `of ${ours.heldOut.innocent}`,
    ),
    atLeast("questions: answered", ours.answered, 100, "%", ours.ofQuestions),
    atMost("questions: tokens a question", ours.tokens, 800, "tokens", "median"),
    atMost("questions: calls a question", ours.calls, 2, "calls", "median"),
    ...(await theirs()),
  ];
}

/** The same of autotel-mcp, told and not judged. */
async function theirs() {
  const title = (what) => `questions: ${name} ${version}, ${what}`;
  let figures;
  try {
    figures = await figuresOf(autotel);
  } catch (error) {
    return [told(title("not asked"), 0, "questions", error.message.slice(0, 200))];
  }
  return [
    told(title("planted found first"), figures.found, "%", figures.byFault),
    told(title("clean runs with a false finding"), figures.wrong, "%", `of ${figures.innocent}`),
    told(title("held out: planted found first"), figures.heldOut.found, "%", figures.heldOut.byFault),
    told(title("held out: false findings"), figures.heldOut.wrong, "%", `of ${figures.heldOut.innocent}`),
    told(title("answered"), figures.answered, "%", figures.ofQuestions),
    told(title("tokens a question"), figures.tokens, "tokens", `median; of those answered ${figures.tokensAnswered}`),
    told(title("calls a question"), figures.calls, "calls", "median"),
  ];
}

async function figuresOf(system) {
  const { heldOut, questions, ...first } = await measure(system);
  const answered = questions.filter(({ ok }) => ok);
  return {
    ...sharesOf(first),
    heldOut: sharesOf(heldOut),
    answered: share(questions),
    ofQuestions: `${answered.length} of ${questions.length}`,
    tokens: median(questions.map(({ tokens }) => tokens)),
    tokensAnswered: median(answered.map(({ tokens }) => tokens)),
    calls: median(questions.map(({ tools }) => tools.length)),
  };
}

function sharesOf({ planted, clean, pairs }) {
  const faults = [...planted, ...pairs.filter(({ alike }) => !alike)];
  const innocent = [...clean, ...pairs.filter(({ alike }) => alike)];
  return { found: share(faults), byFault: byFault(faults), wrong: 100 - share(innocent), innocent: innocent.length };
}

const share = (list) => (100 * list.filter(({ ok }) => ok).length) / list.length;

function byFault(list) {
  const names = [...new Set(list.map(({ fault }) => fault))];
  return names
    .map((name) => {
      const same = list.filter(({ fault }) => fault === name);
      return `${name} ${same.filter(({ ok }) => ok).length}/${same.length}`;
    })
    .join(", ");
}
