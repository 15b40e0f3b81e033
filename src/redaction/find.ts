/** Which values of a text are to be redacted: all that the patterns in force find, without overlaps. */
import { startsAt } from "./boundary.js";
import { findIbans } from "./iban.js";
import type { Finding } from "./marks.js";
import { findAddresses, findEmails } from "./network.js";
import { findNumbers } from "./numbers.js";
import { findPrivateKeys } from "./private-keys.js";
import type { RedactionSettings } from "./settings.js";
import { findAzureSecrets, findTokens } from "./tokens.js";
import { inAscii } from "./typography.js";
import { findUrlCredentials } from "./url-credentials.js";

/** `key`: the attribute or member under which the text stands; it may tell what a number is. */
export type Find = (text: string, key?: string) => Finding[];

/** What wins where two overlap; custom patterns come last. */
const order = [
  "private_key",
  "url_credentials",
  "jwt",
  "api_key",
  "iban",
  "credit_card",
  "ssn",
  "email",
  "phone",
  "ip",
];

export function createFinder({ patterns, custom }: Pick<RedactionSettings, "patterns" | "custom">): Find {
  const wants = new Set<string>(patterns);
  const tokens = { api_key: wants.has("api_key"), jwt: wants.has("jwt") };
  const numbers = { credit_card: wants.has("credit_card"), phone: wants.has("phone"), ssn: wants.has("ssn") };
  const findsTokens = tokens.api_key || tokens.jwt;
  const findsNumbers = numbers.credit_card || numbers.phone || numbers.ssn;
  const own = custom.map(({ name, pattern }) => ({ name, pattern: globally(pattern) }));
  return (text, key) => {
    const findings: Finding[] = [];
    if (wants.has("private_key")) findPrivateKeys(text, findings);
    if (wants.has("url_credentials")) findUrlCredentials(text, findings);
    if (findsTokens) findTokens(text, key, tokens, findings);
    if (tokens.api_key) findAzureSecrets(text, findings);
    if (wants.has("email")) findEmails(text, findings);
    const plain = findsNumbers || wants.has("iban") ? inAscii(text) : text;
    if (findsNumbers) findNumbers(plain, key, numbers, findings);
    if (wants.has("iban")) {
      findIbans(
        plain,
        (index) => startsAt(plain, index),
        (start, end) => findings.push({ name: "iban", start, end }),
      );
    }
    if (wants.has("ip")) findAddresses(text, key, findings);
    for (const { name, pattern } of own) findCustom(text, name, pattern, findings);
    return findings.length > 1 ? withoutOverlaps(findings) : findings;
  };
}

/** The same pattern, made to find all of its matches. */
function globally(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, "")}g`);
}

function findCustom(text: string, name: string, pattern: RegExp, findings: Finding[]): void {
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (found !== "") findings.push({ name, start: index, end: index + found.length });
  }
}

/** Overlapping findings become one that covers them, under the name that wins; what follows a URL's credentials does not. */
function withoutOverlaps(findings: Finding[]): Finding[] {
  const rank = ({ name }: Finding) => (order.indexOf(name) + order.length + 1) % (order.length + 1);
  findings.sort((a, b) => a.start - b.start || rank(a) - rank(b));
  const apart: Finding[] = [];
  for (const finding of findings) {
    const last = apart.at(-1);
    if (!last || finding.start >= last.end) apart.push(finding);
    else if (last.name === "url_credentials") continue;
    else if (finding.name === "url_credentials") apart[apart.length - 1] = finding;
    else {
      if (rank(finding) < rank(last)) last.name = finding.name;
      if (finding.end > last.end) last.end = finding.end;
    }
  }
  return apart;
}
