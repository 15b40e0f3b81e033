/** What came of a check: the verdict, what failed with its evidence, what cannot be told, and the rest in a line. */
import type * as z from "zod";
import type { CheckAnswer, CheckDetail, CheckedRule, CheckOutcome, CheckResult } from "../../model/check.js";
import { count, dotted, plural } from "../../model/format.js";
import { plainPhrase } from "../../model/phrase.js";
import { estimateTokens } from "../../model/tokens.js";
import { usualTokens } from "../arguments.js";
import { idText, inline } from "./fence.js";
import { phraseText } from "./phrase.js";

/** Outcomes a rule, details an outcome. */
type Extent = [outcomes: number, details: number];
/** The first ones only where a longer text is wanted. */
const extents: Extent[] = [
  [20, 5],
  [5, 3],
  [3, 2],
  [2, 1],
  [1, 1],
  [0, 0],
];
/** `complete`: whether everything that is known was said. */
export function checkText(result: CheckResult, budget: number): { text: string; complete: boolean } {
  let text = "";
  for (const extent of budget > usualTokens ? extents : extents.slice(2)) {
    text = lines(result, extent).join("\n");
    if (estimateTokens(text) <= budget) return { text, complete: isComplete(result, extent) };
  }
  return { text, complete: false };
}

/** `most`: outcomes of each rule. */
export function checkJson(result: CheckResult, most = Number.POSITIVE_INFINITY): z.infer<typeof CheckAnswer> {
  const { coverage, ...rest } = result;
  const rules = result.rules.map((rule) => {
    const outcomes = rule.outcomes.slice(0, most).map((outcome) => ({
      ...outcome,
      details: outcome.details.map(({ summary, evidence }) => ({ summary: plainPhrase(summary), evidence })),
    }));
    return { ...rule, outcomes, more: rule.more + rule.outcomes.length - outcomes.length };
  });
  return { ...rest, rules, coverage };
}

function lines(result: CheckResult, extent: Extent): string[] {
  if (result.verdict === "nothing_checked") return [headline(result)];
  const of = (status: CheckedRule["status"]) => result.rules.filter((rule) => rule.status === status);
  const never = of("never_applied");
  const passed = of("passed");
  const allowed = passed.filter(({ outcomes }) => outcomes.length > 0);
  return [
    headline(result),
    ...of("failed").flatMap((rule) => block(rule, "✗", result, extent)),
    ...of("cannot_tell").flatMap((rule) => block(rule, "?", result, extent)),
    never.length > 0 ? `- never applied, nothing that they are about happened: ${never.map(title).join("; ")}` : "",
    passed.length > 0 ? `✓ passed: ${passed.map(title).join("; ")}` : "",
    ...allowed.map((rule) => `  ${title(rule)}: ${tally(rule)}, as many as it allows`),
    result.running.length > 0 ? `still running: ${some(result.running, 5)}` : "",
  ].filter(Boolean);
}

function headline({ verdict, rules, failed_traces, coverage }: CheckResult): string {
  const runs = plural(coverage.returned, "run");
  const n = (status: CheckedRule["status"]) => rules.filter((rule) => rule.status === status).length;
  switch (verdict) {
    case "nothing_checked":
      return "NOTHING CHECKED: no run matched";
    case "passed":
      return `PASSED: ${rules.length > 1 ? "all " : ""}${plural(rules.length, "rule")}, ${runs}`;
    case "failed":
      return `FAILED: ${count(n("failed"))} of ${plural(rules.length, "rule")}, in ${count(failed_traces)} of ${runs}`;
    case "passed_in_part":
      return `PASSED IN PART: ${dotted([
        `${count(n("passed"))} of ${plural(rules.length, "rule")}`,
        n("cannot_tell") > 0 && `${count(n("cannot_tell"))} cannot be told`,
        n("never_applied") > 0 && `${count(n("never_applied"))} never applied`,
        runs,
      ])}`;
  }
}

const title = (rule: CheckedRule) => inline(rule.name, 100);

const nouns: Record<string, string> = { trace: "run", session: "session" };

function tally({ scope, counts }: CheckedRule): string {
  const all = counts.passed + counts.failed + counts.cannot_tell;
  const noun = nouns[scope];
  if (noun === undefined) return counts.failed > 0 ? "failed in all together" : "cannot be told of all together";
  return dotted([
    counts.failed > 0 && `failed in ${count(counts.failed)} of ${plural(all, noun)}`,
    counts.cannot_tell > 0 &&
      `cannot be told of ${count(counts.cannot_tell)}${counts.failed > 0 ? "" : ` of ${plural(all, noun)}`}`,
  ]);
}

function block(rule: CheckedRule, mark: string, { coverage }: CheckResult, [outcomes, details]: Extent): string[] {
  const alone = coverage.returned === 1 && rule.scope === "trace";
  const shown = rule.outcomes.slice(0, outcomes);
  const left = rule.outcomes.length - shown.length + rule.more;
  const head = `${mark} ${title(rule)}${alone ? (mark === "?" ? ": cannot be told" : "") : `: ${tally(rule)}`}`;
  return [
    head,
    ...shown.flatMap((outcome) => outcomeLines(outcome, alone, mark === "✗", details)),
    left > 0 ? `  … +${count(left)} more` : "",
  ].filter(Boolean);
}

function outcomeLines(outcome: CheckOutcome, alone: boolean, amongFailures: boolean, most: number): string[] {
  const of = outcome.trace_id
    ? `trace ${outcome.trace_id}`
    : outcome.session_id !== null
      ? `session ${idText(outcome.session_id)}`
      : "all together";
  const doubt = amongFailures && outcome.status === "cannot_tell" ? " cannot be told" : "";
  const shown = outcome.details.slice(0, most).map(detailText);
  const left = outcome.details.length - shown.length + outcome.more;
  const all = left > 0 ? [...shown, `… +${count(left)} more`] : shown;
  if (alone) return all.map((line) => `  ${line}`);
  return all.length === 1 ? [`  ${of}${doubt}: ${all[0]}`] : [`  ${of}${doubt}:`, ...all.map((line) => `    ${line}`)];
}

function detailText({ summary, evidence }: CheckDetail): string {
  const ids = evidence.length === 0 ? "" : ` · ${evidence.length > 1 ? "spans" : "span"} ${some(evidence, 3)}`;
  return `${phraseText(summary)}${ids}`;
}

function some(ids: readonly string[], most: number): string {
  const shown = ids.slice(0, most).join(", ");
  return ids.length > most ? `${shown} (+${count(ids.length - most)} more)` : shown;
}

function isComplete({ rules }: CheckResult, [outcomes, details]: Extent): boolean {
  return rules.every(
    ({ status, outcomes: all }) =>
      status === "passed" || (all.length <= outcomes && all.every((outcome) => outcome.details.length <= details)),
  );
}
