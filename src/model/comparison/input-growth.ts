/** Why models read much more in one of two runs: what stood in its prompts, and in how many calls. */
import { carriedParts, countedCalls } from "../context/carried.js";
import { readContexts } from "../context/contexts.js";
import { unitLabel } from "../context/describe.js";
import { count, plural } from "../format.js";
import { type Phrase, phrase, plainPhrase } from "../phrase.js";
import type { Run } from "../run.js";

/** Totals that lie closer, in factor and tokens, are about the same. */
const leastFactor = 1.3;
const leastTokens = 1000;
/** A part is named as the reason when it makes that share of the difference. */
const leastPart = 0.3;

type Part = { label: Phrase; tokens: number; largest: { tokens: number; calls: number; span_id: string | null } };

export function inputGrowth(a: Run, b: Run): Phrase[] {
  const [tokensA, tokensB] = [a.trace.input_tokens, b.trace.input_tokens];
  if (!tokensA || !tokensB) return [];
  const apart = Math.abs(tokensA - tokensB);
  if (apart < leastTokens || Math.max(tokensA, tokensB) < leastFactor * Math.min(tokensA, tokensB)) return [];
  const isLarger = tokensB > tokensA;
  const factor = Number((Math.max(tokensA, tokensB) / Math.min(tokensA, tokensB)).toPrecision(2));
  const head = phrase`b's input is ${factor} × ${isLarger ? "larger" : "smaller"} (${count(tokensB)} instead of ${count(tokensA)} tok)`;
  const [more, less] = isLarger ? [partsOf(b), partsOf(a)] : [partsOf(a), partsOf(b)];
  let most: { part: Part; by: number } | null = null;
  for (const [key, part] of more) {
    const by = part.tokens - (less.get(key)?.tokens ?? 0);
    if (by > (most?.by ?? 0)) most = { part, by };
  }
  if (!most || most.by < leastPart * apart) return [head];
  const { label, largest } = most.part;
  const span = largest.span_id === null ? "" : `, span ${largest.span_id}`;
  return [
    phrase`${head}: ${label}, ${count(largest.tokens)} tok, went to ${plural(largest.calls, "call")}${isLarger ? "" : " of a"}${span}`,
  ];
}

/** What prompts were made of, summed up over all calls by what it is. */
function partsOf(run: Run): Map<string, Part> {
  const contexts = readContexts(run);
  const parts = new Map<string, Part>();
  for (const { unit, tokens, calls, total_tokens } of carriedParts(contexts, countedCalls(contexts))) {
    const label = unitLabel(unit);
    const key = plainPhrase(label);
    const own = parts.get(key);
    // the most costly comes first
    if (own) own.tokens += total_tokens;
    else
      parts.set(key, {
        label,
        tokens: total_tokens,
        largest: { tokens, calls, span_id: unit.span?.span_id ?? null },
      });
  }
  return parts;
}
