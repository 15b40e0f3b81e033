/** What became of a failure that did not end the run: made up for, admitted, or swallowed. Pure. */

import { admitsFailure, answersAfter, noticesFailure, wordsOfCall } from "./answers.js";
import { absorbedBy, isControlFlow } from "./causes.js";
import { lastHeard } from "./last-heard.js";
import { asFields, parseLoose } from "./read-part.js";
import { emptiness, failureIn } from "./result-text.js";
import type { Run, Step } from "./run.js";
import { endOf, follows, type RunTree } from "./run-tree.js";
import { compareArguments, isReworded } from "./similar-arguments.js";
import type { ToolUse } from "./tool-uses.js";

/**
 * `planned`: thrown to hand over, to interrupt or to cancel; `absorbed`: a span above answered all the same;
 * `repaired`: the same or an equivalent call succeeded later; `admitted`: an answer says so; `unknown`: no answer was
 * recorded; `swallowed`: nothing of these.
 */
export type Handling = "planned" | "absorbed" | "repaired" | "admitted" | "unknown" | "swallowed";

/** A failure: of a span, or one that only a result tells of. */
export type Failed = {
  step: Step;
  /** the uppermost span that it reached */
  top: Step;
  use: ToolUse | null;
  error: { error_type: string | null; error_message: string | null };
};

/** Later calls that are looked at for one that makes up for a failure. */
const mostLater = 300;
/** Messages for which the answers are read anew; of more, those of one tool are taken for alike. */
const mostJudged = 200;

export function handlingOf(run: Run, tree: RunTree, uses: readonly ToolUse[]): (failed: Failed) => Handling {
  const lastGood = new Map<string, number>();
  let lastCall = Number.NEGATIVE_INFINITY;
  for (const step of run.steps) {
    if (step.kind === "llm") lastCall = Math.max(lastCall, step.start_us);
    if (step.status !== "ok") continue;
    for (const key of likeKeys(run, tree, step))
      lastGood.set(key, Math.max(step.start_us, lastGood.get(key) ?? step.start_us));
  }
  const judged = new Map<string, boolean>();
  const admits = (answer: string, name: string, message: string | null): boolean => {
    const key = `${answer.length} ${name} ${judged.size < mostJudged ? message : ""}`;
    const known = judged.get(key) ?? admitsFailure(answer, { name, message });
    judged.set(key, known);
    return known;
  };
  return (failed) => {
    const { step, top, use, error } = failed;
    const over = Math.max(endOf(top), use?.end_us ?? 0);
    if (isControlFlow(step)) return "planned";
    const isOverlooked = use?.failure && use.step?.status !== "error";
    if (!isOverlooked && isAbsorbed(run, tree, step)) return "absorbed";
    const like = [step, ...(top === step ? [] : [top])].flatMap((each) => likeKeys(run, tree, each));
    if (!use && like.some((key) => follows(lastGood.get(key) ?? Number.NEGATIVE_INFINITY, over))) return "repaired";
    if (use && isRepaired(use, uses)) return "repaired";
    if (use && isReplaced(run, use, uses)) return "repaired";
    if (step.kind === "other" && isProbe(step)) return "absorbed";
    const answer = answersAfter(run, over);
    if (answer !== null) return admits(answer, use?.name ?? step.name, error.error_message) ? "admitted" : "swallowed";
    return follows(lastCall, over) ? "unknown" : "swallowed";
  };
}

function isAbsorbed(run: Run, tree: RunTree, step: Step): boolean {
  const above = absorbedBy(tree, step);
  if (!above) return false;
  if (above.kind !== "tool" && above.kind !== "retriever") return true;
  const { input, output } = run.contents(above);
  return output === null || (failureIn(above.tool ?? above.name, output, input) === null && emptiness(output) === null);
}

/** Under which names a later success makes up for a failure of the step. */
function likeKeys(run: Run, tree: RunTree, step: Step): string[] {
  const below = `below ${tree.parent(step)?.span_id ?? ""}`;
  if (step.kind !== "llm") return [`${step.kind} ${step.name} ${step.kind === "other" ? below : ""}`];
  const keys = [`llm ${below}`];
  if (step.agent !== null) keys.push(`llm of ${step.agent}`);
  const { last } = lastHeard(run, step);
  if (last) keys.push(`llm about ${last.key}`);
  return keys;
}

/** A plain HTTP request that was answered with an error: programs ask so whether something is there. */
function isProbe({ name, error_type: type }: Step): boolean {
  return /^(?:HTTPS? )?(?:GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE)\b/.test(name) || /^[45]\d\d$/.test(type ?? "");
}

function isRepaired(failed: ToolUse, uses: readonly ToolUse[]): boolean {
  const { error_message: message = null, error_type: type = null } = failed.failure ?? {};
  const isMistake = mistake.test(`${type ?? ""} ${message ?? ""}`);
  let looked = 0;
  const from = firstFrom(uses, failed.end_us);
  for (const later of uses.slice(from, from + mostLater)) {
    if (later.failure || later === failed || later.step?.end_us === null) continue;
    const isNext = looked++ === 0;
    const likeness = compareArguments(failed.input, later.input);
    if (later.name === failed.name) {
      if (likeness !== "other" || isFreeForm(failed.input)) return true;
      // a model that was told what is wrong with its arguments, and changed them
      if (isMistake && later.asked !== null) return true;
      if (isRead(failed.name) && isReworded(failed.input, later.input)) return true;
    } else if (
      isRead(failed.name) &&
      isRead(later.name) &&
      ((likeness === "same" && isNext) || (likeness !== "other" && shareWord(failed.name, later.name)))
    )
      return true;
  }
  return false;
}

/** The model that was told of the failure said so, and read what it needed in another way. */
function isReplaced(run: Run, failed: ToolUse, uses: readonly ToolUse[]): boolean {
  if (!isRead(failed.name)) return false;
  const from = firstFrom(uses, failed.end_us);
  const told = failed.heardBy ?? uses[from]?.asked;
  const message = failed.failure?.error_message ?? null;
  if (!told || !noticesFailure(wordsOfCall(run, told), { name: failed.name, message })) return false;
  return uses
    .slice(from, from + mostLater)
    .some(({ failure, name, output }) => !failure && isRead(name) && output !== null && emptiness(output) === null);
}

function firstFrom(uses: readonly ToolUse[], from_us: number): number {
  let [low, high] = [0, uses.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (!follows((uses[middle] as ToolUse).start_us, from_us)) low = middle + 1;
    else high = middle;
  }
  return low;
}

const mistake =
  /invalid|validation|must be|expected|required|missing (?:argument|parameter|field)|unknown (?:argument|parameter|column|field|tool)|no such (?:file|column|table|tool)|syntax|bad ?request|unprocessable|TypeError|ValueError|ZodError|schema|\b4(?:00|22)\b/i;

/** A command, a query or code: its next form is the model's answer to what went wrong. */
function isFreeForm(input: string | null): boolean {
  const fields = asFields(parseLoose((input ?? "").slice(0, 4_000)));
  return (
    fields !== null &&
    Object.keys(fields).some((key) => /^(?:command|cmd|code|script|sql|query_string|expression|shell)$/i.test(key))
  );
}

const readVerb =
  /search|find|get|fetch|query|look_?up|list|read|retrieve|recall|select|browse|scan|load|check|weather|price|rate/i;
const writeVerb =
  /create|update|delete|remove|send|write|post|put|set|refund|pay|charge|cancel|book|order_|submit|transfer|deploy|add|insert|notify|email|save|store|upload|approve|close|open/i;

function isRead(name: string): boolean {
  return readVerb.test(name) && !writeVerb.test(name);
}

/** Two names have a word that says more than get, fetch, api …; `search` does. */
function shareWord(a: string, b: string): boolean {
  const words = new Set(nameWords(a));
  return nameWords(b).some((word) => words.has(word));
}

function nameWords(name: string): string[] {
  const words =
    name
      .replace(/([a-z])([A-Z])/g, "$1 $2")
      .toLowerCase()
      .match(/[a-z]{3,}/g) ?? [];
  return words.filter(
    (word) => !/^(?:get|fetch|list|read|find|load|query|lookup|tool|api|the|all|info|data|by|for)$/.test(word),
  );
}
