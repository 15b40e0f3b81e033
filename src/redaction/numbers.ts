/** Finds payment cards and social security numbers, and hands over what may be a telephone number. */
import { classOf, numeric, upToValue, wordsBefore } from "./boundary.js";
import { closes, type DigitGroups, digitsOf, opens, readGroups, sizeOf } from "./digit-groups.js";
import { isCardNumber } from "./luhn.js";
import type { Finding } from "./marks.js";
import { readPhone } from "./phone.js";

export type WantedNumbers = { credit_card: boolean; phone: boolean; ssn: boolean };

/** No number that is looked for has fewer characters. */
const shortestNumber = 8;

/** Numbers are found by looking at every eighth character; then each group of digits is looked at a bounded number of times. */
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
    readRun(text, from, end, key, wanted, findings);
    from = end + 1;
  }
}

function readRun(
  text: string,
  start: number,
  end: number,
  key: string | undefined,
  wanted: WantedNumbers,
  findings: Finding[],
): void {
  const groups = readGroups(text, start, end, key);
  for (let i = 0; i < groups.starts.length; ) {
    const taken =
      (wanted.credit_card && readCard(groups, i, findings)) ||
      (wanted.ssn && readSocialSecurity(groups, i, findings)) ||
      (wanted.phone && readPhone(groups, i, findings)) ||
      1;
    i += taken;
  }
}

/** Sizes of the groups as they are printed on cards. */
const cardShapes = new Set(["44443", "4444", "4443", "4442", "465", "464", "445", "613"]);

/** The readers say how many groups they took; 0 = none. */
function readCard(groups: DigitGroups, index: number, findings: Finding[]): number {
  const { text, starts, ends, links } = groups;
  const start = starts[index] as number;
  const size = sizeOf(groups, index);
  if (size > 19 || size < 4 || !opens(text, start)) return 0;
  const isCard = (count: number) => {
    const end = ends[index + count - 1] as number;
    return closes(text, end) && isCardNumber(text, start, end);
  };
  let taken = size >= 13 && isCard(1) ? 1 : 0;
  const separator = links[index];
  let shape = `${size}`;
  // what follows may be a card's last group or a number of its own
  for (let count = 2; size <= 6 && count <= 5; count++) {
    const link = links[index + count - 2];
    if (link === undefined || link !== separator || !" -".includes(link)) break;
    shape += sizeOf(groups, index + count - 1);
    if (cardShapes.has(shape) && isCard(count)) taken = count;
  }
  if (taken > 0) findings.push({ name: "credit_card", start, end: ends[index + taken - 1] as number });
  return taken;
}

const saysSocialSecurity = new RegExp(
  String.raw`(?:ssn|social[\s_-]?security)(?:[\s_-]?(?:number|no|nr))?(?: is)?${upToValue}`,
  "i",
);

/** With dashes as they are issued; in other forms only where the words before say what it is. */
function readSocialSecurity(groups: DigitGroups, index: number, findings: Finding[]): number {
  const { text, starts, ends, links } = groups;
  const size = sizeOf(groups, index);
  if (size !== 3 && size !== 9) return 0;
  const separator = links[index];
  const count = size === 9 ? 1 : 3;
  if (count === 3) {
    if (separator === undefined || separator !== links[index + 1]) return 0;
    if (sizeOf(groups, index + 1) !== 2 || sizeOf(groups, index + 2) !== 4) return 0;
  }
  const start = starts[index] as number;
  const end = ends[index + count - 1] as number;
  if (!opens(text, start) || !closes(text, end)) return 0;
  // never issued: areas 000, 666 and 900 to 999, group 00, serial 0000
  if (/^(?:000|666|9)|^...00|0000$/.test(digitsOf(groups, index, count))) return 0;
  const issuedForm = count === 3 && separator === "-";
  if (!issuedForm && !saysSocialSecurity.test(wordsBefore(text, start, groups.key))) return 0;
  findings.push({ name: "ssn", start, end });
  return count;
}
