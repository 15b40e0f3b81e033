/** Finds keys of services and JSON Web Tokens: long runs of letters and digits that begin as theirs do, or stand under a name that says so. */
import { afterColour, classOf, digit, letter, startsAt, token } from "./boundary.js";
import type { Finding } from "./marks.js";
import { isSecretName, nameBefore } from "./secret-names.js";
import { endOfVendorKey } from "./vendor-keys.js";

export type WantedTokens = { api_key: boolean; jwt: boolean };

/** Every key has such a run; hardly any word is one. */
const shortestRun = 16;
const inRun = (code: number) => (classOf(code) & (digit | letter)) !== 0 || code === 95 || code === 45;
const inToken = (code: number) => (classOf(code) & token) !== 0 && code !== 61;

/**
 * Runs are found by looking at every sixteenth character, so that prose costs next to nothing. `key`: the attribute or
 * member under which the text stands, where it tells anything.
 */
export function findTokens(text: string, key: string | undefined, wanted: WantedTokens, findings: Finding[]): void {
  const { length } = text;
  let from = 0;
  let judged = 0;
  while (from + shortestRun <= length) {
    let probe = from + shortestRun - 1;
    while (probe >= from && inRun(text.charCodeAt(probe))) probe--;
    if (probe >= from) {
      from = probe + 1;
      continue;
    }
    let end = from + shortestRun;
    while (end < length && inRun(text.charCodeAt(end))) end++;
    let finding = readForm(text, from, end, wanted);
    // the whole value around the run is looked at once, however many runs there are in it
    if (!finding && wanted.api_key && from >= judged) {
      const value = valueAround(text, from, end);
      if (isNamed(text, value, key)) finding = { name: "api_key", ...value };
      judged = value.end;
    }
    if (finding) {
      findings.push(finding);
      end = Math.max(end, finding.end);
    }
    from = end + 1;
  }
}

/** What the run shows by itself. */
function readForm(text: string, start: number, end: number, wanted: WantedTokens): Finding | undefined {
  const first = afterEscape(text, start);
  if (text.startsWith("eyJ", first)) {
    const jwtEnd = endOfJwt(text, first);
    if (jwtEnd >= 0) return wanted.jwt ? { name: "jwt", start: first, end: jwtEnd } : undefined;
  }
  if (!wanted.api_key) return undefined;
  let at = first;
  let keyEnd = endOfVendorKey(text, at);
  if (keyEnd < 0) {
    const before = text.charCodeAt(start - 1);
    if (before === 46 || before === 47) {
      at = startOfDotted(text, start);
      if (at < start) keyEnd = endOfVendorKey(text, at);
    } else if (before === 58) {
      const bot = telegramBot(text, start, end);
      if (bot >= 0) return { name: "api_key", start: bot, end };
    }
  }
  return keyEnd < 0 ? undefined : { name: "api_key", start: at, end: keyEnd };
}

/** The `n` of an escaped newline, `u00e9`, a URL's `3D` and a colour's `31m` are no part of what they stand before. */
function afterEscape(text: string, start: number): number {
  const before = text[start - 1];
  if (before === "\\") {
    if (text[start] === "u") return start + 5;
    return "nrtbf".includes(text[start] as string) ? start + 1 : start;
  }
  return before === "%" ? start + 2 : afterColour(text, start);
}

const jwt = /eyJ[\w-]{8,}\.(?:eyJ[\w-]{4,}(?:\.[\w-]*)?|[\w-]*\.[\w-]+(?:\.[\w-]*\.[\w-]+)?)/y;

/** Signed, unsigned, encrypted (RFC 7515 to 7519), or cut off after the claims have begun. */
function endOfJwt(text: string, start: number): number {
  jwt.lastIndex = start;
  return jwt.test(text) ? jwt.lastIndex : -1;
}

const dotted =
  /(?:SG\.|ya29\.|AQ\.|hv[sbr]\.|dp\.[a-z]{2,5}\.(?:[\w-]{1,20}\.)?|xox[be]\.|hooks\.slack\.com\/(?:services|workflows|triggers)\/(?:[\w-]{1,30}\/){0,4}|discord(?:app)?\.com\/api\/webhooks\/(?:\d{1,20}\/)?)$/;

/** Where a key begins whose first parts are short. */
function startOfDotted(text: string, start: number): number {
  const before = text.slice(Math.max(0, start - 140), start);
  const match = dotted.exec(before);
  if (!match || !startsAt(text, start - match[0].length)) return start;
  return start - match[0].length;
}

/** -1 where it is none. */
function telegramBot(text: string, start: number, end: number): number {
  if (end - start < 34 || end - start > 36 || !text.startsWith("AA", start)) return -1;
  let at = start - 1;
  while (start - at <= 12 && (classOf(text.charCodeAt(at - 1)) & digit) !== 0) at--;
  const digits = start - 1 - at;
  return digits >= 8 && digits <= 10 && startsAt(text, at) ? at : -1;
}

const azureKey = /^[A-Za-z0-9]{52}JQQJ9[9D][A-Za-z0-9]{24,30}$/;
const azureClientSecret = /^[\w.~-]{3}\dQ~[\w.~-]{31,34}$/;

/** Client secrets of Azure have `.` and `~` so often that there may be no long run in them. */
export function findAzureSecrets(text: string, findings: Finding[]): void {
  for (let at = text.indexOf("Q~"); at >= 0; at = text.indexOf("Q~", at + 2)) {
    let start = at;
    while (at - start < 5 && inToken(text.charCodeAt(start - 1))) start--;
    let end = at;
    while (end - at < 40 && inToken(text.charCodeAt(end))) end++;
    const value = text.slice(start, end);
    if (azureClientSecret.test(value) && new Set(value).size > 12) findings.push({ name: "api_key", start, end });
  }
}

type Place = { start: number; end: number };

/** Base64 has `/`, `+` and `=`, too. */
function valueAround(text: string, runStart: number, runEnd: number): Place {
  let start = runStart;
  while (inToken(text.charCodeAt(start - 1))) start--;
  let end = runEnd;
  while (inToken(text.charCodeAt(end))) end++;
  if (text[end] === "=") end += text[end + 1] === "=" ? 2 : 1;
  return { start: Math.min(afterEscape(text, start), end), end };
}

/** What follows of a value is as random as its beginning. */
const judgedLength = 256;

function isNamed(text: string, { start, end }: Place, key: string | undefined): boolean {
  const value = text.slice(start, Math.min(end, start + judgedLength));
  if (value.length === 84 && azureKey.test(value)) return true;
  const { name, scheme } = nameBefore(text, start, key);
  if (scheme === "bearer") return looksRandom(value);
  if (scheme === "basic") return isBasic(value);
  return name !== undefined && isSecretName(name) && looksRandom(value);
}

/** Random letters and digits change their kind every second or third character, words and what is made of them do not. */
function looksRandom(value: string): boolean {
  const parts = value.match(/[A-Z]?[a-z]+|[A-Z]+|\d+/g) ?? [];
  let characters = 0;
  let digits = 0;
  for (const part of parts) {
    characters += part.length;
    if (part <= "9~") digits += part.length;
  }
  return digits > 0 && characters - digits > 2 && characters / parts.length < 3.3 && new Set(value).size >= 8;
}

/** RFC 7617: base64 of `user:password`. */
function isBasic(value: string): boolean {
  try {
    return /^[ -~]{0,128}:/.test(atob(value.slice(0, value.length - (value.length % 4))));
  } catch {
    return false;
  }
}
