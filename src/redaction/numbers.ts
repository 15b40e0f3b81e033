/** Finds payment cards, telephone and social security numbers: digits in groups, told apart by their shape. */
import { classOf, digit, isWord, numeric, startsAt } from "./boundary.js";
import { isCardNumber } from "./luhn.js";
import type { Finding } from "./marks.js";

export type WantedNumbers = { credit_card: boolean; phone: boolean; ssn: boolean };

/** No number that is looked for has fewer characters. */
const shortestNumber = 8;
/** E.164 allows 15 digits; a card has 19. */
const mostGroups = 10;

type Group = { start: number; end: number };

const betweenGroups = /^(?:[ .\-/]|\) ?|\)-| ?\(|\)? ?\(0\) ?| - )$/;
const saysPhone =
  /(?:phone|mobile|handy|telefon|tel|cell|fax|whatsapp|sms|msisdn|call|dial|ring|text)(?:[\s_-]?(?:number|no|nr))?(?: is| at| us at| me at)?[\s"'\\:=.#(]{0,5}$/i;
const saysSocialSecurity = /(?:ssn|social[\s_-]?security(?:[\s_-]?(?:number|no|nr))?)(?: is)?[\s"'\\:=.#(]{0,5}$/i;

/** Like tokens, numbers are found by looking at every eighth character; the groups of a run are each looked at a bounded number of times. */
export function findNumbers(text: string, key: string | undefined, wanted: WantedNumbers, findings: Finding[]): void {
  const { length } = text;
  let from = 0;
  while (from + shortestNumber <= length) {
    let probe = from + shortestNumber - 1;
    while (probe >= from && (classOf(text.charCodeAt(probe)) & numeric) !== 0) probe--;
    if (probe >= from) {
      from = probe + 1;
      continue;
    }
    let end = from + shortestNumber;
    while (end < length && (classOf(text.charCodeAt(end)) & numeric) !== 0) end++;
    inspectRun(text, from, end, key, wanted, findings);
    from = end + 1;
  }
}

function inspectRun(
  text: string,
  start: number,
  end: number,
  key: string | undefined,
  wanted: WantedNumbers,
  findings: Finding[],
): void {
  const groups: Group[] = [];
  for (let at = start; at < end; ) {
    if ((classOf(text.charCodeAt(at)) & digit) === 0) {
      at++;
      continue;
    }
    const first = at;
    while (at < end && (classOf(text.charCodeAt(at)) & digit) !== 0) at++;
    groups.push({ start: first, end: at });
  }
  const run = { text, key, start, end, groups };
  for (let i = 0; i < groups.length; ) {
    const taken =
      (wanted.credit_card && readCard(run, i, findings)) ||
      (wanted.ssn && readSocialSecurity(run, i, findings)) ||
      (wanted.phone && readPhone(run, i, findings)) ||
      0;
    i += taken || 1;
  }
}

type Run = { text: string; key: string | undefined; start: number; end: number; groups: Group[] };

const sizeOf = (group: Group | undefined) => (group ? group.end - group.start : 0);

/** What stands between a group and the next; "" after the last. */
function gap({ text, groups }: Run, index: number): string {
  const next = groups[index + 1];
  const group = groups[index];
  return next && group ? text.slice(group.end, Math.min(next.start, group.end + 6)) : "";
}

/** Whether the number may begin there: no word, decimal or id goes on into it. */
function opens(run: Run, index: number): boolean {
  const { text, groups } = run;
  const { start } = groups[index] as Group;
  if (!startsAt(text, start)) return false;
  const before = text[start - 1];
  return !((before === "." || before === "-" || before === "/") && isWord(text.charCodeAt(start - 2)));
}

/** Whether it ends there: not in a word, a decimal or a longer number of the same form. */
function closes({ text, groups }: Run, index: number): boolean {
  const { end } = groups[index] as Group;
  const next = text.charCodeAt(end);
  if (isWord(next)) return false;
  return !((next === 45 || next === 46 || next === 47) && isWord(text.charCodeAt(end + 1)));
}

const cardShapes = ["4-4-4-4", "4-6-5", "4-6-4", "4-4-4-4-3", "6-13", "4-4-5"];

/** Each reader says how many groups it took; 0 = none. */
function readCard(run: Run, index: number, findings: Finding[]): number {
  const { text, groups } = run;
  const first = groups[index] as Group;
  let count = 1;
  if (sizeOf(first) < 13) {
    if (sizeOf(first) !== 4 && sizeOf(first) !== 6) return 0;
    const separator = gap(run, index);
    if (separator !== " " && separator !== "-") return 0;
    const sizes = [sizeOf(first)];
    while (count < 5 && gap(run, index + count - 1) === separator) sizes.push(sizeOf(groups[index + count++]));
    let shape = sizes.join("-");
    while (!cardShapes.includes(shape)) {
      if (sizes.length < 3) return 0;
      sizes.pop();
      shape = sizes.join("-");
    }
    count = sizes.length;
  }
  const last = groups[index + count - 1] as Group;
  if (!opens(run, index) || !closes(run, index + count - 1)) return 0;
  const digits = text.slice(first.start, Math.min(last.end, first.start + 24)).replace(/\D/g, "");
  if (last.end - first.start > 24 || !isCardNumber(digits)) return 0;
  findings.push({ name: "credit_card", start: first.start, end: last.end });
  return count;
}

function readSocialSecurity(run: Run, index: number, findings: Finding[]): number {
  const { text, groups, key } = run;
  const first = groups[index] as Group;
  const sizes = [sizeOf(first), sizeOf(groups[index + 1]), sizeOf(groups[index + 2])].join("-");
  const separator = gap(run, index);
  const grouped = sizes === "3-2-4" && separator === gap(run, index + 1) && (separator === "-" || separator === " ");
  if (!grouped && sizeOf(first) !== 9) return 0;
  const count = grouped ? 3 : 1;
  const last = groups[index + count - 1] as Group;
  if (!opens(run, index) || !closes(run, index + count - 1)) return 0;
  const digits = text.slice(first.start, last.end).replace(/\D/g, "");
  if (/^(?:000|666|9)|^...00|0000$/.test(digits)) return 0;
  if (separator !== "-" || !grouped) {
    if (!saysSocialSecurity.test(wordsBefore(run, first.start))) return 0;
  }
  void key;
  findings.push({ name: "ssn", start: first.start, end: last.end });
  return count;
}

/** The words before a number; at the start of a text its key. */
function wordsBefore({ text, key }: Run, start: number): string {
  return start <= 1 ? `${key ?? ""} ` : text.slice(Math.max(0, start - 40), start);
}

/** National forms with the trunk prefix 0, by the sizes of their groups, as their countries write them. */
const nationalShapes = new Set(
  (
    "2-2-2-2-2 5-6 5-5 5-3-3 3-4-4 4-3-4 4-3-3 2-4-4 4-7 4-6 3-7 3-8 4-8 3-3-4 3-3-2-2 4-2-2-2 2-3-2-2 4-3-2-2 3-3-3 " +
    "4-2-2-2-2 3-2-2-2-2 5-2-2-2 4-4-4 3-4-3"
  ).split(" "),
);

function readPhone(run: Run, index: number, findings: Finding[]): number {
  const { text, groups } = run;
  const first = groups[index] as Group;
  const sign = text[first.start - 1];
  const international = sign === "+" || (sign === "(" && text[first.start - 2] === "+");
  const opening = international ? first.start - (sign === "+" ? 1 : 2) : sign === "(" ? first.start - 1 : first.start;
  // digits that belong together
  let count = 1;
  let total = sizeOf(first);
  while (count < mostGroups && groups[index + count] && betweenGroups.test(gap(run, index + count - 1))) {
    total += sizeOf(groups[index + count]);
    count++;
  }
  if (total < 7) return 0;
  const last = groups[index + count - 1] as Group;
  if (opening === first.start ? !opens(run, index) : isWord(text.charCodeAt(opening - 1))) return 0;
  if (!closes(run, index + count - 1)) return 0;
  const gaps = groups.slice(index, index + count - 1).map((_, i) => gap(run, index + i));
  const sizes = groups.slice(index, index + count).map(sizeOf);
  const digits = text.slice(first.start, Math.min(last.end, first.start + 40)).replace(/\D/g, "");
  const known =
    total <= 16 &&
    (international
      ? isInternational(digits, sizes, gaps)
      : isNorthAmerican(digits, sizes, gaps, sign === "(") || isNational(digits, sizes, gaps, sign === "("));
  const named = () =>
    total >= 7 &&
    total <= 15 &&
    gaps.every((separator) => separator !== "/") &&
    saysPhone.test(wordsBefore(run, opening));
  if (!known && !named()) return 0;
  findings.push({ name: "phone", start: opening, end: last.end });
  return count;
}

function isInternational(digits: string, sizes: number[], gaps: string[]): boolean {
  if (digits.length < 8 || digits.startsWith("0")) return false;
  // +12.345678 is a decimal
  if (sizes.length === 2 && gaps[0] === ".") return false;
  return digits[0] !== "1" || /^1[2-9]\d\d[2-9]\d{6}$/.test(digits);
}

function isNorthAmerican(digits: string, sizes: number[], gaps: string[], bracket: boolean): boolean {
  const shape = sizes.join("-");
  const separators = shape === "1-3-3-4" ? gaps.slice(1) : gaps;
  if (shape !== "3-3-4" && shape !== "1-3-3-4") return false;
  if (!/^1?[2-9]\d\d[2-9]\d{6}$/.test(digits)) return false;
  const [first, second] = separators as [string, string];
  if (first.startsWith(")")) return (bracket || gaps[0]?.endsWith("(") === true) && /^[ .-]$/.test(second);
  return (
    first === second && (first === "-" || first === ".") && (gaps.length < 3 || gaps[0] === first || gaps[0] === " ")
  );
}

function isNational(digits: string, sizes: number[], gaps: string[], bracket: boolean): boolean {
  if (!digits.startsWith("0") || digits.length < 9) return false;
  if (digits.startsWith("00")) return sizes.length >= 3 && digits.length >= 11 && gaps.every((gap) => gap !== ".");
  if (bracket) return sizes.length > 1 && digits.length <= 12;
  if (!nationalShapes.has(sizes.join("-"))) return false;
  const rest = gaps.slice(1);
  if (gaps[0] === ".") return sizes.length === 5 && rest.every((gap) => gap === ".");
  return rest.every((gap) => gap === gaps[0] || gap === " ") || gaps[0] === "/";
}
