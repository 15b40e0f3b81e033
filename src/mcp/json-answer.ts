/** Answers for programs: JSON of whole items within a budget. */
import { escapeUnseen } from "./render/fence.js";
import { estimateTokens } from "./render/tokens.js";

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

/** `value` with every string longer than `max` characters cut and its cut counted, for an item that fits no budget whole. */
export function shortenStrings<T>(value: T, max: number): T {
  return JSON.parse(
    JSON.stringify(value, (_, v) =>
      typeof v === "string" && v.length > max ? `${v.slice(0, max)}… (+${v.length - max} chars)` : v,
    ),
  );
}
