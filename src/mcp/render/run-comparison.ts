/** Two runs, compared. */
import type { RunComparison, StepPair } from "../../model/comparison.js";
import { costFigures, dotted, duration, plural, tokenFigures } from "../../model/format.js";
import { plainPhrase } from "../../model/phrase.js";
import type { TraceSummary } from "../../model/summary.js";
import { estimateTokens } from "../../model/tokens.js";
import { largerBudget } from "../arguments.js";
import { jsonFit, jsonText, shortened } from "../json-answer.js";
import type { ToolContext } from "../tool.js";
import { callText, coverageLine } from "./coverage.js";
import { idText, nameText } from "./fence.js";
import { phraseText } from "./phrase.js";

/** Steps of which only the wording differs are listed up to so many, and folded beyond. */
const mostWordings = 6;
/** Steps in a row that are named. */
const mostNamed = 6;

export function runJson(found: RunComparison, budget: number): string {
  const [a, b] = [shortened(found.a, budget * 0.2), shortened(found.b, budget * 0.2)];
  const allGiven = found.given.map((each) => ({ ...each, summary: plainPhrase(each.summary) }));
  const given = allGiven.slice(0, jsonFit(allGiven, budget * 0.2));
  const steps = found.steps.map((step) => ({
    ...step,
    summary: plainPhrase(step.summary),
    changes: step.changes.map((change) => ({ ...change, summary: plainPhrase(change.summary) })),
  }));
  const answer = (fit: number) => {
    const returned = steps.slice(0, fit).reduce((sum, step) => sum + step.steps, 0);
    const isCut = fit < steps.length || given.length < allGiven.length;
    const cut = isCut ? [`cut by max_tokens ${budget}`] : [];
    return {
      verdict: plainPhrase(found.verdict),
      a,
      b,
      given,
      steps: steps.slice(0, fit),
      coverage: { ...found.coverage, returned, notes: [...found.coverage.notes, ...cut] },
    };
  };
  return jsonText(answer(jsonFit(steps, budget - estimateTokens(jsonText(answer(0))) - 20)));
}

export function runText(found: RunComparison, budget: number, context: ToolContext): string {
  const { coverage } = found;
  const head = [phraseText(found.verdict, 200), runLine("a", found.a), runLine("b", found.b)];
  const given = found.given.map((each) => {
    const of = each.agent === null ? "" : ` of ${nameText(each.agent)}`;
    const spans = each.b[0] === undefined ? "" : ` · e.g. span ${idText(each.b[0])}`;
    return `given${of}, ${phraseText(each.summary)} · ${plural(each.b.length, "call")}${spans}`;
  });
  const entries = folded(found.steps);
  const title =
    "steps of a → b (= equal, ~ changed, + only in b, - only in a, > elsewhere in b), with span ids of b, or a and b";
  const tail = (returned: number) => {
    const isCut = returned < coverage.matched;
    const more = { ...context.given, max_tokens: largerBudget(budget) };
    return coverageLine({
      coverage: { ...coverage, returned },
      noun: "step",
      cut: isCut ? `cut by max_tokens ${budget}` : null,
      unpriced: found.a.unpriced_calls + found.b.unpriced_calls,
      next: isCut ? callText("compare_traces", more) : null,
    });
  };
  const lines = [
    ...given.map((text) => ({ text, steps: 0 })),
    ...(entries.length > 0 ? [{ text: title, steps: 0 }] : []),
    ...entries,
  ];
  let room = budget - estimateTokens(head.join("\n")) - estimateTokens(tail(0)) - 10;
  const shown: string[] = [];
  let returned = 0;
  for (const { text, steps } of lines) {
    room -= estimateTokens(text) + 1;
    if (room < 0) break;
    shown.push(text);
    returned += steps;
  }
  return [...head, ...shown, tail(returned)].join("\n");
}

function runLine(name: string, trace: TraceSummary): string {
  return dotted([
    `${name}: ${idText(trace.trace_id)} ${trace.status === "error" ? "ERROR" : trace.status}`,
    trace.duration_ms === null ? "not ended" : duration(trace.duration_ms),
    plural(trace.llm_calls, "model call"),
    tokenFigures(trace),
    costFigures(trace),
    plural(trace.error_count, "error"),
  ]);
}

const isWording = ({ match, changes }: StepPair) =>
  match === "changed" && changes.every(({ what }) => what === "reply" || what === "result");

/** Lines, and how many steps each stands for. With many steps that only say it in other words, those join the equal ones around them. */
function folded(steps: readonly StepPair[]): { text: string; steps: number }[] {
  const foldsWordings = steps.filter(isWording).length > mostWordings;
  const lines: { text: string; steps: number }[] = [];
  let [equal, worded] = [0, 0];
  let only: StepPair[] = [];
  const flush = () => {
    const text = dotted([equal > 0 && `${plural(equal, "step")} equal`, worded > 0 && `${worded} worded otherwise`]);
    if (text !== "") lines.push({ text: `= ${text}`, steps: equal + worded });
    if (only.length > 0) lines.push({ text: onlyLine(only), steps: only.length });
    [equal, worded, only] = [0, 0, []];
  };
  for (const step of steps) {
    const isWorded = foldsWordings && isWording(step);
    const isOnly = step.match === "only_a" || step.match === "only_b";
    if (isOnly ? only[0]?.match !== step.match : only.length > 0 || !(isWorded || step.match === "equal")) flush();
    if (isOnly) only.push(step);
    else if (step.match === "equal") equal += step.steps;
    else if (isWorded) worded++;
    else lines.push({ text: stepLine(step), steps: 1 });
  }
  flush();
  return lines;
}

const marks: Record<StepPair["match"], string> = { equal: "=", changed: "~", moved: ">", only_a: "-", only_b: "+" };

function stepLine({ match, summary, changes, a, b }: StepPair): string {
  const said = changes.map((change) => `${change.what} ${phraseText(change.summary, 100)}`);
  const ids = [a, b].flatMap((id) => (id === null ? [] : [idText(id)])).join(", ");
  return `${marks[match]} ${phraseText(summary)}${said.length > 0 ? `: ${said.join("; ")}` : ""} · ${ids}`;
}

/** Steps in a row that only one run has. */
function onlyLine(steps: readonly StepPair[]): string {
  const named = steps
    .slice(0, mostNamed)
    .map(({ summary, a, b }) => `${phraseText(summary)} · ${idText((b ?? a) as string)}`);
  const rest = steps.length - mostNamed;
  return `${marks[steps[0]?.match ?? "only_a"]} ${named.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
