/** Where a value may begin and end inside of a text. */

/** Bits of `classOf`. */
export const digit = 1;
export const letter = 2;
/** what keys and tokens are made of: letters, digits and `_ - + / = . ~` */
export const token = 4;
/** digits and what stands between the digits of a number: space ( ) + - . / */
export const numeric = 8;
export const hexLetter = 16;

const classes = new Uint8Array(128);
for (let code = 48; code <= 57; code++) classes[code] = digit | token | numeric;
for (let code = 65; code <= 90; code++) {
  classes[code] = letter | token;
  classes[code + 32] = letter | token;
}
for (const character of "abcdefABCDEF") classes[character.charCodeAt(0)]! |= hexLetter;
for (const character of "_-+/=.~") classes[character.charCodeAt(0)]! |= token;
for (const character of " ()+-./") classes[character.charCodeAt(0)]! |= numeric;

/** 0 for everything beyond ASCII and for NaN. */
export function classOf(code: number): number {
  return code < 128 ? (classes[code] as number) : 0;
}

export function isWord(code: number): boolean {
  return (classOf(code) & (digit | letter)) !== 0 || code === 95;
}

/** A letter that stands for a line end or the like after a backslash is no part of a word. */
export function isWordAt(text: string, index: number): boolean {
  return isWord(text.charCodeAt(index)) && !(text[index - 1] === "\\" && "nrtbf".includes(text[index] as string));
}

/** Whether a terminal's colour ends before a place, as it is or escaped: `ESC[01;31m`. */
function endsColour(text: string, index: number): boolean {
  if ((classOf(text.charCodeAt(index - 1)) & letter) === 0) return false;
  let at = index - 2;
  while (index - at < 16 && (text[at] === ";" || (classOf(text.charCodeAt(at)) & digit) !== 0)) at--;
  if (text[at] !== "[") return false;
  return text.charCodeAt(at - 1) === 27 || /\\(?:u001b|x1b|033|e)$/i.test(text.slice(Math.max(0, at - 6), at));
}

/** Where a run of letters and digits goes on that begins inside of a colour: after its `31m`. */
export function afterColour(text: string, start: number): number {
  const before = text[start - 1];
  if (before !== "[" && before !== ";") return start;
  let at = start;
  while (at - start < 3 && (classOf(text.charCodeAt(at)) & digit) !== 0) at++;
  return endsColour(text, at + 1) ? at + 1 : start;
}

/** Not in the middle of a word. The `n` of an escaped newline is no word, nor are `u00e9`, a URL's `%3D` and a colour. */
export function startsAt(text: string, index: number): boolean {
  if (!isWordAt(text, index - 1) || endsColour(text, index)) return true;
  if (text[index - 3] === "%") return /^[0-9a-f]{2}$/i.test(text.slice(index - 2, index));
  return text[index - 6] === "\\" && /^u[0-9a-f]{4}$/i.test(text.slice(index - 5, index));
}

/** What may stand between a name and its value, as it is or escaped; the end of a pattern for `wordsBefore`. */
export const upToValue = String.raw`(?:\\[nrt]|[\s"'\\:=.#(+]){0,24}$`;
const nothingElse = new RegExp(`^${upToValue}`);

/** The words before a place; at the start of a text the key under which it stands. */
export function wordsBefore(text: string, start: number, key: string | undefined): string {
  const before = text.slice(Math.max(0, start - 64), start);
  return key !== undefined && start <= 24 && nothingElse.test(before) ? `${key}: ${before}` : before;
}
