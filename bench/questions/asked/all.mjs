// The questions in plain words.
import { autotelPath } from "./autotel/paths.mjs";
import { corpusQuestions } from "./corpus.mjs";
import { demoQuestions } from "./demo.mjs";
import { madeQuestions } from "./made.mjs";

/**
 * `{id, words, over, calls: {<system>: [[tool, args], …]}, has, lacks}`: `over` is the data's name; `args` may be a
 * function of the answers so far; `has` and `lacks` are texts, regular expressions or figures (near.mjs) that must or
 * must not stand in the answers, whoever gave them. `reads` and `cannot`, per system: see autotel/paths.mjs.
 */
export const askedQuestions = (data) =>
  [...corpusQuestions(data), ...demoQuestions(data), ...madeQuestions(data)].map((question) => {
    const { calls, reads, cannot } = autotelPath(question);
    return {
      ...question,
      calls: { ...question.calls, "autotel-mcp": calls },
      reads: { "autotel-mcp": reads },
      cannot: { "autotel-mcp": cannot },
    };
  });
