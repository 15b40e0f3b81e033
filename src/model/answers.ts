/** What a run told its user, and whether that admits that something failed or was not found. Pure. */
import { saysItFailed } from "./failure-words.js";
import { perRun } from "./per-run.js";
import { messageText, readMessages } from "./read-message.js";
import type { Run, Step } from "./run.js";
import { endOf, follows, treeOf } from "./run-tree.js";

/** Answers are judged by their beginning. */
const mostText = 8_000;
const mostAnswers = 20;

/** What models answered, without asking for a tool, in calls that began at `from_us` or later; null = not recorded. */
export function answersAfter(run: Run, from_us: number): string | null {
  const texts = answersOf(run).flatMap(({ start_us, text }) => (follows(start_us, from_us) ? text : []));
  if (texts.some((text) => text.trim() !== "")) return texts.join("\n");
  for (const { end_us, text } of outcomesOf(run)) if (end_us >= from_us) texts.push(text);
  return texts.some((text) => text.trim() !== "") ? texts.join("\n") : null;
}

/** What a call said beside asking for tools. */
export function wordsOfCall(run: Run, call: Step): string {
  const parts = run.contents(call).said.flatMap((message) => message.parts);
  return parts
    .map((part) => (part.type === "text" || part.type === "reasoning" ? part.content : ""))
    .join("\n")
    .slice(0, mostText);
}

/** The last ones, in which a user learns what came of it. */
const answersOf = perRun((run): { start_us: number; text: string }[] =>
  run.steps
    .filter(({ kind }) => kind === "llm")
    .flatMap((step) =>
      run
        .contents(step)
        .said.filter(({ parts }) => !parts.some(({ type }) => type === "tool_call"))
        .map((message) => ({ start_us: step.start_us, text: messageText(message).slice(0, mostText) })),
    )
    .slice(-mostAnswers),
);

/** What the uppermost spans that are no model calls brought out. */
const outcomesOf = perRun((run): { end_us: number; text: string }[] => {
  const tree = treeOf(run);
  const tops = run.steps.filter((step) => step.kind !== "llm" && tree.parent(step) === null).slice(-mostAnswers);
  return tops.flatMap((step) => {
    const { output } = run.contents(step);
    const last = output === null ? undefined : readMessages(output.slice(0, mostText), "assistant").at(-1);
    return last ? { end_us: endOf(step), text: messageText(last) } : [];
  });
});

/** The last model call, unless it asked for tools: the answer of the run. */
export function lastAnswer(run: Run): Step | null {
  let last: Step | null = null;
  for (const step of run.steps)
    if (step.kind === "llm" && step.call === "llm" && (!last || endOf(step) >= endOf(last))) last = step;
  return last;
}

const untroubled =
  /\b(?:no|not any|without(?: any| an)?|zero|0|free of|fixed (?:the|an?|all)|resolved (?:the|an?|all)) (?:\w+ )?(?:errors?|problems?|issues?|failures?|trouble)\b|\b(?:error|failure)[- ](?:free|rate|handling|log)\b|\bno problem\b|\bnot only\b/gi;

const admission =
  /\b(?:could(?: not|n[’']t)|can(?:not|[’']t| not)|unable to|not able to|was(?: not|n[’']t) (?:able|possible|successful)|were(?: not|n[’']t) able|fail(?:ed|ure|s|ing)|unavailable|not available|unreachable|not reachable|timed[ -]?out|time-?out|did(?: not|n[’']t) (?:work|respond|answer|succeed|return|go through|load|reply|complete)|went wrong|unsuccessful(?:ly)?|declined|denied|is down|not possible|out of service|not responding|offline)(?![\p{L}])/iu;
const weakAdmission =
  /\b(?:errors?|problems?|issues?|sorry|unfortunately|trouble|missing|partial(?:ly)?|incomplete|without|exceptions?|not|unknown|maintenance|outage|gone|blocked|expired|rejected|refused|instead)\b/i;

/** Words of a tool's name and of an error tell a vague admission from talk of something else. */
export function admitsFailure(answer: string, { name, message }: { name: string; message: string | null }): boolean {
  const said = message === null ? "" : spaced(message).slice(0, 80);
  if (said.length >= 8 && spaced(answer).includes(said)) return true;
  const text = answer.replace(untroubled, " ");
  if (admission.test(text) || saysItFailed(text)) return true;
  if (!weakAdmission.test(text)) return false;
  const words = wordsOf(text);
  return [...wordsOf(`${name} ${message ?? ""}`)].some((word) => !vague.test(word) && words.has(word));
}

const goesAnotherWay =
  /\b(?:instead|gone|missing|broken|blocked|dead|no longer|not there|does(?: not|n[’']t) (?:exist|work)|fall(?:s|ing)? back|fallback|alternatives?|work(?:ing)? around|(?:try|use|take) (?:(?:it|that|this) )?(?:again|an?other|(?:a )?different|the other)|once more|retry(?:ing)?)\b/i;

/** What a model said on the way: that something failed, or that it goes another way because of it. */
export function noticesFailure(words: string, failed: { name: string; message: string | null }): boolean {
  return goesAnotherWay.test(words) || admitsFailure(words, failed);
}

const vague = /^(?:error|tool|exception|failed|with|from|call|request)$/;

function wordsOf(text: string): Set<string> {
  return new Set(
    text
      .replace(/([a-z])([A-Z])/g, "$1 $2")
      .toLowerCase()
      .match(/[\p{L}\p{N}]{4,}/gu) ?? [],
  );
}

function spaced(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

const nothing =
  /(?:^|[.!?:;,\n]\s*|\b(?:found|find|finds|there (?:is|are|was|were)|there[’']s|have|has|had|returned|returns|see|contains?|shows?|got|gave|currently|with|are|is|were|was|yielded|but)\s+)(?:currently |unfortunately |absolutely )?(?:no|none|nothing|zero|not any|empty)\b(?! (?:problem|worries|questions? asked|doubt|matter))|\b(?:no|zero|0) (?:[\w-]+ ){0,3}(?:results?|match(?:es)?|records?|documents?|entries|information|data|hits|articles?|items?|evidence|mention)\b|\b(?:did|do|does|could|can|was|were|is|are|have|has)(?: not|n[’']t) (?:[\w-]+ ){0,3}(?:find|found|locate|know|have|exist|see|any|available|able|listed|appear|contain|return|mention|show|include|cover)|\b(?:cannot|can[’']t|unable|unfortunately|unavailable|not (?:found|available|listed|in (?:our|the|my))|none of|leider|nicht gefunden|keine?n?|aucune?|ningun[oa]?|no (?:encontr|hay))/iu;

/** Whether an answer says that there was nothing to be found. */
export function admitsNothing(answer: string): boolean {
  return nothing.test(answer);
}
