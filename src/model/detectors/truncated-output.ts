/** Answers that were cut off at a limit of tokens, or withheld by a filter. */
import { lastAnswer } from "../answers.js";
import type { Finding } from "../diagnosis.js";
import { count, plural } from "../format.js";
import { nameOf, type Phrase, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { endOf, findAbove, treeOf } from "../run-tree.js";
import { stepPhrase } from "../step-phrase.js";
import { callsIn } from "../tool-uses.js";
import { limitFindings } from "./limit-findings.js";

/** Who asks for that few tokens wants a word, and gets it. */
const fewTokens = 16;

type Reason = "length" | "content_filter";

export function detectTruncatedOutputs(run: Run): Finding[] {
  const tree = treeOf(run);
  const answers = new Set([lastAnswer(run), ...lastOfAgents(run)]);
  const cut = run.steps.flatMap((step) => {
    const reason = step.kind === "llm" && step.call === "llm" ? reasonOf(run, step) : null;
    return reason === null ? [] : [{ step, reason }];
  });
  const findings: Finding[] = [];
  const minor: Step[] = [];
  for (const { step, reason } of cut) {
    const broken = reason === "length" ? brokenCall(run, step) : null;
    if (broken === null && (!answers.has(step) || (reason === "length" && isShortByWish(run, step)))) {
      minor.push(step);
      continue;
    }
    const agent = findAbove(tree, step, ({ kind }) => kind === "agent");
    const whose: Phrase =
      step === lastAnswer(run)
        ? phrase`the run's last answer`
        : agent
          ? phrase`the last answer of ${stepPhrase(agent)}`
          : phrase`an answer`;
    const what =
      reason === "length" ? cutPhrase(run, step) : phrase`was withheld or refused (finish reason content_filter)`;
    const summary =
      broken === null
        ? phrase`${stepPhrase(step)} ${what}: it is ${whose}.`
        : phrase`${stepPhrase(step)} ${what}, in the middle of its call of tool ${nameOf(broken)}, whose arguments are no JSON.`;
    findings.push(finding("warning", summary, [step]));
  }
  const [first] = minor;
  if (first)
    findings.push(
      finding(
        "info",
        phrase`${plural(minor.length, "model call")} stopped at a limit of tokens or by a filter, and the run went on.`,
        minor,
      ),
    );
  return limitFindings(findings, "answer");
}

function finding(severity: Finding["severity"], summary: Phrase, steps: Step[]): Finding {
  return {
    kind: "truncated_output",
    severity,
    summary,
    evidence: steps.slice(0, 50).map(({ span_id }) => span_id),
    saves: { ms: null, tokens: null, usd: null },
  };
}

function reasonOf(run: Run, step: Step): Reason | null {
  const { finish_reason, said } = run.contents(step);
  const reason = finish_reason ?? said.findLast((message) => message.finish_reason)?.finish_reason ?? null;
  if (reason === null) return null;
  if (/length|max.?(?:output.?)?tokens|token.?limit|context.?window/i.test(reason)) return "length";
  return /content.?filter|refusal|safety|guardrail|prohibited|blocklist|recitation|spii/i.test(reason)
    ? "content_filter"
    : null;
}

function cutPhrase(run: Run, step: Step): Phrase {
  const tokens = step.output_tokens === null ? phrase`` : phrase` after ${count(step.output_tokens)} tokens`;
  const limit = limitOf(run, step);
  const asked = limit === null ? "" : ` (asked for at most ${count(limit)})`;
  const isSilent = run.contents(step).said.every(({ parts }) => parts.every(({ type }) => type === "reasoning"));
  const thinking = (step.reasoning_tokens ?? 0) > 0 && isSilent ? ", all of them reasoning" : "";
  return phrase`was cut off at its limit of tokens${tokens}${asked}${thinking}`;
}

function limitOf(run: Run, step: Step): number | null {
  const { parameters } = run.contents(step);
  for (const name of [
    "max_tokens",
    "max_output_tokens",
    "max_completion_tokens",
    "maxTokens",
    "maxOutputTokens",
    "num_predict",
  ]) {
    const limit = Number(parameters[name] ?? Number.NaN);
    if (limit > 0) return limit;
  }
  return null;
}

function isShortByWish(run: Run, step: Step): boolean {
  return (limitOf(run, step) ?? step.output_tokens ?? fewTokens + 1) <= fewTokens;
}

/** The tool whose call was cut: its arguments are text that is no JSON. */
function brokenCall(run: Run, step: Step): string | null {
  const call = callsIn(run, step).find(({ arguments: given }) => typeof given === "string" && /^\s*[[{]/.test(given));
  return call ? call.name : null;
}

/** For each agent span, the last model call right below it when that is not followed by a tool. */
function lastOfAgents(run: Run): Step[] {
  const tree = treeOf(run);
  const last = new Map<Step, Step>();
  for (const step of run.steps) {
    if (step.call !== "llm" && step.kind !== "tool") continue;
    const agent = findAbove(tree, step, ({ kind }) => kind === "agent");
    const known = agent && last.get(agent);
    if (agent && (!known || endOf(step) >= endOf(known))) last.set(agent, step);
  }
  return [...last.values()].filter(({ kind }) => kind === "llm");
}
