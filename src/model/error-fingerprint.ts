/** What is the same in failures of one fault: the type, the message without what differs from run to run, the place. Pure. */
import type { SpanKind } from "./kind.js";

export type FailedSpan = {
  name: string;
  kind: SpanKind;
  provider: string | null;
  tool: string | null;
  error_type: string | null;
  error_message: string | null;
};

/** Characters of a message that are looked at: as many as the store keeps. */
const looked = 500;

/** What a value in a recorded object has to be called for its words to tell faults apart. */
const tellingKeys = new Set(
  "message msg type code error err detail details reason status title name error_description error_code kind".split(
    " ",
  ),
);
const bareSeparators = new Set(" \t\r\n,;()[]{}<>=|\"'`“”‘’".split(""));
const closing: Record<string, string> = { '"': '"', "'": "'", "`": "`", "“": "”", "‘": "’" };

/** Two failures of one fault have the same one. */
export function errorFingerprint(span: FailedSpan): string {
  const type = span.error_type ?? "";
  let message = span.error_message ?? "";
  if (type !== "" && message.startsWith(`${type}: `)) message = message.slice(type.length + 2);
  return [type, normaliseMessage(message), placeOf(span)].join("\n");
}

/** Where it failed: a tool by its name, calls by their provider, other spans by name. */
function placeOf({ kind, tool, provider, name }: FailedSpan): string {
  if (kind === "tool") return `tool ${tool ?? normaliseMessage(name)}`;
  if ((kind === "llm" || kind === "embedding") && provider !== null) return `${kind} ${provider}`;
  return `${kind} ${normaliseMessage(name)}`;
}

/** Numbers, ids, times, durations, quoted values, paths and addresses give way to marks; linear in a bounded length. */
function normaliseMessage(message: string): string {
  const words: string[] = [];
  addWords(words, message.slice(0, looked), 0);
  return joinMarks(words);
}

/** `depth`: of objects in texts in objects. */
function addWords(words: string[], text: string, depth: number): void {
  let key = "";
  let isValue = false;
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    const end = closing[char] === undefined || isWordBefore(text, at) ? -1 : closingQuote(text, at);
    if (end >= 0) {
      const inside = text.slice(at + 1, end);
      const next = text.slice(end + 1, end + 3).trimStart();
      const isKey = next.startsWith(":") || next.startsWith("=>");
      if (isKey) {
        key = inside.toLowerCase();
        words.push(key);
      } else if (isValue && tellingKeys.has(key) && depth < 3) {
        addWords(words, inside.replaceAll("\\n", " ").replaceAll("\\", ""), depth + 1);
      } else words.push("<value>");
      isValue = isKey;
      at = end + 1;
      continue;
    }
    if (bareSeparators.has(char)) {
      if (char === "," || char === "{") isValue = false;
      at++;
      continue;
    }
    let stop = at + 1;
    while (stop < text.length && !bareSeparators.has(text[stop] as string)) stop++;
    // "can't" is a word, and so is "1,200"
    while (stop + 1 < text.length && isInner(text, stop)) {
      stop++;
      while (stop < text.length && !bareSeparators.has(text[stop] as string)) stop++;
    }
    const word = text.slice(at, stop);
    if (word !== ":" && word !== "=>") words.push(markOf(word.toLowerCase(), words));
    at = stop;
  }
}

function isWordBefore(text: string, at: number): boolean {
  return at > 0 && /[\p{L}\p{N}]/u.test(text[at - 1] as string);
}

function isInner(text: string, at: number): boolean {
  const around = (text[at - 1] as string) + text[at + 1];
  const char = text[at];
  return ((char === "'" || char === "’") && /^\p{L}\p{L}$/u.test(around)) || (char === "," && /^\d\d$/.test(around));
}

/** Where the quoted text ends; of a text that was cut off, at its end; -1: no quote begins here. */
function closingQuote(text: string, start: number): number {
  const close = closing[text[start] as string] as string;
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === close && !(close === "'" && /[\p{L}\p{N}]/u.test(text[at + 1] ?? ""))) return at;
  }
  return text.length >= looked - 1 && text[start] !== "'" ? text.length : -1;
}

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const days = "mon tue wed thu fri sat sun".split(" ");
const isDateWord = (word: string) =>
  word.length <= 9 && (months.includes(word.slice(0, 3)) || (days.includes(word.slice(0, 3)) && word.length < 4));
const units = /^(?:ns|us|µs|ms|millis|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)$/;
const statusBefore =
  /^(?:http|https|status|statuscode|status_code|code|error|response|returned|got|http\/\d(?:\.\d)?)$/;

/** The word itself, or a mark for what it is. `before`: the words so far. */
function markOf(given: string, before: string[]): string {
  const word = given.replace(/^[#$~*!?.:]{1,9}/, "").replace(/[.:!?…%*]{1,9}$/, "");
  if (word === "") return "";
  if (word.includes("://")) return "<url>";
  if (word.includes("@") && word.lastIndexOf(".") > word.indexOf("@")) return "<email>";
  const before1 = before.findLast((one) => one !== "") ?? "";
  if (before1.endsWith("<n>") && units.test(word)) return "<unit>";
  if (isPath(word)) return "<path>";
  if (!/[\d*]/.test(word)) return word;
  if (/^[45]\d\d$/.test(word) && (before1 === "" || statusBefore.test(before1))) return word;
  if (/^\d{4}-\d\d-\d\d(?:t[\d:.,]{4,18}(?:z|[+-][\d:]{2,5})?)?$/.test(word)) return "<time>";
  if (/^\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:z|[+-]\d\d:?\d\d)?$/.test(word)) return "<time>";
  if (/^(?:\d{1,12}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h|d)){1,4}$/.test(word)) return "<n> <unit>";
  if (isId(word)) return "<id>";
  return word.replace(/[+-]?\d+(?:[.,_]\d+)*/g, "<n>");
}

function isPath(word: string): boolean {
  if (/^[a-z]:\\/.test(word) || word.startsWith("\\\\")) return true;
  const slashes = word.split("/").length - 1;
  if (slashes === 0) return false;
  if (/^(?:\/|\.{1,2}\/|~\/)[\w.@+~%-]/.test(word)) return true;
  return slashes >= 2 || /\.[a-z]{1,5}(?::\d{1,9}){0,2}$/.test(word);
}

/** Letters and digits that look drawn by lot: hex, uuids, "req_011CSHo…". */
function isId(word: string): boolean {
  if (/^0x[0-9a-f]+$/.test(word) || word.includes("****")) return true;
  if (/^[0-9a-f-]{8,}$/.test(word) && /[a-f]/.test(word)) return true;
  const tail = word.slice(Math.max(word.lastIndexOf("_"), word.lastIndexOf("-"), word.lastIndexOf(":")) + 1);
  if (tail.length < 8 || !/^[a-z0-9]+$/.test(tail)) return false;
  const digits = tail.replace(/\D/g, "").length;
  return digits >= 2 && digits < tail.length;
}

/** Runs of one mark, and the parts of a date, are one. */
function joinMarks(words: string[]): string {
  const joined: string[] = [];
  for (const word of words) {
    if (word === "") continue;
    const last = joined.at(-1);
    const isTime = word === "<time>" || (isDateWord(word) && (last === "<time>" || isDateWord(last ?? "")));
    if (word === last && word.startsWith("<")) continue;
    if (word === "<n>" && last !== undefined && isDateWord(last)) joined[joined.length - 1] = "<time>";
    else if (isTime && last !== undefined && (isDateWord(last) || last === "<time>"))
      joined[joined.length - 1] = "<time>";
    else if (word === "<unit>" && last === "<n>") joined[joined.length - 1] = "<n> <unit>";
    else if (word === "<n> <unit>" && last === word) continue;
    else if (word === "<n>" && last === "<time>") continue;
    else joined.push(word);
  }
  return joined.join(" ");
}
