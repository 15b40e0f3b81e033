/** What a search text means: words and "phrases" that must all occur; a trailing * matches beginnings. */

/** One word or phrase: as it was asked for, and its tokens in order. */
export type Phrase = { text: string; tokens: string[]; prefix: boolean };

/** As SQLite's unicode61 folds: lower case; accents fall off Latin letters only, for й is not и and が not か. */
function fold(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFC")
    .replace(/[\u00c0-\u024f\u1e00-\u1eff]/g, (letter) => letter.normalize("NFD"))
    .replace(/[\u0300-\u036f]/g, "");
}

/** As unicode61 cuts: at everything but letters and digits. */
function tokenize(text: string): string[] {
  return fold(text).match(/[\p{L}\p{N}\p{Co}]+/gu) ?? [];
}

export function parseQuery(query: string): Phrase[] {
  const phrases: Phrase[] = [];
  for (const match of query.matchAll(/"([^"]*)"|(\S+)/g)) {
    const text = match[1] ?? match[2] ?? "";
    const tokens = tokenize(text);
    if (tokens.length > 0) phrases.push({ text, tokens, prefix: match[1] === undefined && text.endsWith("*") });
  }
  return phrases;
}

/** The same for FTS5, which cuts the texts as it did when it indexed, https://sqlite.org/fts5.html#full_text_query_syntax */
export function ftsQuery(phrases: Phrase[]): string {
  return phrases.map(({ text, prefix }) => `"${text.replace(/["\0]/g, " ")}"${prefix ? "*" : ""}`).join(" AND ");
}

function contains(words: string[], { tokens, prefix }: Phrase): boolean {
  const last = tokens.length - 1;
  for (let at = 0; at + last < words.length; at++) {
    if (tokens.every((token, i) => (i === last && prefix ? words[at + i]?.startsWith(token) : words[at + i] === token)))
      return true;
  }
  return false;
}

export function matches(text: string, phrases: Phrase[]): boolean {
  const words = tokenize(text);
  return phrases.every((phrase) => contains(words, phrase));
}

const around = 80;

/** Where the phrase begins in the text; -1 where it does not stand. */
function indexOf(text: string, phrase: Phrase): number {
  const recent: { word: string; index: number }[] = [];
  for (const { 0: word, index } of text.matchAll(/(?:[\p{L}\p{N}\p{Co}]|\p{Mn})+/gu)) {
    recent.push({ word: fold(word), index });
    if (recent.length > phrase.tokens.length) recent.shift();
    if (
      contains(
        recent.map((entry) => entry.word),
        phrase,
      )
    )
      return recent[0]?.index ?? -1;
  }
  return -1;
}

/** About 160 characters around the first hit of a phrase, on one line; null when the text has none. */
export function snippet(text: string, phrases: Phrase[]): string | null {
  for (const phrase of phrases) {
    const index = indexOf(text, phrase);
    if (index < 0) continue;
    const start = Math.max(0, index - around);
    const end = Math.min(text.length, index + around);
    return `${start > 0 ? "…" : ""}${text.slice(start, end).replace(/\s+/g, " ").trim()}${end < text.length ? "…" : ""}`;
  }
  return null;
}
