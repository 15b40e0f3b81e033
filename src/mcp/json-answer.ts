/** Answers for programs: JSON of whole items within a budget. */

import { estimateTokens } from "../model/tokens.js";
import { escapeUnseen } from "./render/fence.js";

/** Compact JSON with nothing invisible in it. */
export function jsonText(value: unknown): string {
  return escapeUnseen(JSON.stringify(value));
}

/** How many of `items`, from the first, fit `budget` tokens as JSON. */
export function jsonFit(items: readonly unknown[], budget: number): number {
  let used = 0;
  for (const [i, item] of items.entries()) {
    used += estimateTokens(jsonText(item)) + 1;
    if (used > budget) return i;
  }
  return items.length;
}

/** The value itself when it fits; else with long strings cut and, at last, long lists: both say what is missing. */
export function shortened<T>(value: T, budget: number): T {
  let short = value;
  for (const [chars, items] of [
    [1000, 1e9],
    [300, 1e9],
    [100, 1e9],
    [40, 5],
    [20, 1],
  ] as const) {
    if (estimateTokens(jsonText(short)) <= budget) return short;
    short = JSON.parse(JSON.stringify(value, (_, part) => cut(part, chars, items)));
  }
  return short;
}

/** Ids, which are pasted back, and times: not cut. */
const whole = /^[\w:.+-]{1,64}$/;

function cut(part: unknown, chars: number, items: number): unknown {
  if (typeof part === "string" && part.length > chars && !whole.test(part))
    return `${part.slice(0, chars)}… (+${part.length - chars} chars)`;
  return Array.isArray(part) && part.length > items ? part.slice(0, items) : part;
}
