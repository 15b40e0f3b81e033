/** Finds e-mail and IP addresses. */
import {
  afterColour,
  classOf,
  digit,
  hexLetter,
  isWord,
  letter,
  startsAt,
  upToValue,
  wordsBefore,
} from "./boundary.js";
import type { Finding } from "./marks.js";

const longestLocal = 64;
const longestDomain = 255;
/** Ends of file names and no top-level domains: `icon@2x.png`. */
const fileEnds =
  /\.(?:png|jpe?g|gif|svg|webp|avif|ico|pdf|m?js|cjs|tsx?|jsx|css|scss|less|html?|json|ya?ml|tgz|gz|local)$/i;

function inLocal(code: number): boolean {
  return (
    isWord(code) || code === 46 || code === 43 || code === 45 || code === 37 || code === 39 || isForeignLetter(code)
  );
}

function inDomain(code: number): boolean {
  return (classOf(code) & (digit | letter)) !== 0 || code === 46 || code === 45 || isForeignLetter(code);
}

/** Letters beyond ASCII, roughly: not spaces, dashes, quotes, full-width signs or surrogates. */
function isForeignLetter(code: number): boolean {
  return (code >= 0xc0 && code < 0x2000) || (code >= 0x3040 && code < 0xd800) || (code >= 0xf900 && code < 0xff00);
}

/** As it is, and as URLs, HTML and JSON write it. */
const atSigns = ["@", "%40", "&#64;", "&#x40;", "\\u0040"];

/** Looks at most 64 characters back and 255 on from each `@`. */
export function findEmails(text: string, findings: Finding[]): void {
  for (const sign of atSigns) {
    for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) {
      const start = startOfLocal(text, at, sign);
      if (start >= at || text[at - 1] === ".") continue;
      const after = at + sign.length;
      let end = after;
      while (end < text.length && end - after < longestDomain && inDomain(text.charCodeAt(end))) end++;
      while (end > after && !(isWord(text.charCodeAt(end - 1)) || isForeignLetter(text.charCodeAt(end - 1)))) end--;
      const domain = text.slice(after, end);
      if (!isDomain(domain)) continue;
      if (text[end] === ":" && text.slice(start, at) === "git") continue;
      findings.push({ name: "email", start, end });
    }
  }
}

function startOfLocal(text: string, at: number, sign: string): number {
  let start = at;
  while (start > 0 && at - start < longestLocal && inLocal(text.charCodeAt(start - 1))) start--;
  // what a URL writes so is no part of an address, but for + - . and _
  if (sign === "%40") start += /^.*%(?!2[bde]|5f)[\da-f]{2}/i.exec(text.slice(start, at))?.[0].length ?? 0;
  while (start < at && !(isWord(text.charCodeAt(start)) || isForeignLetter(text.charCodeAt(start)))) start++;
  // `\njohn@…` as it stands in escaped text
  if (text[start - 1] === "\\" && "nrt".includes(text[start] as string)) start++;
  return afterColour(text, start);
}

function isDomain(domain: string): boolean {
  const dot = domain.lastIndexOf(".");
  if (dot < 1 || domain.includes("..") || domain.startsWith("-") || domain.startsWith(".")) return false;
  const top = domain.slice(dot + 1);
  return top.length >= 2 && !/^\d|\d$|^-/.test(top) && !fileEnds.test(domain);
}

const address = /(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}/g;
const versionBefore = new RegExp(
  String.raw`(?:(?:version|ver|v|release|build|section|chapter|clause|oid|§)${upToValue}|(?:^|[\s("'\\])[a-z][\w.-]{0,20}\/$)`,
  "i",
);
/** They tell nothing of anybody: unspecified, loopback, broadcast and netmasks. */
const nobody = /^(?:0\.|127\.|255\.)/;

export function findAddresses(text: string, key: string | undefined, findings: Finding[]): void {
  if (text.includes(".")) {
    address.lastIndex = 0;
    for (let match = address.exec(text); match; match = address.exec(text)) {
      const start = match.index;
      const end = start + match[0].length;
      if (nobody.test(match[0]) || !startsAt(text, start) || isWord(text.charCodeAt(end))) continue;
      const before = text.charCodeAt(start - 1);
      if (before === 46 || before === 45 || (text[end] === "." && classOf(text.charCodeAt(end + 1)) & digit)) continue;
      if (text[end] === "-" && isWord(text.charCodeAt(end + 1))) continue;
      if (versionBefore.test(wordsBefore(text, start, key))) continue;
      findings.push({ name: "ip", start, end });
    }
  }
  findSixAddresses(text, findings);
}

function inSix(code: number): boolean {
  return (classOf(code) & (digit | hexLetter)) !== 0 || code === 58 || code === 46;
}

const longestSix = 45;

/** From the first colon of a run of hexadecimal digits and colons: at most 45 characters on, 4 back. */
function findSixAddresses(text: string, findings: Finding[]): void {
  for (let at = text.indexOf(":"); at >= 0; at = text.indexOf(":", at + 1)) {
    if (!inSix(text.charCodeAt(at + 1))) continue;
    let start = at;
    while (at - start < 4 && classOf(text.charCodeAt(start - 1)) & (digit | hexLetter)) start--;
    let end = at;
    while (end < text.length && end - start <= longestSix && inSix(text.charCodeAt(end))) end++;
    if (end - start > longestSix) {
      at = end;
      continue;
    }
    while (end > at && text[end - 1] === ".") end--;
    const candidate = text.slice(start, end);
    at = end - 1;
    if (startsAt(text, start) && text[start - 1] !== ":" && !isWord(text.charCodeAt(end)) && isSix(candidate))
      findings.push({ name: "ip", start, end });
  }
}

function isSix(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2 || text.length < 6) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1) ?? "";
  let count = groups.length;
  if (last.includes(".")) {
    if (!/^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(last)) return false;
    groups.pop();
    count++;
  }
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  // netmasks, and the 64 bits of a device
  if (groups.every((group) => /^f{4}$/i.test(group)) || (count === 8 && groups.every(({ length }) => length === 2)))
    return false;
  // `12::30` and `a::b` are more often code than addresses
  return halves.length === 2 ? count < 8 && count >= 2 && groups.some((group) => group.length > 2) : count === 8;
}
