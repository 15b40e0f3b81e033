/** Values in recorded JSON: the same however it was written, found by path, found in a text. */
import { count } from "../format.js";

/** Longer texts are compared as they stand. */
const mostParsed = 1_000_000;
const mostValues = 1000;

export function parseJson(text: string): unknown {
  if (text.length > mostParsed) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One text for equal values, whatever the order of members and the spaces. */
export function sameText(text: string): string {
  const value = parseJson(text);
  return value === undefined ? text.trim() : sortedJson(value);
}

/** Members in one order, whatever theirs is. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** The values at a path such as `booking.id` or `items.*.id`, as texts; objects and lists as JSON. */
export function valuesAt(value: unknown, path: string): string[] {
  let found: unknown[] = [value];
  for (const segment of path.split(".")) {
    const next: unknown[] = [];
    for (const each of found) {
      if (typeof each !== "object" || each === null) continue;
      if (segment === "*") next.push(...Object.values(each).slice(0, mostValues));
      else if (Object.hasOwn(each, segment)) next.push((each as Record<string, unknown>)[segment]);
    }
    found = next.slice(0, mostValues);
  }
  return found.filter((each) => each !== null && each !== undefined && each !== "").map(textOf);
}

const textOf = (value: unknown) => (typeof value === "string" ? value : sortedJson(value));

/** The strings and numbers of a JSON text one below the other; any other text as it is. */
export function plainText(text: string): string {
  const value = parseJson(text);
  if (value === undefined || typeof value !== "object" || value === null)
    return typeof value === "string" ? value : text;
  const parts: string[] = [];
  const open: unknown[] = [value];
  for (let at = open.pop(); open.length > 0 || at !== undefined; at = open.pop()) {
    if (typeof at === "object" && at !== null) open.push(...Object.values(at).reverse());
    else if (at !== null && at !== undefined) parts.push(String(at));
  }
  return `${parts.join("\n")}\n${sortedJson(value)}`;
}

const isWord = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}]/u.test(character);

/**
 * Where `value` stands in `text`, from there on, without being a part of a longer word or number; -1 = nowhere. A number
 * may have its thousands grouped.
 */
export function findValue(text: string, value: string, from = 0): number {
  const found = find(text, value, from);
  return found < 0 && /^\d{4,15}$/.test(value) ? find(text, count(Number(value)), from) : found;
}

function find(text: string, value: string, from: number): number {
  const open = isWord(value[0]);
  const close = isWord(value.at(-1));
  for (let at = text.indexOf(value, from); at >= 0; at = text.indexOf(value, at + 1)) {
    const before = open && isWord(text[at - 1]);
    const after = close && (isWord(text[at + value.length]) || isFraction(text, at + value.length, value));
    if (!before && !after) return at;
  }
  return -1;
}

/** 12 does not stand in 12.5. */
function isFraction(text: string, at: number, value: string): boolean {
  return /^\d+$/.test(value) && /^[.,]\d/.test(text.slice(at, at + 2));
}
