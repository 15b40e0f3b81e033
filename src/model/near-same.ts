/** Whether two recorded texts say the same: case, blanks, the order of keys and what changes by itself do not count. Pure. */

/** Longer texts are compared as they are. */
const longest = 20_000;
const deepest = 20;
const mostWords = 400;

/** What differs between two answers that say the same: times, ids. */
const passing =
  /\d{4}-\d\d-\d\d[t ]\d\d:\d\d(?::\d\d)?[\d.]{0,12}z?|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{24,64}\b|\b\d{10,20}\b/g;

export type Said = {
  /** equal when both say the same */
  key: string;
  /** of its values, names of keys apart */
  words: Set<string>;
};

/** Read when it is needed. */
export type Lazy = () => Said;

function lazily(read: () => Said): Lazy {
  let said: Said | undefined;
  return () => {
    said ??= read();
    return said;
  };
}

export const asked = (text: string): Lazy => lazily(() => readAsked(text));
export const answered = (text: string): Lazy => lazily(() => readAnswer(text));

/** What was asked for: every character counts but case, blanks and the order of keys. */
export function readAsked(text: string): Said {
  if (text.length > longest) return { key: text, words: new Set() };
  const words: string[] = [];
  const key = canonical(jsonOf(text), words, 0);
  return { key, words: new Set(words.slice(0, mostWords)) };
}

/** What came back, without times and ids. */
export function readAnswer(text: string): Said {
  if (text.length > longest) return { key: text, words: new Set() };
  const words: string[] = [];
  const key = canonical(jsonOf(text), words, 0).replace(passing, "#");
  return { key, words: new Set(words.slice(0, mostWords)) };
}

/** The words that both have, of all; 0 where a word that names one thing (a path, a number, an id) is only in one. */
export function likeness(a: Said, b: Said): number {
  if (a.key === b.key) return 1;
  let shared = 0;
  for (const word of a.words) {
    if (b.words.has(word)) shared++;
    else if (namesOneThing(word)) return 0;
  }
  for (const word of b.words) if (!a.words.has(word) && namesOneThing(word)) return 0;
  const all = a.words.size + b.words.size - shared;
  return all === 0 ? 0 : shared / all;
}

function namesOneThing(word: string): boolean {
  return /[\d/\\._@:#=&-]/.test(word);
}

/** Words that a question can do without. */
const fillers = new Set(
  "a an the of in on at for to and or is are was be what which how do does me my please show find get give tell current currently now about".split(
    " ",
  ),
);

function wordsOf(text: string): string[] {
  return text
    .split(/[\s,;!?()"'[\]{}]+/)
    .map((word) => word.replace(/[.:]+$/, ""))
    .filter((word) => word !== "" && !fillers.has(word));
}

function jsonOf(text: string): unknown {
  const first = text.trimStart()[0];
  if (first !== "{" && first !== "[" && first !== '"') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function canonical(value: unknown, words: string[], depth: number): string {
  if (depth > deepest) return JSON.stringify(value) ?? "";
  if (Array.isArray(value)) return `[${value.map((each) => canonical(each, words, depth + 1)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const parts = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${parts.map(([key, each]) => `${key}:${canonical(each, words, depth + 1)}`).join(",")}}`;
  }
  const text = String(value).toLowerCase().replace(/\s+/g, " ").trim();
  if (words.length < mostWords) words.push(...wordsOf(text));
  return text;
}
