/** Results that a model asked for and never got. */
import type { Finding } from "../diagnosis.js";
import { duration, plural } from "../format.js";
import { lastHeard } from "../last-heard.js";
import type { Message } from "../message.js";
import { nameOf, phrase } from "../phrase.js";
import { messageText } from "../read-message.js";
import type { Run, Step } from "../run.js";
import { endOf, follows, type RunTree, stepsFrom, treeOf } from "../run-tree.js";
import { callsIn, isHandOver, type ToolUse, toolUses } from "../tool-uses.js";
import { limitFindings } from "./limit-findings.js";

/** Results are looked for by their beginning, without what quoting changes. */
const sampleLength = 40;
/** Later calls that are looked at for one result. */
const mostCalls = 50;
/** Messages that are searched in all. */
const mostText = 2_000_000;

/** Only of calls that a model asked for: what a program does with its own is not recorded. */
export function detectIgnoredResults(run: Run): Finding[] {
  const byName = new Map<string, { use: ToolUse; next: Step }[]>();
  let searched = 0;
  const tree = treeOf(run);
  const textsAfter = new Map<Step, string>();
  for (const use of toolUses(run)) {
    if (!use.step || !use.asked || use.heardBy || use.failure || isHandOver(use.name)) continue;
    const next = nextCall(run, tree, use, use.asked);
    if (!next) continue;
    const sample = plain(use.output ?? "").slice(0, sampleLength);
    if (sample.length >= 4) {
      if (searched > mostText) continue;
      const texts = textsAfter.get(use.asked) ?? laterTexts(run, use.asked);
      textsAfter.set(use.asked, texts);
      searched += texts.length;
      if (texts.includes(sample)) continue;
    }
    const known = byName.get(use.name);
    if (known) known.push({ use, next });
    else byName.set(use.name, [{ use, next }]);
  }
  const findings = [...byName].map(([name, ignored]): Finding => {
    const steps = ignored.map(({ use }) => use.step as Step);
    const ms = steps.reduce((sum, step) => sum + (endOf(step) - step.start_us) / 1000, 0);
    const late = ignored.filter(({ use, next }) => use.step?.end_us === null || !follows(next.start_us, use.end_us));
    const why = late.length === ignored.length ? "the next call did not wait for it" : "no later call was sent it";
    return {
      kind: "ignored_result",
      severity: "warning",
      summary: phrase`A model asked for tool ${nameOf(name)}${steps.length > 1 ? ` ${plural(steps.length, "time")}` : ""} and never got the result: ${why}. It took ${duration(ms)}.`,
      evidence: [...steps, ...ignored.flatMap(({ use, next }) => [next, use.asked as Step])]
        .slice(0, 50)
        .map(({ span_id }) => span_id),
      saves: { ms: null, tokens: null, usd: null },
    };
  });
  return limitFindings(findings, "tool");
}

/** The first later model call that goes on with the conversation in which the tool was asked for, and answers some tool but not this one. */
function nextCall(run: Run, tree: RunTree, use: ToolUse, asked: Step): Step | null {
  const calls = callsIn(run, asked);
  const { last } = lastHeard(run, asked);
  if (!last) return null;
  let looked = 0;
  for (const step of stepsFrom(run, endOf(asked), Number.POSITIVE_INFINITY)) {
    if (step.kind !== "llm" || step === asked || step.status !== "ok") continue;
    if (looked++ > mostCalls) return null;
    const heard = run.heard(step);
    const at = heard.findIndex(({ key }) => key === last.key);
    if (at < 0) continue;
    const after = heard.slice(at + 1).map(({ message }) => message);
    // results under ids that nobody asked for may be this one
    const ids = new Set(calls.map(({ id }) => id));
    const answered = after.flatMap(responseIds);
    const isUnsure = answered.some((id) => id === null || !ids.has(id)) || calls.some(({ id }) => id === null);
    if (isUnsure && answered.length >= calls.length) return null;
    // the same question asked beside it, by another agent or at once, is another conversation
    const isContinued = after.some(({ parts }) =>
      parts.some((part) => part.type === "tool_call" && part.name === use.name),
    );
    const isSameAgent = asked.agent === null ? tree.parent(asked) === tree.parent(step) : asked.agent === step.agent;
    if (isContinued || (isSameAgent && follows(step.start_us, use.end_us))) return step;
  }
  return null;
}

function responseIds(message: Message): (string | null)[] {
  return message.parts.flatMap((part) => (part.type === "tool_call_response" ? [part.id] : []));
}

/** All that models were told after a call, and what agents answered. */
function laterTexts(run: Run, asked: Step): string {
  const texts: string[] = [];
  for (const step of run.steps) {
    if (step.kind === "llm" && follows(step.start_us, endOf(asked))) {
      texts.push(run.contents(step).system ?? "");
      for (const { message } of run.conversation(step).added) texts.push(messageText(message));
    } else if (step.kind === "agent" || step.kind === "workflow") texts.push(run.contents(step).output ?? "");
  }
  return plain(texts.join("\n").slice(0, mostText));
}

function plain(text: string): string {
  return text.toLowerCase().replace(/\\["nrt]|[^\p{L}\p{N}]+/gu, "");
}
