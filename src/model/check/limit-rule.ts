/** limit: figures stay below a ceiling; one that is not known does not pass. */
import type { CheckDetail, RuleOf } from "../check.js";
import { count, duration, money, plural } from "../format.js";
import { nameOf, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { modelOf } from "../step-phrase.js";
import { orderTopDown } from "../trace-order.js";
import { selectAgents, selectModels, selectTools } from "./calls-rule.js";
import { toolName } from "./run-calls.js";
import { detail, judge, type Outcome, type Subject } from "./subject.js";

type Rule = RuleOf<"limit">;
type Of = Rule["of"];

/** `known`: what is certain of it, so that it is at least that; `unknown`: how many calls it lacks, `example` one of them. */
type Figure = { known: number; unknown: number; example: Step | undefined };

export function checkLimit(rule: Rule, subject: Subject): Outcome {
  const each = rule.tool !== undefined || rule.model !== undefined || rule.agent !== undefined;
  return each ? checkEach(rule, subject) : checkWhole(rule, subject);
}

function checkWhole(rule: Rule, subject: Subject): Outcome {
  const runs = subject.runs.map(({ run }) => run);
  const figures = runs.map((run) => (rule.of === "duration_ms" ? elapsed(run) : used(run, rule.of)));
  const known = figures.reduce((sum, figure) => sum + figure.known, 0);
  const unknown = figures.reduce((sum, figure) => sum + figure.unknown, 0);
  const examples = figures.flatMap(({ example }) => example ?? []);
  if (exceeds(known, rule.max)) {
    const least = unknown > 0 ? "at least " : "";
    const largest = rule.of === "duration_ms" ? runs.flatMap(roots).slice(0, 3) : largestCalls(runs, rule.of);
    const [top] = largest;
    const share =
      top && rule.of !== "duration_ms" && runs.length === 1 && largest.length > 1 ? ownFigure(top, rule.of) : null;
    const most = share ? phrase`, ${figureText(rule.of, share)} of it in one call` : phrase``;
    const summary = phrase`${least}${figureText(rule.of, known)}${runs.length > 1 ? ` in ${plural(runs.length, "run")}` : ""}${most}, at most ${figureText(rule.of, rule.max)} allowed`;
    return judge({ failures: [detail(summary, ...largest)], doubts: [], applied: 1 }, subject);
  }
  const doubts = unknown > 0 ? [lacking(rule.of, unknown, known, examples)] : [];
  return judge({ failures: [], doubts, applied: runs.length }, subject);
}

function checkEach(rule: Rule, subject: Subject): Outcome {
  const failures: { over: number; detail: CheckDetail }[] = [];
  const doubts: CheckDetail[] = [];
  let applied = 0;
  for (const calls of subject.runs) {
    const below = rule.of === "duration_ms" ? null : usedBelow(calls.run, rule.of);
    const judgeCall = (step: Step, name: string, { known, unknown }: Figure) => {
      applied++;
      if (exceeds(known, rule.max)) {
        const summary = phrase`${nameOf(name)}: ${figureText(rule.of, known)}, at most ${figureText(rule.of, rule.max)} allowed`;
        failures.push({ over: known, detail: detail(summary, step) });
      } else if (unknown > 0) doubts.push(detail(phrase`${nameOf(name)}: ${unknownText(rule.of)}`, step));
    };
    const figureOf = (step: Step): Figure =>
      below?.(step) ??
      (step.end_us === null ? lacksAll(step) : { known: lasted(step), unknown: 0, example: undefined });
    if (rule.tool !== undefined)
      for (const call of selectTools(calls, { tool: rule.tool }))
        judgeCall(call.step, call.name, call.recorded ? figureOf(call.step) : lacksAll(call.step));
    else {
      const steps = rule.model !== undefined ? selectModels(calls, { model: rule.model }) : selectAgents(calls, rule);
      for (const step of steps) {
        const name = rule.model !== undefined ? modelOf(step) : step.agent;
        judgeCall(step, name ?? toolName(step), figureOf(step));
      }
    }
  }
  failures.sort((a, b) => b.over - a.over);
  return judge({ failures: failures.map((each) => each.detail), doubts, applied }, subject);
}

/** Sums of binary fractions end in noise. */
const exceeds = (figure: number, max: number) => figure > max * (1 + 1e-9);

const lacksAll = (step: Step | undefined): Figure => ({ known: 0, unknown: 1, example: step });

const lasted = (step: Step) => Math.max(0, (step.end_us as number) - step.start_us) / 1000;

function roots(run: Run): Step[] {
  const found = run.steps.filter((step) => step.parent_span_id === null);
  return (found.length > 0 ? found : run.steps).slice(0, 1);
}

/** From the first start to the last end. */
function elapsed(run: Run): Figure {
  return run.trace.duration_ms === null
    ? lacksAll(roots(run)[0])
    : { known: Math.max(0, run.trace.duration_ms), unknown: 0, example: undefined };
}

function ownFigure(step: Step, of: Exclude<Of, "duration_ms">): number | null {
  if (of === "cost_usd") return step.cost_usd;
  if (of === "input_tokens") return step.input_tokens;
  // embeddings have none
  const output = step.call === "embedding" ? (step.output_tokens ?? 0) : step.output_tokens;
  if (of === "output_tokens") return output;
  return step.input_tokens === null || output === null ? null : step.input_tokens + output;
}

const hasUsage = (step: Step) => step.counted && step.call !== "tool";

/** A call that used something, or may have: a failed one that tells nothing used nothing that is known. */
const mayHaveUsed = (step: Step) =>
  step.call !== null && (step.status === "ok" || step.input_tokens !== null || step.output_tokens !== null);

function used(run: Run, of: Exclude<Of, "duration_ms">): Figure {
  const below = usedBelow(run, of);
  const { parent } = orderTopDown(run.steps);
  const figures = run.steps.filter((_, index) => parent[index] === -1).map(below);
  return {
    known: figures.reduce((sum, figure) => sum + figure.known, 0),
    unknown: figures.reduce((sum, figure) => sum + figure.unknown, 0),
    example: figures.find(({ example }) => example)?.example,
  };
}

/** What a step and all below it used, each call once. */
function usedBelow(run: Run, of: Exclude<Of, "duration_ms">): (step: Step) => Figure {
  const { order, parent } = orderTopDown(run.steps);
  const sums = new Float64Array(run.steps.length);
  const lacks = new Int32Array(run.steps.length);
  const example = new Int32Array(run.steps.length).fill(-1);
  // a parent that reports for calls without figures of their own
  const reported = new Uint8Array(run.steps.length);
  for (const i of order) {
    const step = run.steps[i] as Step;
    const above = parent[i] as number;
    const own = hasUsage(step) ? ownFigure(step, of) : null;
    reported[i] = own !== null && step.call === null ? 1 : above < 0 ? 0 : (reported[above] as number);
    sums[i] = own ?? 0;
    if (own === null && hasUsage(step) && step.end_us !== null && mayHaveUsed(step) && reported[i] === 0) {
      lacks[i] = 1;
      example[i] = i;
    }
  }
  for (let k = order.length - 1; k >= 0; k--) {
    const i = order[k] as number;
    const above = parent[i] as number;
    if (above < 0) continue;
    sums[above] = (sums[above] as number) + (sums[i] as number);
    lacks[above] = (lacks[above] as number) + (lacks[i] as number);
    if (example[above] === -1) example[above] = example[i] as number;
  }
  const indexOf = new Map(run.steps.map((step, index) => [step, index]));
  return (step) => {
    const i = indexOf.get(step) as number;
    return { known: sums[i] as number, unknown: lacks[i] as number, example: run.steps[example[i] as number] };
  };
}

function largestCalls(runs: readonly Run[], of: Exclude<Of, "duration_ms">): Step[] {
  const calls = runs.flatMap((run) => run.steps.filter((step) => hasUsage(step) && ownFigure(step, of) !== null));
  return calls.sort((a, b) => (ownFigure(b, of) as number) - (ownFigure(a, of) as number)).slice(0, 3);
}

function lacking(of: Of, unknown: number, known: number, examples: Step[]): CheckDetail {
  if (of === "duration_ms") return detail(phrase`${unknownText(of)}`, ...examples.slice(0, 3));
  const what = of === "cost_usd" ? "the cost" : "the tokens";
  const rest = known > 0 ? ` beside the ${figureText(of, known)} of the others` : "";
  return detail(phrase`${what} of ${plural(unknown, "call")} not known${rest}`, ...examples.slice(0, 3));
}

function unknownText(of: Of): string {
  if (of === "duration_ms") return "how long it took is not known";
  return of === "cost_usd" ? "its cost is not known" : "its tokens are not known";
}

function figureText(of: Of, value: number): string {
  if (of === "duration_ms") return duration(value);
  if (of === "cost_usd") return money(value);
  const kind = { input_tokens: "input ", output_tokens: "output ", total_tokens: "" }[of];
  return `${count(value)} ${kind}tokens`;
}
