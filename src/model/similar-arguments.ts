/** Whether two calls ask for the same thing: the same arguments, or ones put differently. Pure, linear. */
import { asFields, parseLoose } from "./read-part.js";

/** `near`: another wording, a corrected name, a parameter more or less; `other`: another item, page or id; null = not recorded. */
export type Likeness = "same" | "near" | "other" | null;

/** Longer arguments are compared by their beginning. */
const mostText = 4_000;

export function compareArguments(a: string | null, b: string | null): Likeness {
  if (a === null || b === null) return null;
  if (a === b) return "same";
  const one = parseLoose(a.slice(0, mostText));
  const other = parseLoose(b.slice(0, mostText));
  const fields = asFields(one);
  const others = asFields(other);
  if (!fields || !others) return compareValues(one, other);
  const names = new Set([...Object.keys(fields), ...Object.keys(others)]);
  let shared = 0;
  let isSame = true;
  for (const name of names) {
    if (!(name in fields) || !(name in others)) {
      isSame = false;
      continue;
    }
    const likeness = compareValues(fields[name], others[name]);
    if (likeness === "other") return "other";
    if (likeness === "near") isSame = false;
    shared++;
  }
  if (isSame) return "same";
  if (shared * 2 >= names.size) return "near";
  // parameters under other names
  return compareValues(Object.values(fields), Object.values(others));
}

/** The same question in other words: all that differs is free text, and not which file, page or item. */
export function isReworded(a: string | null, b: string | null): boolean {
  const fields = asFields(parseLoose((a ?? "").slice(0, mostText)));
  const others = asFields(parseLoose((b ?? "").slice(0, mostText)));
  if (!fields || !others) return false;
  const names = new Set([...Object.keys(fields), ...Object.keys(others)]);
  return [...names].every(
    (name) =>
      (name in fields && name in others && compareValues(fields[name], others[name]) !== "other") ||
      (isFreeText(fields[name]) && isFreeText(others[name])),
  );
}

function isFreeText(value: unknown): boolean {
  return typeof value === "string" && /\p{L}\s+\p{L}/u.test(value) && !/[/\\@#]|\d{3}/.test(value);
}

function compareValues(a: unknown, b: unknown): "same" | "near" | "other" {
  const one = wordsOf(a);
  const other = wordsOf(b);
  if (one.join(" ") === other.join(" ")) return "same";
  const [set, others] = [new Set(one), new Set(other)];
  const only = [...set].filter((word) => !others.has(word));
  const otherOnly = [...others].filter((word) => !set.has(word));
  const shared = set.size - only.length;
  // numbers, dates and ids tell items apart, however much else is alike
  const isOtherItem =
    only.length > 0 && otherOnly.length > 0 && [...only, ...otherOnly].every((word) => /\d/.test(word));
  if (isOtherItem) return "other";
  if (shared * 2 >= set.size + others.size - shared) return "near";
  return isMisspelt(one.join(" "), other.join(" ")) ? "near" : "other";
}

/** One is the other with little more. */
function isMisspelt(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  return short.length >= 4 && long.length - short.length <= 3 && long.includes(short);
}

function wordsOf(value: unknown): string[] {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return (
    text
      .slice(0, mostText)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}
