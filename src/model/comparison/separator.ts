/** One thing that tells two groups apart, in words. */
import type { Separator, SeparatorKind, SeparatorSide } from "../comparison.js";
import { count, duration, money } from "../format.js";
import { joinPhrases, nameOf, type Phrase, phrase } from "../phrase.js";
import type { RunFigure } from "./group-runs.js";
import type { Amount, Hypothesis, Share, StepName } from "./hypotheses.js";

/** What numbers of the store stand for. */
export type Wording = {
  /** `run`: one that has it. `name`: null where `words` quote recorded text */
  mark(key: number, run: number): { kind: SeparatorKind; name: string | null; words: Phrase };
  step(step: StepName): string;
  traceId(run: number): string;
};

/** Marks of the same runs that are put into words, and that are named beside the first. */
const mostWorded = 20;
const mostNamed = 3;

const figures: Record<RunFigure, { kind: SeparatorKind; words: string; text(value: number): string }> = {
  duration_ms: { kind: "duration", words: "a run takes", text: duration },
  input_tokens: { kind: "input_tokens", words: "a run's input tokens are", text: count },
  cached_tokens: { kind: "input_tokens", words: "a run's cached tokens are", text: count },
  output_tokens: { kind: "output_tokens", words: "a run's output tokens are", text: count },
  cost_usd: { kind: "cost", words: "a run costs", text: money },
  llm_calls: { kind: "llm_calls", words: "a run's model calls are", text: count },
  errors: { kind: "errors", words: "a run's errors are", text: count },
};

export function separatorOf(
  found: Hypothesis,
  { p, sure, wording }: { p: number; sure: boolean; wording: Wording },
): Separator {
  const told = tell(found, wording);
  const side = (of: Share | Amount): SeparatorSide => ({
    runs: "runs" in of ? of.runs : null,
    of: of.of,
    p50: "p50" in of ? of.p50 : null,
    trace_ids: of.examples.map(wording.traceId),
  });
  return { ...told, a: side(found.a), b: side(found.b), p, sure };
}

function tell(found: Hypothesis, wording: Wording): Pick<Separator, "kind" | "name" | "summary"> {
  switch (found.type) {
    case "failed":
      return { kind: "failed", name: null, summary: phrase`failed: ${inRuns(found)}` };
    case "mark": {
      const example = (found.a.examples[0] ?? found.b.examples[0]) as number;
      const [first, ...more] = found.keys
        .slice(0, mostWorded)
        .map((key) => wording.mark(key, example))
        .sort((x, y) => markOrder(x.kind) - markOrder(y.kind));
      const named = joinPhrases(
        more.slice(0, mostNamed).map(({ words }) => words),
        ", ",
      );
      const rest = found.keys.length - 1 > mostNamed ? ` and ${count(found.keys.length - 1 - mostNamed)} more` : "";
      const same = more.length > 0 ? phrase` (the same runs: ${named}${rest})` : [];
      const { kind, name, words } = first as ReturnType<Wording["mark"]>;
      return { kind, name, summary: phrase`${words}: in ${inRuns(found)}${same}` };
    }
    case "figure": {
      const { kind, words, text } = figures[found.figure];
      return { kind, name: null, summary: phrase`${words} ${instead(found, text)}` };
    }
    case "step": {
      const name = wording.step(found.step);
      const isLatency = found.of === "latency";
      const what = isLatency ? "takes" : "calls in a run that has it:";
      const text = isLatency ? duration : count;
      return {
        kind: isLatency ? "latency" : "calls",
        name,
        summary: phrase`${stepWord(found.step)} ${nameOf(name)}${isLatency ? "" : ","} ${what} ${instead(found, text)}`,
      };
    }
    case "step_error": {
      const name = wording.step(found.step);
      return {
        kind: "tool_error",
        name,
        summary: phrase`${stepWord(found.step)} ${nameOf(name)} fails: in ${inRuns(found)} looked into`,
      };
    }
    default: {
      const [first, next] = [wording.step(found.first), wording.step(found.next)];
      return {
        kind: "order",
        name: `${first} → ${next}`,
        summary: phrase`${nameOf(first)}, then ${nameOf(next)}: in ${inRuns(found)} looked into`,
      };
    }
  }
}

/** Of marks that occur in the same runs, what says most comes first. */
function markOrder(kind: SeparatorKind): number {
  const order: SeparatorKind[] = [
    "error",
    "tool",
    "version",
    "prompt",
    "model",
    "agent",
    "service",
    "path",
    "provider",
  ];
  const at = order.indexOf(kind);
  return at < 0 ? order.length : at;
}

function stepWord({ kind }: StepName): string {
  return kind === "llm" ? "model" : kind;
}

function percent(part: number, of: number): string {
  const share = (100 * part) / of;
  return `${share > 0 && share < 1 ? "< 1" : share > 99 && share < 100 ? "> 99" : Math.round(share)} %`;
}

/** `41 of 44 runs of b (93 %), 12 of 310 of a (4 %)`: the larger share first. */
function inRuns({ a, b, delta }: { a: Share; b: Share; delta: number }): string {
  const sides = [
    { of: "a", share: a },
    { of: "b", share: b },
  ];
  if (delta > 0) sides.reverse();
  return sides
    .map(
      ({ of, share }, i) =>
        `${count(share.runs)} of ${count(share.of)}${i === 0 ? " runs" : ""} of ${of} (${percent(share.runs, share.of)})`,
    )
    .join(", ");
}

function instead({ a, b }: { a: Amount; b: Amount }, text: (value: number) => string): string {
  return `${text(b.p50)} in b instead of ${text(a.p50)} in a (median of ${count(b.of)} and ${count(a.of)} runs${a.p50 === b.p50 ? "; the others differ" : ""})`;
}
