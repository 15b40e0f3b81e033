/** What a search text means: words and "phrases" that must all occur; a trailing * matches beginnings. */

/** The tokens of one word or phrase, in order. */
export type Phrase = { tokens: string[]; prefix: boolean };

/** As SQLite's unicode61 tokenizer cuts: letters and digits, lower case, without diacritics. */
export function tokenize(text: string): string[] {
  return (
    text
      .normalize("NFD")
      .replace(/\p{Mn}/gu, "")
      .toLowerCase()
      .match(/[\p{L}\p{N}\p{Co}]+/gu) ?? []
  );
}

export function parseQuery(query: string): Phrase[] {
  const phrases: Phrase[] = [];
  for (const match of query.matchAll(/"([^"]*)"|(\S+)/g)) {
    const text = match[1] ?? match[2] ?? "";
    const tokens = tokenize(text);
    if (tokens.length > 0) phrases.push({ tokens, prefix: match[1] === undefined && text.endsWith("*") });
  }
  return phrases;
}

/** The same for FTS5, https://sqlite.org/fts5.html#full_text_query_syntax */
export function ftsQuery(phrases: Phrase[]): string {
  return phrases.map(({ tokens, prefix }) => `"${tokens.join(" ")}"${prefix ? "*" : ""}`).join(" AND ");
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

/** About 160 characters around the first hit of the first phrase, on one line; null when the text has none. */
export function snippet(text: string, phrases: Phrase[]): string | null {
  for (const { tokens } of phrases) {
    const [first] = tokens as [string];
    const found = new RegExp(first.replace(/[^\p{L}\p{N}]/gu, "."), "iu").exec(text);
    if (!found || !phrases.some((phrase) => contains(tokenize(text), phrase))) continue;
    const start = Math.max(0, found.index - around);
    const end = Math.min(text.length, found.index + around);
    return `${start > 0 ? "…" : ""}${text.slice(start, end).replace(/\s+/g, " ").trim()}${end < text.length ? "…" : ""}`;
  }
  return null;
}
