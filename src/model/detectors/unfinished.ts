/** Spans without an end: left behind by what is over, or by a process that is gone; or the run is still at work. */
import type { Finding } from "../diagnosis.js";
import { duration, plural } from "../format.js";
import { type Phrase, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { findAbove, type RunTree, treeOf } from "../run-tree.js";
import { stepPhrase } from "../step-phrase.js";

const mostEvidence = 50;

export function detectUnfinished(run: Run): Finding[] {
  const open = run.steps.filter(({ status }) => status === "running" || status === "abandoned");
  if (open.length === 0) return [];
  const tree = treeOf(run);
  const abandoned = open.filter(({ status }) => status === "abandoned");
  const [left, running]: [Step[], Step[]] = [[], []];
  for (const step of open) if (step.status === "running") (hasEndedAbove(tree, step) ? left : running).push(step);
  const findings: Finding[] = [];
  if (abandoned.length > 0) findings.push(abandonedFinding(tree, abandoned));
  if (left.length > 0) findings.push(leftFinding(tree, left));
  if (running.length > 0 && abandoned.length === 0) findings.push(runningFinding(tree, running));
  return findings;
}

function abandonedFinding(tree: RunTree, steps: Step[]): Finding {
  const isRoot = steps.some((step) => step.parent_span_id === null);
  const [last] = innermost(tree, steps) as [Step];
  const what = isRoot
    ? phrase`The process was gone before the run ended; it was at ${stepPhrase(last)}`
    : phrase`${stepPhrase(last)} never ended: its process was gone`;
  return finding(isRoot ? "critical" : "warning", phrase`${what}, ${since(tree, last)}${others(steps)}.`, [
    last,
    ...steps,
  ]);
}

function leftFinding(tree: RunTree, steps: Step[]): Finding {
  const [first] = innermost(tree, steps) as [Step];
  const above = findAbove(tree, first, ({ end_us }) => end_us !== null) as Step;
  const after = ((above.end_us ?? 0) - first.start_us) / 1000;
  const summary = phrase`${stepPhrase(first)} has no end although ${stepPhrase(above)} around it ended ${duration(Math.max(0, after))} after it began${others(steps)}: it hung, nobody waited for it, or its end was not recorded.`;
  return finding("warning", summary, [first, above, ...steps]);
}

function runningFinding(tree: RunTree, steps: Step[]): Finding {
  const [last] = innermost(tree, steps) as [Step];
  return finding("info", phrase`Still running: ${stepPhrase(last)}, ${since(tree, last)}${others(steps)}.`, [
    last,
    ...steps,
  ]);
}

function finding(severity: Finding["severity"], summary: Phrase, steps: Step[]): Finding {
  const evidence = [...new Set(steps.map(({ span_id }) => span_id))].slice(0, mostEvidence);
  return { kind: "unfinished", severity, summary, evidence, saves: { ms: null, tokens: null, usd: null } };
}

function hasEndedAbove(tree: RunTree, step: Step): boolean {
  return findAbove(tree, step, ({ status }) => status === "ok" || status === "error") !== null;
}

/** Those that hold no other open span, the latest first. */
function innermost(tree: RunTree, steps: Step[]): Step[] {
  const holding = new Set(steps.map((step) => tree.parent(step)));
  return steps.filter((step) => !holding.has(step)).sort((a, b) => b.start_us - a.start_us);
}

function since(tree: RunTree, step: Step): string {
  return `begun ${duration((step.start_us - tree.start_us) / 1000)} into the run`;
}

function others(steps: Step[]): string {
  return steps.length > 1 ? ` (${plural(steps.length, "span")} without an end in all)` : "";
}
