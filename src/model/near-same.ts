/** Whether two recorded texts say the same: case, blanks, the order of keys and what changes by itself do not count. Pure. */

/** Longer texts are compared as they are. */
const longest = 20_000;
const deepest = 20;
const mostWords = 400;

/** What differs between two answers that say the same: times, ids. */
const passing =
  /\d{4}-\d\d-\d\d[t ]\d\d:\d\d(?::\d\d)?[\d.]{0,12}z?|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{24,64}\b|\b\d{10,20}\b/g;

const clock = /\b\d{1,2}:\d\d(?::\d\d)?\b/g;
const longText = 200;
const fewClocks = 2;

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

/** Arguments that are made anew for each call, whatever it asks for. */
const madeAnew =
  /^(?:x[_-])?(?:(?:client[_-]?)?(?:request|trace|correlation|idempotency)[_-]?(?:id|key|uuid|token)|nonce|salt|time_?stamp|ts|now|(?:requested|sent)[_-]?at|cache[_-]?bust(?:er)?|random|_t|_)$/i;

/** One number, code or account, however its characters are grouped; neither a date, a path, an address nor a figure with decimals. */
const grouped = /^(?=(?:[^\d]*\d){4})[\p{L}\d]+(?:[ \-/._][\p{L}\d]+){0,20}$/u;
const notGrouped = /^\d{1,4}([-/._])\d{1,2}\1\d{1,4}\b|^\d+[.]\d+$|^\d{1,3}(?:\.\d{1,3}){3}$|[\p{L}]{5}/u;

/** What was asked for: every character counts but case, blanks, how a number is grouped, the order of keys, and what is made anew for each call. */
export function readAsked(text: string): Said {
  if (text.length > longest) return { key: text, words: new Set() };
  const words: string[] = [];
  const key = canonical(withoutMadeAnew(jsonOf(text)), words, 0);
  return { key, words: new Set(words.slice(0, mostWords)) };
}

/** Where nothing else is asked for, it is what is asked for. */
function withoutMadeAnew(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !madeAnew.test(key));
  return kept.length > 0 ? Object.fromEntries(kept) : value;
}

/** What came back, without times and ids. */
export function readAnswer(text: string): Said {
  if (text.length > longest) return { key: text, words: new Set() };
  const words: string[] = [];
  const key = withoutClock(canonical(jsonOf(text), words, 0).replace(passing, "#"));
  return { key, words: new Set(words.slice(0, mostWords)) };
}

/** A long text that tells the time of day once or twice was made then; a short one, or one with many times, is about them. */
function withoutClock(text: string): string {
  if (text.length < longText) return text;
  const clocks = text.match(clock)?.length ?? 0;
  return clocks > 0 && clocks <= fewClocks ? text.replace(clock, "#") : text;
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
  const spaced = String(value).toLowerCase().replace(/\s+/g, " ").trim();
  const isGrouped = spaced.length <= 60 && grouped.test(spaced) && !notGrouped.test(spaced);
  const text = isGrouped ? spaced.replace(/[ \-/._]/g, "") : spaced;
  if (words.length < mostWords) words.push(...wordsOf(text));
  return text;
}
