/** Where two recorded texts differ, in their own words. */
import { joinPhrases, type Phrase, type PhrasePart, phrase, recorded } from "../phrase.js";
import { align } from "./align.js";

/** What is quoted of a difference: places, words around each, characters of each quote. */
const mostPlaces = 3;
const wordsBefore = 2;
const quoteChars = 90;
/** Longer texts are cut there before words are compared. */
const mostChars = 200_000;
const mostLeaves = 2000;

/** `isMinor`: only numbers differ, as dates and ids do. */
export type TextDifference = { words: Phrase; isMinor: boolean };

/** null = they are equal. `null` texts were not recorded. */
export function textDifference(a: string | null, b: string | null): TextDifference | null {
  if (a === b) return null;
  if (a === null || b === null) return { words: [`not recorded in ${a === null ? "a" : "b"}`], isMinor: false };
  const fields = fieldDifference(a, b);
  const isMinor = withoutNumbers(a) === withoutNumbers(b);
  return { words: fields ?? wordDifference(a, b), isMinor };
}

const withoutNumbers = (text: string) => text.slice(0, mostChars).replace(/[0-9a-f]*\d[0-9a-f]*/gi, "#");

function wordDifference(a: string, b: string): Phrase {
  const [wordsA, wordsB] = [wordsOf(a), wordsOf(b)];
  const numbers = new Map<string, number>();
  const numbered = (words: string[]) =>
    Int32Array.from(words, (word) => {
      const known = numbers.get(word) ?? numbers.size;
      numbers.set(word, known);
      return known;
    });
  const [ofA, ofB] = [numbered(wordsA), numbered(wordsB)];
  const { pairs } = align({ a: ofA, b: ofB, fitness: (i, j) => (ofA[i] === ofB[j] ? 1 : 0) });
  const places: { a: [number, number]; b: [number, number] }[] = [];
  let [atA, atB] = [0, 0];
  let equal = wordsBefore + 1;
  for (const [i, j] of pairs) {
    if (i >= 0 && j >= 0) {
      [atA, atB] = [i + 1, j + 1];
      equal++;
      continue;
    }
    const last = places.at(-1);
    const [endA, endB] = [i >= 0 ? i + 1 : atA, j >= 0 ? j + 1 : atB];
    // two places with hardly a word between them read better as one
    if (last && equal <= wordsBefore) [last.a[1], last.b[1]] = [endA, endB];
    else places.push({ a: [atA, endA], b: [atB, endB] });
    [atA, atB] = [endA, endB];
    equal = 0;
  }
  if (places.length === 0) {
    const isCut = a.length > mostChars || b.length > mostChars;
    return [isCut ? `it differs beyond its first ${mostChars} characters` : "only spaces differ"];
  }
  const quote = (text: string, words: string[], [from, to]: [number, number]) =>
    quoted(words.slice(Math.max(0, from - wordsBefore), to).join(" "), text);
  const told = places
    .slice(0, mostPlaces)
    .map((place) => phrase`${quote(a, wordsA, place.a)} → ${quote(b, wordsB, place.b)}`);
  const rest = places.length - mostPlaces;
  return [...joinPhrases(told, "; "), ...(rest > 0 ? [` and ${rest} more places`] : [])];
}

const wordsOf = (text: string) => text.slice(0, mostChars).split(/\s+/).filter(Boolean).slice(0, 20_000);

/** `…` before a part from farther on, by which those know it who show beginnings only. */
const beginning = 160;

function quoted(part: string, whole: string): PhrasePart {
  const isFirst = whole.length <= beginning || whole.slice(0, beginning).includes(part);
  return recorded(short(isFirst ? part : `… ${part}`));
}

function short(text: string): string {
  return text.length <= quoteChars ? text : `${text.slice(0, quoteChars - 1)}…`;
}

/** The fields of two JSON objects (or lists) that differ; null where they are none. */
function fieldDifference(a: string, b: string): Phrase | null {
  const [leavesA, leavesB] = [leavesOf(a), leavesOf(b)];
  if (!leavesA || !leavesB) return null;
  const told: Phrase[] = [];
  for (const key of new Set([...leavesA.keys(), ...leavesB.keys()])) {
    const [from, to] = [leavesA.get(key), leavesB.get(key)];
    if (from === to) continue;
    const name = quoted(key, leavesA.has(key) ? a : b);
    if (from === undefined) told.push(phrase`${name} only in b: ${quoted(to as string, b)}`);
    else if (to === undefined) told.push(phrase`${name} only in a: ${quoted(from, a)}`);
    else told.push(phrase`${name} ${quoted(around(from, to), a)} → ${quoted(around(to, from), b)}`);
  }
  const rest = told.length - mostPlaces;
  if (told.length === 0) return ["only their form differs"];
  return [...joinPhrases(told.slice(0, mostPlaces), "; "), ...(rest > 0 ? [` and ${rest} more fields`] : [])];
}

/** The part of a long value that the other one does not begin with. */
function around(value: string, other: string): string {
  if (value.length <= quoteChars) return value;
  let same = 0;
  while (same < value.length && value[same] === other[same]) same++;
  const start = Math.max(0, same - 20);
  return short(start > 0 ? `…${value.slice(start)}` : value);
}

function leavesOf(text: string): Map<string, string> | null {
  if (text.length > mostChars || !/^\s*[[{]/.test(text)) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const leaves = new Map<string, string>();
  const waiting: [string, unknown][] = [["", value]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [path, own] = next;
    if (typeof own === "object" && own !== null) {
      const entries = Object.entries(own).map(([key, part]): [string, unknown] => [
        Array.isArray(own) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`,
        part,
      ]);
      waiting.push(...entries.reverse());
      if (entries.length === 0) leaves.set(path, Array.isArray(own) ? "[]" : "{}");
    } else leaves.set(path, typeof own === "string" ? own : JSON.stringify(own));
    if (leaves.size + waiting.length > mostLeaves) return null;
  }
  return leaves;
}
