/** uses_result: what a tool returned is found again in what came later. */
import type { CheckDetail, RuleOf } from "../check.js";
import { firstIndex } from "../first-index.js";
import { count } from "../format.js";
import type { MessagePart } from "../message.js";
import { nameOf, type Phrase, phrase, recorded } from "../phrase.js";
import { jsonText } from "../read-part.js";
import type { Step } from "../run.js";
import { answerOf } from "./answer.js";
import { selectTools } from "./calls-rule.js";
import { findValue, parseJson, plainText, sameText, valuesAt } from "./json-values.js";
import type { RunCalls, ToolCall } from "./run-calls.js";
import { detail, judge, type Outcome, type Subject, unseenCalls } from "./subject.js";

type Rule = RuleOf<"uses_result">;
type Found = { failures: CheckDetail[]; doubts: CheckDetail[]; applied: number };

/** What a call returned; null = not recorded. Empty: it returned no such field. */
type Result = { call: ToolCall; values: string[] | null };

/** Characters that one rule looks through in one subject; a search costs as much as some dozens. */
const mostText = 500_000_000;
const searchCost = 50;

export function checkUse(rule: Rule, subject: Subject): Outcome {
  const found: Found = { failures: [], doubts: [], applied: 0 };
  const search = openSearch();
  const results = subject.runs
    .flatMap((run) => selectTools(run, { tool: rule.tool }))
    .filter((call) => !call.failed)
    .map((call): Result => ({ call, values: valuesOf(call, rule.field) }))
    .sort((a, b) => a.call.start_us - b.call.start_us);
  if (rule.in === "answer") inAnswer(rule, subject, results, search, found);
  else if (rule.in === "model") inModel(rule, subject, results, search, found);
  else inTool(rule, rule.in.tool, subject, results, search, found);
  if (search.exhausted()) found.doubts.push(detail(phrase`too much text to look through`));
  return judge({ ...found, doubts: [...found.doubts, ...unseenCalls(subject)] }, subject);
}

function valuesOf(call: ToolCall, field: string | undefined): string[] | null {
  const text = call.result();
  if (text === null) return null;
  if (field !== undefined) return valuesAt(parseJson(text), field);
  const whole = parseJson(text);
  return [typeof whole === "string" ? whole : sameText(text)].filter((value) => value !== "");
}

function openSearch() {
  let left = mostText;
  return {
    holds(text: string, value: string, from = 0): boolean {
      if (left < 0) return false;
      const found = findValue(text, value, from);
      left -= searchCost + (found < 0 ? text.length : found) - from;
      return found >= 0;
    },
    exhausted: () => left < 0,
  };
}
type Search = ReturnType<typeof openSearch>;

function inAnswer(rule: Rule, subject: Subject, results: Result[], search: Search, found: Found): void {
  if (results.length === 0) return;
  found.applied++;
  const last = subject.runs.at(-1) as RunCalls;
  const answer = answerOf(last);
  if (answer === null || "unknown" in answer) {
    found.doubts.push(
      answer === null ? detail(phrase`the answer was not recorded`) : detail(answer.unknown, answer.step),
    );
    return;
  }
  if ("none" in answer) {
    found.failures.push(detail(answer.none, answer.step));
    return;
  }
  const target = plainText(answer.text);
  settle(
    rule,
    results,
    (value) => search.holds(target, value),
    phrase`the answer`,
    detail(phrase``, answer.step),
    search,
    found,
  );
}

function inTool(rule: Rule, tool: string, subject: Subject, results: Result[], search: Search, found: Found): void {
  const ended = results.filter(({ call }) => call.end_us !== null);
  ended.sort((a, b) => (a.call.end_us as number) - (b.call.end_us as number));
  const earlier: Result[] = [];
  const calls = subject.runs.flatMap((run) => selectTools(run, { tool })).sort((a, b) => a.start_us - b.start_us);
  for (const call of calls) {
    if (search.exhausted()) return;
    found.applied++;
    for (let next = ended[earlier.length]; next && (next.call.end_us as number) <= call.start_us; )
      next = ended[earlier.push(next)];
    const given = call.arguments();
    const what = phrase`the arguments of ${nameOf(call.name)}`;
    if (earlier.length === 0)
      found.failures.push(
        detail(phrase`${nameOf(call.name)} was called before ${nameOf(rule.tool)} had returned anything`, call),
      );
    else if (given === null) found.doubts.push(detail(phrase`${what} not recorded`, call));
    else {
      const target = plainText(given);
      settle(rule, earlier, (value) => search.holds(target, value), what, detail(phrase``, call), search, found);
    }
  }
}

/** One of the results has to be there. */
function settle(
  rule: Rule,
  results: Result[],
  holds: (value: string) => boolean,
  what: Phrase,
  where: CheckDetail,
  search: Search,
  found: Found,
): void {
  // the newest first: most likely it is that
  for (let i = results.length - 1; i >= 0 && !search.exhausted(); i--) if (results[i]?.values?.some(holds)) return;
  if (search.exhausted()) return;
  const shown = results.slice(-3);
  const evidence = [...where.evidence, ...shown.map(({ call }) => call.step.span_id)];
  if (results.some(({ values }) => values === null))
    found.doubts.push({ summary: phrase`what ${nameOf(rule.tool)} returned is not recorded`, evidence });
  else
    found.failures.push({
      summary: phrase`${what} ${plain(what)} ${missing(rule, results.at(-1) as Result)}`,
      evidence,
    });
}

const plain = (what: Phrase) => (what.length > 1 ? "hold nothing of" : "holds nothing of");

/** The value that was looked for, where it is short enough to be told. */
function missing(rule: Rule, { values }: Result): Phrase {
  const field = rule.field === undefined ? "" : `.${rule.field}`;
  const tool = phrase`${nameOf(rule.tool + field)}`;
  if (values === null || values.length === 0)
    return phrase`${tool}, which ${rule.field === undefined ? "was empty" : "is not in the result"}`;
  const [value = ""] = values;
  const whole = rule.field === undefined && /^[[{]/.test(value) ? ": the result is JSON, say which field" : "";
  if (value.length > 2000) return phrase`${tool} (${count(value.length)} characters)${whole}`;
  return phrase`${tool} ${recorded(value)}${values.length > 1 ? ` (+${count(values.length - 1)} more)` : ""}${whole}`;
}

/** Each result has to reach a model that was called later. */
function inModel(rule: Rule, subject: Subject, results: Result[], search: Search, found: Found): void {
  const heard = readHeard(subject);
  for (const { call, values } of results) {
    if (search.exhausted()) return;
    found.applied++;
    if (values === null) {
      found.doubts.push(detail(phrase`what ${nameOf(call.name)} returned is not recorded`, call));
      continue;
    }
    const from = call.recorded ? call.end_us : call.start_us;
    const later = from === null ? undefined : firstFrom(heard.calls, from);
    if (later && values.some((value) => search.holds(heard.text, value, later.offset))) continue;
    if (search.exhausted()) return;
    const silent = from === null ? undefined : firstFrom(heard.silent, from);
    if (silent) found.doubts.push(detail(phrase`what a later model call was sent is not recorded`, call, silent.step));
    else found.failures.push(detail(phrase`no later model call was sent ${missing(rule, { call, values })}`, call));
  }
}

/** `offset`: where in the text begins what it was sent. */
type HeardCall = { step: Step; offset: number };

/** What models were sent, each message where it was new, in one text. */
function readHeard(subject: Subject): { text: string; calls: HeardCall[]; silent: HeardCall[] } {
  const parts: string[] = [];
  const calls: HeardCall[] = [];
  const silent: HeardCall[] = [];
  let offset = 0;
  const all = subject.runs.flatMap(({ run, models }) => models.map((step) => ({ run, step })));
  for (const { run, step } of all.sort((a, b) => a.step.start_us - b.step.start_us)) {
    if (step.call !== "llm") continue;
    const { continues, added } = run.conversation(step);
    const call = { step, offset };
    (continues === null && added.length === 0 ? silent : calls).push(call);
    for (const text of added.flatMap(({ message }) => message.parts.map(textOf))) {
      parts.push(text);
      offset += text.length + 1;
    }
  }
  return { text: parts.join("\n"), calls, silent };
}

/** The first that began then or later. */
function firstFrom(calls: readonly HeardCall[], time: number): HeardCall | undefined {
  return calls[firstIndex(calls, ({ step }) => step.start_us >= time)];
}

function textOf(part: MessagePart): string {
  switch (part.type) {
    case "tool_call":
      return plainText(jsonText(part.arguments));
    case "tool_call_response":
      return plainText(jsonText(part.response));
    case "media":
      return part.summary;
    default:
      return part.content;
  }
}
