/** Finds what gives access: keys of services, tokens, private keys, credentials in addresses. */
import { classOf, digit, letter, startsAt, token } from "./boundary.js";
import type { Finding } from "./marks.js";
import { vendorKeys } from "./vendor-keys.js";

/** No secret that is recognised by its form is shorter; hardly any word is longer. */
const shortestToken = 16;

const jwt = /eyJ[\w-]{8,}\.(?:eyJ[\w-]{4,}(?:\.[\w-]*)?|[\w-]*\.[\w-]+(?:\.[\w-]*\.[\w-]+)?)/g;
const telegramBot = /^AA[\w-]{33}$/;
const azureKey = /^[A-Za-z0-9]{52}JQQJ9[9D][A-Za-z0-9]{24,30}$/;
const azureClientSecret = /^[\w.~-]{3}\dQ~[\w.~-]{31,34}$/;

/** The word before a value that is a secret by its name. */
const secretName =
  /(?:(?:api|access|secret|private|auth|account|subscription|encryption|signing|master|admin|service|client|storage|shared|sas)[_. -]?key|(?:^|[^a-z])(?:apikey|token)|(?:access|auth|refresh|bearer|api|bot|session|secret|client|user|deploy|personal|security|private|id|csrf|xsrf|app|sas|webhook)[_. -]?token|secret|password|passwd|pwd|passphrase|credentials?|authorization)$/i;
const assignment =
  /([\w.-]{2,64})["'`\\\]]{0,4}[ \t]{0,4}(?::=|=>|[:=])[ \t]{0,4}(?:["'`\\]{0,4}(?:Bearer|Basic|Token)[ \t]{1,4})?["'`\\]{0,4}$/i;
const scheme = /\b(?:Bearer|Basic|Token)(?:[ \t]{1,4}|%20|\+)$/;

/**
 * Runs of token characters are found by looking at every sixteenth character, so that prose costs next to nothing. Each
 * run is looked at a fixed number of times, whatever is in it.
 */
export function findTokens(
  text: string,
  key: string | undefined,
  wanted: { api_key: boolean; jwt: boolean },
  findings: Finding[],
): void {
  const { length } = text;
  let from = 0;
  while (from + shortestToken <= length) {
    let probe = from + shortestToken - 1;
    while (probe >= from && (classOf(text.charCodeAt(probe)) & token) !== 0) probe--;
    if (probe >= from) {
      from = probe + 1;
      continue;
    }
    let end = from + shortestToken;
    while (end < length && (classOf(text.charCodeAt(end)) & token) !== 0) end++;
    inspectRun(text, from, end, key, wanted, findings);
    from = end + 1;
  }
}

function inspectRun(
  text: string,
  start: number,
  end: number,
  key: string | undefined,
  wanted: { api_key: boolean; jwt: boolean },
  findings: Finding[],
): void {
  const run = text.slice(start, end);
  if (wanted.jwt && run.includes("eyJ")) {
    jwt.lastIndex = 0;
    for (let match = jwt.exec(run); match; match = jwt.exec(run)) {
      const at = start + match.index;
      if (startsAt(text, at)) findings.push({ name: "jwt", start: at, end: at + match[0].length });
    }
  }
  if (!wanted.api_key) return;
  const before = findings.length;
  vendorKeys.lastIndex = 0;
  for (let match = vendorKeys.exec(run); match; match = vendorKeys.exec(run)) {
    const at = start + match.index;
    if (startsAt(text, at)) findings.push({ name: "api_key", start: at, end: at + match[0].length });
  }
  if (findings.length > before) return;
  // `name=value` is one run
  const equals = run.lastIndexOf("=", run.length - shortestToken);
  const value = equals < 0 ? run : run.slice(equals + 1);
  const valueStart = end - value.length;
  if (telegramBot.test(value) && /\d{8,10}:$/.test(text.slice(Math.max(0, valueStart - 11), valueStart))) {
    const digits = /\d{8,10}:$/.exec(text.slice(Math.max(0, valueStart - 11), valueStart)) as RegExpExecArray;
    findings.push({ name: "api_key", start: valueStart - digits[0].length, end });
  } else if (azureKey.test(value) || azureClientSecret.test(value)) {
    findings.push({ name: "api_key", start: valueStart, end });
  } else if (looksRandom(value) && isNamedSecret(text, valueStart, key)) {
    findings.push({ name: "api_key", start: valueStart, end });
  }
}

function isNamedSecret(text: string, start: number, key: string | undefined): boolean {
  const before = text.slice(Math.max(0, start - 96), start);
  if (scheme.test(before)) return true;
  const name = start === 0 ? key : assignment.exec(before)?.[1];
  return name !== undefined && secretName.test(name);
}

/** Letters and digits mixed as no word or path is: a person's guess at what a generator made. */
function looksRandom(value: string): boolean {
  let digits = 0;
  let changes = 0;
  let last = 0;
  const seen = new Set<string>();
  for (let i = 0; i < value.length && i < 128; i++) {
    const code = value.charCodeAt(i);
    const kind = classOf(code) & digit ? 1 : classOf(code) & letter ? (code >= 97 ? 2 : 3) : 4;
    if (kind === 1) digits++;
    if (kind !== last) changes++;
    last = kind;
    seen.add(value[i] as string);
  }
  return digits >= 2 && changes >= 5 && seen.size >= 8;
}

const keyHeader = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/y;
const keyFooter = /-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/y;
/** Lines as PEM has them before the base64: `Proc-Type: 4,ENCRYPTED`, `Version: …`. */
const keyBody =
  /(?:\\+[nrt]|\s){0,8}(?:[A-Z][A-Za-z-]{2,20}: [^\n\\"]{0,120}(?:\\+[nrt]|\s){1,8}){0,6}[A-Za-z0-9+/=]{16,}/y;
const keyLine = /(?:\\+[nrt]|["'+,]|\s){0,12}[A-Za-z0-9+/=]{16,}/y;
const keyTail =
  /(?:\\+[nrt]|\s){0,8}[A-Za-z0-9+/]{0,15}={1,2}(?:(?:\\+[nrt]|\s){0,8}=[A-Za-z0-9+/]{4}(?![A-Za-z0-9]))?/y;

/** PEM blocks with real or escaped line ends; one that was cut off reaches as far as its base64. Each character is read a bounded number of times. */
export function findPrivateKeys(text: string, findings: Finding[]): void {
  let at = text.indexOf("-----BEGIN");
  let footerAt = -1;
  while (at >= 0) {
    let end = endOf(keyHeader, text, at);
    const body = end < 0 ? -1 : endOf(keyBody, text, end);
    if (body >= 0) {
      end = body;
      for (let line = endOf(keyLine, text, end); line >= 0; line = endOf(keyLine, text, end)) end = line;
      const tail = endOf(keyTail, text, end);
      if (tail >= 0) end = tail;
      // what is left between the last line and the footer
      if (footerAt < end && footerAt !== Number.POSITIVE_INFINITY) {
        footerAt = text.indexOf("-----END", end);
        if (footerAt < 0) footerAt = Number.POSITIVE_INFINITY;
      }
      if (footerAt - end <= 64) {
        const footer = endOf(keyFooter, text, footerAt);
        if (footer >= 0) end = footer;
      }
      findings.push({ name: "private_key", start: at, end });
    }
    at = text.indexOf("-----BEGIN", Math.max(end, at + 10));
  }
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** `user:password` in `scheme://user:password@host`, without the `@`. Templates such as `${user}:${password}` are none. */
const credentials = /[^\s/?#"'`<>@:{}$\\]{0,128}:([^\s/?#"'`<>{}\\]{1,256})@(?=[^\s/?#"'`<>@])/y;

export function findUrlCredentials(text: string, findings: Finding[]): void {
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
    const end = endOf(credentials, text, at + 3) - 1;
    if (end < 0 || !classOf(text.charCodeAt(at - 1))) continue;
    const password = text.slice(text.indexOf(":", at + 3) + 1, end);
    if (/^(?:\$|%s|\*+$|x{3,}$|\[[a-z_]+(?::[0-9a-f]{10})?\]$)/i.test(password)) continue;
    findings.push({ name: "url_credentials", start: at + 3, end });
  }
}
