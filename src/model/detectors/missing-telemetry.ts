/** What was not recorded, so that a diagnosis cannot be sure: one finding that lists it. */
import type { Finding } from "../diagnosis.js";
import { count, plural } from "../format.js";
import { joinPhrases, nameOf, type Phrase, phrase } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { endOf, treeOf } from "../run-tree.js";
import { modelOf } from "../step-phrase.js";
import { callsIn, isHandOver } from "../tool-uses.js";
import { isSilent } from "../unheard-call.js";

/** Clocks of one machine are not that far apart. */
const skew_us = 1_000_000;
/** Names that a sentence lists. */
const mostNames = 3;
const idsOfEach = 5;

type Gap = { what: Phrase; steps: Step[] };

export function detectMissingTelemetry(run: Run): Finding[] {
  const gaps = [...structure(run), ...calls(run)];
  if (gaps.length === 0) return [];
  const hasTimes = run.steps.some(({ end_us, status }) => end_us !== null || status === "running");
  return [
    {
      kind: "missing_telemetry",
      severity: hasTimes ? "info" : "warning",
      summary: phrase`Not recorded, or not surely: ${joinPhrases(
        gaps.map(({ what }) => what),
        "; ",
      )}.`,
      evidence: [...new Set(gaps.flatMap(({ steps }) => steps.slice(0, idsOfEach).map(({ span_id }) => span_id)))],
      saves: { ms: null, tokens: null, usd: null },
    },
  ];
}

function structure(run: Run): Gap[] {
  const { steps, omitted } = run;
  const gaps: Gap[] = [];
  const tree = treeOf(run);
  const orphans = omitted > 0 ? [] : steps.filter((step) => step.parent_span_id !== null && tree.parent(step) === null);
  if (orphans.length > 0)
    gaps.push({ what: phrase`${plural(orphans.length, "span")} whose parent never arrived`, steps: orphans });
  else if (run.trace.status === "incomplete") gaps.push({ what: phrase`the root span`, steps: [] });
  const skewed = steps.filter((step) => {
    const parent = tree.parent(step);
    if (parent === null) return false;
    return (
      step.start_us < parent.start_us - skew_us || (parent.end_us !== null && step.start_us > endOf(parent) + skew_us)
    );
  });
  if (skewed.length > 0)
    gaps.push({
      what: phrase`${plural(skewed.length, "span")} that began over 1 s outside of the span around it (clocks apart, or work that nobody waited for)`,
      steps: skewed,
    });
  const reversed = steps.filter((step) => step.end_us !== null && step.end_us < step.start_us);
  if (reversed.length > 0)
    gaps.push({ what: phrase`${plural(reversed.length, "span")} that ended before it began`, steps: reversed });
  return gaps;
}

function calls(run: Run): Gap[] {
  const gaps: Gap[] = [];
  const models = run.steps.filter((step) => step.call === "llm");
  const good = models.filter(({ status }) => status === "ok");
  const add = (found: Step[], what: (n: string) => Phrase) => {
    if (found.length > 0)
      gaps.push({ what: what(`${count(found.length)} of ${plural(good.length, "model call")}`), steps: found });
  };
  add(
    good.filter((step) => step.input_tokens === null && step.output_tokens === null),
    (n) => phrase`tokens of ${n}`,
  );
  // of two recordings of one call, one may have the messages
  const silent = good.filter((step) => step.kind === "llm" && isSilent(run, step));
  const isRepeated = run.steps.some((step) => step.kind === "llm" && step.call === null && !isSilent(run, step));
  if (!isRepeated) add(silent, (n) => phrase`messages of ${n}`);
  const unpriced = good.filter((step) => step.cost_usd === null && (step.input_tokens ?? step.output_tokens) !== null);
  if (unpriced.length > 0) {
    const names = unpriced.flatMap((step) => modelOf(step) ?? []);
    const of = names.length > 0 ? phrase` (${listed(names)})` : "";
    gaps.push({ what: phrase`the price of ${plural(unpriced.length, "model call")}${of}`, steps: unpriced });
  }
  const without = toolsWithoutSpans(run);
  if (without.length > 0)
    gaps.push({
      what: phrase`spans of tools that models asked for (${listed(without.map(({ name }) => name))})`,
      steps: without.map(({ step }) => step),
    });
  const twice = run.steps.filter((step) => (step.kind === "llm" || step.kind === "tool") && step.call === null);
  if (twice.length > 0)
    gaps.push({
      what: phrase`${plural(twice.length, "call")} recorded more than once, and counted once`,
      steps: twice,
    });
  return gaps;
}

function toolsWithoutSpans(run: Run): { name: string; step: Step }[] {
  const tools = run.steps.filter(({ kind }) => kind === "tool");
  const ids = new Set(tools.map((step) => run.contents(step).tool_call_id));
  const names = new Set(tools.map((step) => step.tool ?? step.name));
  const answered = new Set<string>();
  for (const step of run.steps)
    if (step.kind === "llm")
      for (const { message } of run.conversation(step).added)
        for (const part of message.parts)
          if (part.type === "tool_call_response" && part.id !== null) answered.add(part.id);
  return run.steps
    .filter(({ kind }) => kind === "llm")
    .flatMap((step) => callsIn(run, step).map(({ id, name }) => ({ id, name, step })))
    .filter(({ id, name }) => id !== null && answered.has(id) && !ids.has(id) && !names.has(name) && !isHandOver(name));
}

function listed(names: readonly string[]): Phrase {
  const different = [...new Set(names)];
  const shown = joinPhrases(
    different.slice(0, mostNames).map((name) => phrase`${nameOf(name)}`),
    ", ",
  );
  return different.length > mostNames ? phrase`${shown} and ${count(different.length - mostNames)} more` : shown;
}
