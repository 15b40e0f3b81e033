/** Makes a redactor out of settings. */
import { createFinder } from "./find.js";
import { type JsonVisitor, rewriteJson } from "./json-text.js";
import { createKeyRules } from "./keys.js";
import { type Finding, markFor, markReader } from "./marks.js";
import { createMemo, type Redacted, shortestRemembered } from "./memo.js";
import { rewriteNamedValues } from "./named-values.js";
import type { RedactionCounts, Redactor } from "./redact.js";
import { personalPatterns, type RedactionMode, type RedactionSettings, secretPatterns } from "./settings.js";
import { createValueWalk } from "./value-walk.js";

/** JSON in the strings of JSON: tool arguments in messages in a request … */
const deepestJson = 8;
/** What marks leave beside each other may be found once more. */
const mostRounds = 8;
/** `a://b:c@d` */
const shortestSecret = 9;
/** characters */
const memoCapacity = 8_000_000;

/**
 * `pseudonym` gives the same 10 hexadecimal digits for the same value. The time that a text takes is linear in its
 * length for all built-in patterns; what a custom RegExp costs is up to who wrote it.
 */
export function createRedactor(settings: RedactionSettings, pseudonym: (value: string) => string): Redactor {
  const { mode, keys, custom, patterns } = settings;
  const find = createFinder(settings);
  const ruleOf = createKeyRules(keys);
  const markNames = new Set<string>([...secretPatterns, ...personalPatterns, ...custom.map(({ name }) => name)]);
  const marks = markReader(markNames);
  const memo = createMemo(memoCapacity);
  /** what raw JSON shows is not all that a custom RegExp or a key's name may match */
  const readsAllJson = keys.length > 0 || custom.length > 0;
  const onlySecrets = !readsAllJson && patterns.every((name) => secretPatterns.some((secret) => secret === name));
  const shortestText = onlySecrets ? shortestSecret : 0;
  let counts: RedactionCounts = {};

  function count(name: string): void {
    counts[name] = (counts[name] ?? 0) + 1;
  }

  const modeFor = (key: string | undefined): RedactionMode =>
    mode !== "pseudonym" && key !== undefined && ruleOf(key).identity ? "pseudonym" : mode;

  const hintOf = (key: string | undefined) => (key === undefined ? undefined : ruleOf(key).hint);

  /** The mark in the place of a whole value, or undefined where there is nothing to hide. */
  function wholeMark(name: string, value: string, how: RedactionMode): string | undefined {
    markNames.add(name);
    if (value === "" || marks.isMark(value)) return undefined;
    count(name);
    return markFor(name, value, how, pseudonym);
  }

  /** `hint`: the name under which the text stands, where it tells anything. */
  function redactPlain(text: string, hint: string | undefined, how: RedactionMode): string {
    let result = text;
    for (let round = 0; round < mostRounds; round++) {
      const findings = outsideOfMarks(find(result, hint), result);
      if (findings.length === 0) break;
      let next = "";
      let at = 0;
      for (const { name, start, end } of findings) {
        count(name);
        next += result.slice(at, start) + markFor(name, result.slice(start, end), how, pseudonym);
        at = end;
      }
      result = next + result.slice(at);
    }
    return result;
  }

  /** Without those that would redact nothing but marks. */
  function outsideOfMarks(findings: Finding[], text: string): Finding[] {
    if (findings.length === 0) return findings;
    const places = marks.placesIn(text);
    if (places.length === 0) return findings;
    let next = 0;
    let taken = 0;
    return findings.filter((finding) => {
      while (next < places.length && (places[next] as Finding).end <= finding.start) next++;
      let covered = finding.start;
      for (let i = next; i < places.length; i++) {
        const place = places[i] as Finding;
        if (place.start > covered) break;
        covered = place.end;
      }
      if (covered >= finding.end) return false;
      // a mark that is touched goes as a whole
      for (let i = next; i < places.length; i++) {
        const place = places[i] as Finding;
        if (place.start >= finding.end) break;
        finding.start = Math.min(finding.start, place.start);
        finding.end = Math.max(finding.end, place.end);
      }
      finding.start = Math.max(finding.start, taken);
      taken = Math.max(taken, finding.end);
      return finding.start < finding.end;
    });
  }

  function redactText(text: string, hint: string | undefined, how: RedactionMode, depth: number): string {
    if (depth < deepestJson && mayBeJson(text)) {
      // what stands in JSON without such escapes shows itself in the text as it is
      if (!readsAllJson && !/\\[u/]/.test(text) && find(text, hint).length === 0) return text;
      const rewritten = rewriteJson(text, visitor(hint, how, depth + 1));
      if (rewritten !== null) return rewritten;
    }
    return redactPlain(keys.length > 0 ? redactNamed(text) : text, hint, how);
  }

  function redactNamed(text: string): string {
    return rewriteNamedValues(
      text,
      (name) => ruleOf(name).mark !== undefined,
      (name, value) => wholeMark(ruleOf(name).mark as string, value, modeFor(name)),
    );
  }

  function visitor(outerHint: string | undefined, outerMode: RedactionMode, depth: number): JsonVisitor {
    const modeOf = (key: string | undefined) => (key === undefined ? outerMode : modeFor(key));
    const hintFor = (key: string | undefined, inList: boolean) =>
      inList ? undefined : key === undefined ? outerHint : hintOf(key);
    return {
      string: (text, key, inList) => redactText(text, hintFor(key, inList), modeOf(key), depth),
      number(text, key, inList) {
        const changed = redactPlain(text, hintFor(key, inList), modeOf(key));
        return changed === text ? undefined : changed;
      },
      name: (text) => redactPlain(text, undefined, mode),
      replaces: (name) => ruleOf(name).mark !== undefined,
      member(name, value) {
        const mark = ruleOf(name).mark as string;
        if (value === "null") return undefined;
        const changed = wholeMark(mark, value[0] === '"' ? (JSON.parse(value) as string) : value, modeFor(name));
        return changed === undefined ? undefined : JSON.stringify(changed);
      },
    };
  }

  function text(text: string, key?: string): string {
    const rule = key === undefined ? undefined : ruleOf(key);
    const how = modeFor(key);
    if (rule?.mark !== undefined) return wholeMark(rule.mark, text, how) ?? text;
    if (text.length < shortestText) return text;
    // what a name adds to the meaning of a text is rare among long ones
    if (text.length < shortestRemembered || how !== mode || rule?.hint !== undefined)
      return redactText(text, rule?.hint, how, 0);
    const known = memo.get(text);
    if (known) {
      for (const [name, n] of Object.entries(known.counts)) counts[name] = (counts[name] ?? 0) + n;
      return known.text;
    }
    const before = counts;
    counts = {};
    const redacted: Redacted = { text: redactText(text, undefined, how, 0), counts };
    if (redacted.text === text) redacted.text = text;
    memo.set(text, redacted);
    counts = before;
    for (const [name, n] of Object.entries(redacted.counts)) counts[name] = (counts[name] ?? 0) + n;
    return redacted.text;
  }

  const value = createValueWalk({
    text,
    name: (name) => redactPlain(name, undefined, mode),
    whole(value, key) {
      const { mark } = ruleOf(key);
      return mark === undefined ? undefined : wholeMark(mark, plainText(value), modeFor(key));
    },
  });

  return {
    text,
    value: (item, key) => value(item, key),
    coversKey: (key) => ruleOf(key).mark !== undefined,
    take() {
      const taken = counts;
      counts = {};
      return taken;
    },
  };
}

/** One text for one value: the number 7 and the string "7" get the same pseudonym. */
function plainText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const members = Object.values(value);
  if (members.length === 1 && typeof members[0] !== "object") return String(members[0]);
  try {
    return JSON.stringify(value);
  } catch {
    return "value";
  }
}

function mayBeJson(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 123 || code === 91 || code === 34) return true;
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return false;
  }
  return false;
}
