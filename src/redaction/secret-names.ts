/** The name before a value: `api_key=…`, `"apiKey": "…"`, `Authorization: Bearer …`. */
import { isWordAt } from "./boundary.js";

const secretName =
  /(?:(?:api|access|secret|private|auth|account|subscription|encryption|signing|master|admin|service|client|storage|shared|sas)[_. -]?key|apikey|(?:^|[^a-z])token|(?:access|auth|refresh|bearer|api|bot|session|secret|client|user|deploy|personal|security|private|id|csrf|xsrf|app|sas|webhook)[_. -]?token|secret|password|passwd|pwd|passphrase|credentials?|authorization|signature)$/i;
/** Places in a list, and nothing that anybody must hide. */
const harmlessName =
  /(?:page|next|prev|previous|continuation|cursor|sync|cancel|start|end|last|pagination)[_.-]?token$/i;
/** With which models vouch for their reasoning; those of signed URLs are `Signature` or `X-Amz-Signature`. */
const reasoningSignature = /^(?:signature|thought_?[sS]ignature)$/;

export function isSecretName(name: string): boolean {
  return secretName.test(name) && !harmlessName.test(name) && !reasoningSignature.test(name);
}

const longestName = 64;

export type NameBefore = { name?: string; scheme?: "bearer" | "basic" | "other" };

/** JSON inside of JSON has many backslashes. */
const mostQuotes = 128;

/**
 * Reads backwards from a value, at most some hundred characters: quotes, a scheme, `:` or `=`, quotes, the name. `key`:
 * the name of a value that fills its text.
 */
export function nameBefore(text: string, start: number, key: string | undefined): NameBefore {
  let at = skipQuotes(text, start);
  let scheme: NameBefore["scheme"];
  const spaced = skipSpaces(text, at);
  if (spaced < at) {
    const word = wordBefore(text, spaced).toLowerCase();
    if (word === "bearer" || word === "basic") return { scheme: word };
    if (/^(?:(?:api-?)?token|(?:api-?)?key)$/.test(word)) {
      scheme = "other";
      at = skipQuotes(text, spaced - word.length);
    }
  }
  if (at === 0) return key === undefined ? {} : { name: key };
  at = skipSpaces(text, at);
  const delimiter = text[at - 1];
  if (delimiter !== ":" && delimiter !== "=" && !(delimiter === ">" && text[at - 2] === "=")) return {};
  at -= delimiter === ">" ? 2 : 1;
  if (text[at - 1] === ":") at--;
  at = skipQuotes(text, skipSpaces(text, at));
  if (text[at - 1] === "]") at = skipQuotes(text, at - 1);
  const name = wordBefore(text, at);
  return name === "" ? {} : scheme ? { name, scheme } : { name };
}

function skipSpaces(text: string, end: number): number {
  let at = end;
  while (end - at < 8) {
    if (text[at - 1] === " " || text[at - 1] === "\t") at--;
    else if (text[at - 1] === "t" && text[at - 2] === "\\") at = skipQuotes(text, at - 1);
    else break;
  }
  return at;
}

function skipQuotes(text: string, end: number): number {
  let at = end;
  while (end - at < mostQuotes && "\"'`\\".includes(text[at - 1] ?? "none")) at--;
  return at;
}

function wordBefore(text: string, end: number): string {
  let at = end;
  while (end - at < longestName && (isWordAt(text, at - 1) || text[at - 1] === "-" || text[at - 1] === ".")) at--;
  return text.slice(at, end);
}
