/** Estimates how many tokens a text costs a model, on the safe side: without a vocabulary, from the shape of the text alone. */
import { commonWords } from "./common-words.js";

// Runs that the o200k pre-tokenizer would not merge across: words with a capital or none, digits by three
// (a space before them stands alone), punctuation, space, the rest.
const pieces = /[A-Z]?[a-z]+|[A-Z]+|[0-9]{1,3}|[\r\n]+|[ \t]{2,}| (?=[0-9])|[!-/:-@[-`{-~]+|\P{ASCII}|\p{Cc}/gu;
const unpronounceable = /[^aeiouyAEIOUY]{4}|[aeiouy]{4}|[jqxz][^aeiouy]|^[^aeiouyAEIOUY]{3}|[^aeiouyAEIOUY]{3}$/;

// Measured tokens a character, first code point of each range. Common scripts lie between running text and random characters.
const ranges: readonly (readonly [number, number])[] = [
  [0x20000, 4],
  [0x1f000, 2.4],
  [0x1d800, 4],
  [0x1d400, 3],
  [0x10000, 4],
  [0xff00, 1.9],
  [0xe000, 3],
  [0xac00, 1.3],
  [0xa000, 3],
  [0x4e00, 1.4],
  [0x3400, 3],
  [0x3040, 1.1],
  [0x2000, 2.1],
  [0x1200, 2],
  [0xe80, 2],
  [0xe00, 0.9],
  [0x900, 1.1],
  [0x590, 0.8],
  [0x530, 1.3],
  [0x400, 0.8],
  [0x370, 0.9],
  [0x180, 2],
  [0x100, 1.4],
  [0x80, 1],
];
/** What our own lines are made of: one token each. */
const cheap = new Set("·…—–→×“”’");

function wordTokens(word: string): number {
  const n = word.length;
  if (n <= 2) return n === 1 ? 1 : 1.1;
  if (commonWords.has(word.toLowerCase())) return 1;
  const upper = word.charCodeAt(1) < 97;
  if (upper || unpronounceable.test(word)) return 0.64 * n;
  return Math.max(1.5, 0.4 * n);
}

function punctuationTokens(run: string): number {
  const n = run.length;
  if (n <= 3) return n === 1 ? 1 : 1.5;
  return new Set(run).size === 1 ? 1 + n / 8 : 0.72 * n;
}

function otherTokens(character: string): number {
  if (cheap.has(character)) return 1;
  const point = character.codePointAt(0) ?? 0;
  for (const [first, tokens] of ranges) if (point >= first) return tokens;
  return 1;
}

function pieceTokens(piece: string): number {
  const code = piece.charCodeAt(0);
  if (code >= 0x80) return otherTokens(piece);
  if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90)) return wordTokens(piece);
  return code <= 32 || code === 0x7f || (code >= 48 && code <= 57) ? 1 : punctuationTokens(piece);
}

// What the shapes above still miss on random text.
const margin = 1.03;

/** Tokens of `text` as o200k would count them, or more: about 1.5 times the truth for English prose, 1.1 for ids and random text. */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const piece of text.match(pieces) ?? []) tokens += pieceTokens(piece);
  return Math.ceil(tokens * margin);
}

/** How many characters of `text`, from the first, are estimated at no more than `budget` tokens. Never splits a surrogate pair. */
export function charsWithin(text: string, budget: number): number {
  let tokens = 0;
  for (const match of text.matchAll(pieces)) {
    tokens += pieceTokens(match[0]) * margin;
    if (tokens <= budget) continue;
    // A run such as base64 is one piece: a part of it may fit.
    const over = Math.ceil(((tokens - budget) / (pieceTokens(match[0]) * margin)) * match[0].length);
    return match.index + (match[0].length > 20 ? Math.max(0, match[0].length - over - 1) : 0);
  }
  return text.length;
}
