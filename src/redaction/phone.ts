/** Tells telephone numbers from other groups of digits: international, North American, and national forms with a leading 0. */
import { startsAt, upToValue, wordsBefore } from "./boundary.js";
import { closes, type DigitGroups, digitsOf, opens, sizeOf } from "./digit-groups.js";
import type { Finding } from "./marks.js";

/** No country writes more. */
const mostGroups = 7;

/** Country calling codes (ITU-T E.164). */
const countryCode =
  /^(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2[1-689]\d|3[578]\d|42[013]|5[09]\d|6[789]\d|8[0578]\d|88\d|96\d|97\d|99\d)/;

/** Trunk prefix 0 and the sizes of the groups, as numbers are written in Europe, Asia, Africa and Oceania. */
const nationalShapes = new Set(
  (
    "2-2-2-2-2 5-6 5-5 5-3-3 3-4-4 4-3-4 4-3-3 2-4-4 4-7 4-6 3-7 3-8 4-8 3-3-4 3-3-2-2 4-2-2-2 2-3-2-2 4-3-2-2 3-3-3 " +
    "2-7 6-5 3-5-3 2-3-3-2 4-2-2-2-2 3-2-2-2-2 5-2-2-2 4-4-4 3-4-3"
  ).split(" "),
);

/** Enough for digits without any form. */
const saysPhone = new RegExp(
  String.raw`(?:phone|mobile|telefon|telefax|whatsapp|msisdn|(?:^|[^a-z])(?:tel|fax|sms|handy|cell))(?:[\s_-]?(?:number|no|nr))?(?:[\s:]+(?:is|at))?${upToValue}`,
  "i",
);
/** Enough for digits in groups. */
const saysCall =
  /(?:^|[^a-z])(?:call|dial|ring|text|reach)(?: (?:me|us|him|her|them))?(?: (?:at|on|under))?:? {1,3}\(?$/i;

/** How many groups the number takes; 0 = it is none. */
export function readPhone(groups: DigitGroups, index: number, findings: Finding[]): number {
  const { text, links, starts } = groups;
  const start = starts[index] as number;
  const before = text[start - 1];
  const bracket = before === "(";
  const plus = before === "+" || (bracket && text[start - 2] === "+");
  const opening = start - (plus && bracket ? 2 : plus || bracket ? 1 : 0);
  if (!(plus || bracket ? opensSigned(text, opening) : opens(text, start))) return 0;
  let most = 1;
  while (links[index + most - 1] !== undefined && most <= mostGroups) most++;
  let count = 0;
  if (plus) count = longest(groups, index, Math.min(most, mostGroups), isInternational);
  else if (most <= mostGroups) {
    const lead = text[start];
    const size = sizeOf(groups, index);
    if (size === 3 || (size === 1 && lead === "1")) count = longest(groups, index, most, isNorthAmerican);
    if (count === 0 && lead === "0") count = longest(groups, index, most, isNational);
    if (count === 0 && links[index - 1] === undefined) count = longest(groups, index, most, isNamed, most);
  }
  if (count > 0) findings.push({ name: "phone", start: opening, end: groups.ends[index + count - 1] as number });
  return count;
}

type Form = {
  groups: DigitGroups;
  index: number;
  digits: string;
  bracket: boolean;
  sizes: number[];
  gaps: string[];
};

/** The most groups, and no fewer than `least`, that have the form. */
function longest(groups: DigitGroups, index: number, most: number, has: (form: Form) => boolean, least = 1): number {
  const { text, starts, ends, links } = groups;
  const start = starts[index] as number;
  for (let count = most; count >= least; count--) {
    const end = ends[index + count - 1] as number;
    if (end - start < 7 || end - start > 24 || !closes(text, end)) continue;
    const digits = digitsOf(groups, index, count);
    if (digits.length < 7 || digits.length > 16) continue;
    const form: Form = {
      groups,
      index,
      digits,
      bracket: text[start - 1] === "(",
      sizes: Array.from({ length: count }, (_, i) => sizeOf(groups, index + i)),
      gaps: links.slice(index, index + count - 1) as string[],
    };
    if (has(form)) return count;
  }
  return 0;
}

/** No sum: `a+123`, `f(x)+(123)`. */
function opensSigned(text: string, opening: number): boolean {
  return startsAt(text, opening) && !")]+".includes(text[opening - 1] ?? " ");
}

function isInternational({ groups, index, digits, bracket, sizes, gaps }: Form): boolean {
  const next = groups.text[groups.ends[index + sizes.length - 1] as number];
  if (digits.length < 8 || !countryCode.test(digits) || (next !== undefined && "*|&^%<=+(".includes(next)))
    return false;
  if (bracket && sizes.length === 1) return false;
  // +12.345678 is a decimal
  if (sizes.length === 2 && gaps[0] === ".") return false;
  return digits[0] !== "1" || /^1[2-9]\d\d[2-9]\d{6}$/.test(digits);
}

/** (415) 555-0132, 415-555-0132, 415.555.0132, 1-415-555-0132; with spaces alone it might be any three numbers. */
function isNorthAmerican({ digits, bracket, sizes, gaps }: Form): boolean {
  const shape = sizes.join("-");
  if (shape !== "3-3-4" && shape !== "1-3-3-4") return false;
  if (!/^1?[2-9]\d\d[2-9]\d{6}$/.test(digits)) return false;
  const [first, second] = (sizes.length === 4 ? gaps.slice(1) : gaps) as [string, string];
  if (first.startsWith(")")) return (bracket || gaps[0]?.endsWith("(") === true) && /^[ .-]$/.test(second);
  return (
    first === second && (first === "-" || first === ".") && (sizes.length === 3 || gaps[0] === first || gaps[0] === " ")
  );
}

function isNational({ groups, index, digits, bracket, sizes, gaps }: Form): boolean {
  if (!digits.startsWith("0") || digits.length < 9) return false;
  if (bracket) return sizes.length > 1 && digits.length <= 12 && digits[1] !== "0";
  const inPairs = sizes.every((size) => size === 2);
  if (inPairs && isDump(groups, index, sizes.length)) return false;
  // 00 and a country
  if (digits.startsWith("00"))
    return sizes.length > 1 && (sizes[0] as number) <= 5 && countryCode.test(digits.slice(2)) && !gaps.includes(".");
  if (!nationalShapes.has(sizes.join("-"))) return false;
  if (inPairs) return gaps.every((gap) => gap === gaps[0] && gap !== "/");
  if (gaps.includes(".")) return false;
  return gaps[0] === "/" || gaps.slice(1).every((gap) => gap === gaps[0] || gap === " ");
}

/** Bytes in hexadecimal, some of which happen to be digits. */
function isDump({ text, starts, ends }: DigitGroups, index: number, count: number): boolean {
  const start = starts[index] as number;
  const end = ends[index + count - 1] as number;
  return (
    /Buffer $|[\da-f]{2}[ .]$/i.test(text.slice(Math.max(0, start - 8), start)) ||
    /^[ .][\da-f]{2}/i.test(text.slice(end, end + 3))
  );
}

const dates = new Set(["1-1-4", "1-2-4", "2-1-4", "2-2-4", "4-2-2", "4-1-1", "4-1-2", "4-2-1"]);

function isNamed({ groups, index, digits, sizes, gaps }: Form): boolean {
  if (digits.length > 15 || gaps.includes("/") || dates.has(sizes.join("-"))) return false;
  const words = wordsBefore(groups.text, groups.starts[index] as number, groups.key);
  return saysPhone.test(words) ? sizes.length > 1 || digits.length >= 9 : sizes.length > 1 && saysCall.test(words);
}
