/** uses_result: what a tool returned is found again in what came later. */
import type { CheckDetail, RuleOf } from "../check.js";
import { count } from "../format.js";
import type { MessagePart } from "../message.js";
import { nameOf, type Phrase, phrase, recorded } from "../phrase.js";
import { jsonText } from "../read-part.js";
import { answerOf } from "./answer.js";
import { selectTools } from "./calls-rule.js";
import { holdsValue, parseJson, plainText, sameText, valuesAt } from "./json-values.js";
import type { RunCalls, ToolCall } from "./run-calls.js";
import { detail, judge, type Outcome, type Subject, unseenCalls } from "./subject.js";

type Rule = RuleOf<"uses_result">;
type Found = { failures: CheckDetail[]; doubts: CheckDetail[]; applied: number };

/** What a call returned; null = not recorded. Empty: it returned no such field. */
type Result = { call: ToolCall; values: string[] | null };

/** Characters that one rule looks through in one subject. */
const mostText = 100_000_000;

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
  const values = field === undefined ? [sameText(text)] : valuesAt(parseJson(text), field);
  return values.filter((value) => value !== "");
}

function openSearch() {
  let left = mostText;
  return {
    holds(text: string, value: string): boolean {
      left -= text.length;
      return left >= 0 && holdsValue(text, value);
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
  for (const call of subject.runs.flatMap((run) => selectTools(run, { tool }))) {
    found.applied++;
    const earlier = results.filter(
      (result) => result.call !== call && result.call.end_us !== null && result.call.end_us <= call.start_us,
    );
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
  if (results.some(({ values }) => values?.some(holds)) || search.exhausted()) return;
  const shown = results.slice(-3);
  const evidence = [...where.evidence, ...shown.map(({ call }) => call.step.span_id)];
  const unknown = results.filter(({ values }) => values === null);
  if (unknown.length > 0)
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
  for (const { call, values } of results) {
    found.applied++;
    if (values === null) {
      found.doubts.push(detail(phrase`what ${nameOf(call.name)} returned is not recorded`, call));
      continue;
    }
    const from = call.recorded ? call.end_us : call.start_us;
    const later = subject.runs.flatMap(({ run, models }) =>
      models
        .filter((step) => step.call === "llm" && from !== null && step.start_us >= from)
        .map((step) => ({ run, step })),
    );
    const heard = later.some(({ run, step }) =>
      run
        .conversation(step)
        .added.some(({ message }) =>
          message.parts.some((part) => values.some((value) => search.holds(textOf(part), value))),
        ),
    );
    if (heard || search.exhausted()) continue;
    const [silent] = later.filter(({ run, step }) => run.heard(step).length === 0);
    if (silent !== undefined)
      found.doubts.push(detail(phrase`what a later model call was sent is not recorded`, call, silent.step));
    else found.failures.push(detail(phrase`no later model call was sent ${missing(rule, { call, values })}`, call));
  }
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
