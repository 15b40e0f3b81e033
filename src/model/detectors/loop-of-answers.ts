/** A model that answers the same in one conversation again and again. */
import type { Finding } from "../diagnosis.js";
import { count } from "../format.js";
import type { Message } from "../message.js";
import { readAnswer } from "../near-same.js";
import { type Phrase, phrase, recorded } from "../phrase.js";
import type { Run, Step } from "../run.js";
import { spentOn } from "../spent-on.js";

const fewest = 3;
/** An answer of fewer words may well be right twice. */
const fewestWords = 4;

type Chain = { said: string; steps: Step[] };

/** Answers that ask for tools are told of where the tools are. */
export function loopsOfAnswers(run: Run): Finding[] {
  const chains = new Map<Step, Chain>();
  for (const step of run.steps) {
    if (step.call !== "llm") continue;
    const text = spoken(run.contents(step).said);
    if (text === null) continue;
    const { key, words } = readAnswer(text);
    if (words.size < fewestWords) continue;
    const { continues } = run.conversation(step);
    const chain = continues && chains.get(continues);
    if (chain?.said === key) {
      chain.steps.push(step);
      chains.set(step, chain);
    } else chains.set(step, { said: key, steps: [step] });
  }
  return [...new Set(chains.values())]
    .filter(({ steps }) => steps.length >= fewest)
    .map((chain) => describe(run, chain));
}

/** null when it asked for a tool, or said nothing. */
function spoken(said: readonly Message[]): string | null {
  const parts = said.flatMap((message) => message.parts);
  if (parts.some((part) => part.type === "tool_call")) return null;
  const text = parts.map((part) => (part.type === "text" ? part.content : "")).join("\n");
  return text.trim() === "" ? null : text;
}

function describe(run: Run, { steps }: Chain): Finding {
  const [first, ...repeats] = steps as [Step, ...Step[]];
  const text = spoken(run.contents(first).said) ?? "";
  const summary: Phrase = phrase`The model answered the same ${count(steps.length)} times in one conversation: ${recorded(text)}`;
  return {
    kind: "loop",
    severity: "warning",
    summary,
    evidence: steps.map((step) => step.span_id),
    saves: spentOn(run, repeats),
  };
}
