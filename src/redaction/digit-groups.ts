/** The digits of a run of digits, spaces and punctuation, in groups. */
import { classOf, digit, isWord, isWordAt, startsAt } from "./boundary.js";

/** Digits in groups and what stands between them: `+1 (415) 555-0132` has four. */
export type DigitGroups = {
  text: string;
  /** the attribute or member under which the text stands, where it tells anything */
  key: string | undefined;
  starts: number[];
  ends: number[];
  /** to the next group; undefined where that is no part of the same number */
  links: (string | undefined)[];
};

const links = new Set([" ", "-", ".", "/", ")", ") ", ")-", ").", "(", " (", " - "]);

export function readGroups(text: string, start: number, end: number, key: string | undefined): DigitGroups {
  const groups: DigitGroups = { text, key, starts: [], ends: [], links: [] };
  for (let at = start; at < end; ) {
    if ((classOf(text.charCodeAt(at)) & digit) === 0) {
      at++;
      continue;
    }
    const last = groups.ends.at(-1);
    if (last !== undefined) {
      const between = at - last > 3 ? undefined : text.slice(last, at);
      groups.links.push(between !== undefined && links.has(between) ? between : undefined);
    }
    groups.starts.push(at);
    while (at < end && (classOf(text.charCodeAt(at)) & digit) !== 0) at++;
    groups.ends.push(at);
  }
  groups.links.push(undefined);
  return groups;
}

export const sizeOf = ({ starts, ends }: DigitGroups, index: number) =>
  (ends[index] as number) - (starts[index] as number);

export function digitsOf({ text, starts, ends }: DigitGroups, index: number, count: number): string {
  return text.slice(starts[index], ends[index + count - 1]).replace(/\D/g, "");
}

/** Whether a number may begin there: no word, decimal or id goes on into it. */
export function opens(text: string, start: number): boolean {
  if (!startsAt(text, start)) return false;
  const before = text[start - 1];
  return before !== "." && !((before === "-" || before === "/") && isWordAt(text, start - 2));
}

/** Whether it may end there: it does not go on as a word, a decimal or a longer number. */
export function closes(text: string, end: number): boolean {
  const next = text.charCodeAt(end);
  return !isWord(next) && !((next === 45 || next === 46 || next === 47) && isWord(text.charCodeAt(end + 1)));
}
