// The questions in plain words.
import { corpusQuestions } from "./corpus.mjs";
import { demoQuestions } from "./demo.mjs";
import { madeQuestions } from "./made.mjs";

/**
 * `{id, words, over, calls: {<system>: [[tool, args], …]}, has, lacks}`: `over` is the data's name; `args` may be a
 * function of the answers so far; `has` and `lacks` are texts, regular expressions or figures (near.mjs) that must or
 * must not stand in the answers, whoever gave them.
 */
export const askedQuestions = (data) => [...corpusQuestions(data), ...demoQuestions(data), ...madeQuestions(data)];
