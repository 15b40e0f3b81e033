/** Two groups of runs, compared. */
import type { GroupComparison, GroupFigures, Separator, StepRow } from "../../model/comparison.js";
import { count, duration, money, plural } from "../../model/format.js";
import { plainPhrase } from "../../model/phrase.js";
import { estimateTokens } from "../../model/tokens.js";
import { jsonFit, jsonText } from "../json-answer.js";
import { callText, coverageLine } from "./coverage.js";
import { idText, nameText } from "./fence.js";
import { phraseText } from "./phrase.js";

/** Rows of tools and models, and things with example ids, in a text. */
const mostSteps = 8;
const withExamples = 3;

export function groupJson(found: GroupComparison, budget: number): string {
  const { verdict, separators, steps, coverage, ...rest } = found;
  const told = separators.map((each) => ({ ...each, summary: plainPhrase(each.summary) }));
  const answer = (fit: number) => ({
    verdict: plainPhrase(verdict),
    ...{ a: rest.a, b: rest.b },
    separators: told,
    compared: rest.compared,
    shared_runs: rest.shared_runs,
    steps: steps.slice(0, fit),
    sampled: rest.sampled,
    coverage:
      fit < steps.length
        ? {
            ...coverage,
            notes: [...coverage.notes, `${plural(steps.length - fit, "row")} of steps cut by max_tokens ${budget}`],
          }
        : coverage,
  });
  return jsonText(answer(jsonFit(steps, budget - estimateTokens(jsonText(answer(0))) - 20)));
}

export function groupText(found: GroupComparison, budget: number): string {
  const { coverage, separators } = found;
  const head = [phraseText(found.verdict), ...sharedLine(found)];
  const examples = nextCall(separators);
  const tail = (cut: number) =>
    coverageLine({
      coverage,
      noun: "run",
      cut: cut > 0 ? `${plural(cut, "line")} cut by max_tokens ${budget}` : null,
      unpriced: found.a.unpriced_calls + found.b.unpriced_calls,
      next: examples,
    });
  const lines = [...separators.map(separatorLine), ...figureLines(found), ...stepLines(found)];
  let room = budget - estimateTokens(head.join("\n")) - estimateTokens(tail(lines.length)) - 10;
  let fit = 0;
  for (; fit < lines.length; fit++) {
    room -= estimateTokens(lines[fit] as string) + 1;
    if (room < 0) break;
  }
  return [...head, ...lines.slice(0, fit), tail(lines.length - fit)].join("\n");
}

function sharedLine({ shared_runs, a, b }: GroupComparison): string[] {
  if (shared_runs === 0 || (a.runs === shared_runs && b.runs === shared_runs)) return [];
  return [`${plural(shared_runs, "run")} ${shared_runs === 1 ? "is" : "are"} in both groups`];
}

function separatorLine({ summary, p, sure, a, b }: Separator, index: number): string {
  const chance = sure ? `p ${probability(p)}` : "not proven: too few runs";
  const ids = [
    ...(a.trace_ids[0] ? [`a ${idText(a.trace_ids[0])}`] : []),
    ...(b.trace_ids[0] ? [`b ${idText(b.trace_ids[0])}`] : []),
  ];
  const examples = index < withExamples && ids.length > 0 ? ` · e.g. ${ids.join(", ")}` : "";
  return `${index + 1}. ${phraseText(summary)} · ${chance}${examples}`;
}

function probability(p: number): string {
  return p < 0.0001 ? "< 0.0001" : String(Number(p.toPrecision(2)));
}

function figureLines({ a, b }: GroupComparison): string[] {
  const unknown = "–";
  const known = (value: number | null, text: (value: number) => string) => (value === null ? unknown : text(value));
  const columns: [string, (of: GroupFigures) => string][] = [
    ["runs", (of) => count(of.runs)],
    [
      "failed",
      (of) => (of.runs === 0 ? unknown : `${count(of.failed)} (${Math.round((100 * of.failed) / of.runs)} %)`),
    ],
    ["p50", (of) => known(of.duration_p50_ms, duration)],
    ["p95", (of) => known(of.duration_p95_ms, duration)],
    ["in tok", (of) => known(of.mean_input_tokens, whole)],
    ["of it cached", (of) => known(of.mean_cached_tokens, whole)],
    ["out tok", (of) => known(of.mean_output_tokens, whole)],
    ["cost", (of) => known(of.mean_cost_usd, money)],
    ["model calls", (of) => known(of.mean_llm_calls, count)],
    ["errors", (of) => known(of.mean_errors, count)],
  ];
  const shown = columns.filter(([, text]) => text(a) !== unknown || text(b) !== unknown);
  return [
    `group | ${shown.map(([title]) => title).join(" | ")} (tokens to errors: mean of a run)`,
    ...(
      [
        ["a", a],
        ["b", b],
      ] as const
    ).map(([name, of]) => `${name} | ${shown.map(([, text]) => text(of)).join(" | ")}`),
  ];
}

const whole = (value: number) => count(Math.round(value));

function stepLines({ a, b, steps, sampled }: GroupComparison): string[] {
  if (steps.length === 0) return [];
  const of = (looked: number, runs: number) => (looked === runs ? count(runs) : `${count(looked)} of ${count(runs)}`);
  const title = `tools and models in ${of(sampled.a, a.runs)} runs of a, ${of(sampled.b, b.runs)} of b, each a → b | calls a run | p50 | p95 | errors`;
  const rest = steps.length - mostSteps;
  return [title, ...steps.slice(0, mostSteps).map(stepLine), ...(rest > 0 ? [`… +${rest} more in format "json"`] : [])];
}

function stepLine({ kind, name, a, b }: StepRow): string {
  const both = (text: (of: StepRow["a"]) => string) => (text(a) === text(b) ? text(a) : `${text(a)} → ${text(b)}`);
  const ms = (value: number | null) => (value === null ? "–" : duration(value));
  return [
    `${kind === "llm" ? "model" : kind} ${nameText(name)}`,
    both((of) => count(of.calls_per_run)),
    both((of) => ms(of.p50_ms)),
    both((of) => ms(of.p95_ms)),
    both((of) => (of.errors === 0 ? "0" : `${count(of.errors)} of ${count(of.calls)}`)),
  ].join(" | ");
}

/** One run of each side, to look at what the difference is. */
function nextCall(separators: Separator[]): string | null {
  for (const { a, b } of separators) {
    const [inA, inB] = [a.trace_ids[0], b.trace_ids[0]];
    if (inA && inB && inA !== inB) return callText("compare_traces", { a: inA, b: inB });
  }
  const only = separators.flatMap(({ a, b }) => [...a.trace_ids, ...b.trace_ids])[0];
  return only === undefined ? null : callText("diagnose_trace", { trace_id: only });
}
