// Whether answers are right: planted faults, innocent look-alikes and questions in plain words, all with known answers.
import { atLeast, atMost, median } from "./figures.mjs";
import { measure } from "./questions/measure.mjs";
import * as agensight from "./questions/systems/agensight.mjs";

export async function run() {
  const { planted, clean, pairs, questions } = await measure(agensight);
  const faults = [...planted, ...pairs.filter(({ alike }) => !alike)];
  const innocent = [...clean, ...pairs.filter(({ alike }) => alike)];
  const answered = questions.filter(({ ok }) => ok);
  return [
    atLeast("questions: planted faults that are the first finding", share(faults), 95, "%", byFault(faults)),
    atMost("questions: clean runs with a false finding", 100 - share(innocent), 2, "%", `of ${innocent.length}`),
    atLeast("questions: answered", share(questions), 100, "%", `${answered.length} of ${questions.length}`),
    atMost("questions: tokens a question", median(questions.map(({ tokens }) => tokens)), 800, "tokens", "median"),
    atMost("questions: calls a question", median(questions.map(({ tools }) => tools.length)), 2, "calls", "median"),
  ];
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
