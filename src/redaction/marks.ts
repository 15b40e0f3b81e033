/** Marks are what stands in a text where a value was: `[email]`, `[email:7f3a09c1d2]`. */
import type { RedactionMode } from "./settings.js";
import { inAscii } from "./typography.js";

/** A place of `text` that is to be redacted. `start` and `end` count UTF-16 units. */
export type Finding = { name: string; start: number; end: number };

/** The name of a mark for a key: `X-Api-Key` → `x-api-key`. */
export function markNameOf(key: string): string {
  return (
    key
      .toLowerCase()
      .replace(/[^a-z0-9_.-]/g, "_")
      .slice(0, 64) || "key"
  );
}

/** As in URLs, HTML and JSON. */
const writtenAt = /%40|&#(?:64|x40);|\\u0040/;

/** One value in two spellings has one pseudonym. */
function normalised(name: string, value: string): string {
  switch (name) {
    case "credit_card":
    case "ssn":
      return inAscii(value).replace(/\D/g, "");
    case "phone":
      return inAscii(value).replace(/\(0\)/g, "").replace(/\D/g, "").replace(/^00/, "");
    case "iban":
      return inAscii(value)
        .replace(/[^A-Za-z0-9]/g, "")
        .toUpperCase();
    case "email":
      return value.replace(writtenAt, "@").toLowerCase();
    case "ip":
      return value.toLowerCase();
    case "private_key":
      return value.replace(/\\+[nrt]|\s/g, "");
    default:
      return value;
  }
}

export function markFor(name: string, value: string, mode: RedactionMode, pseudonym: (value: string) => string) {
  if (mode === "drop") return "";
  return mode === "mask" ? `[${name}]` : `[${name}:${pseudonym(normalised(name, value))}]`;
}

/** Recognises marks of these names, with and without a pseudonym. */
export function markReader(names: ReadonlySet<string>) {
  const shape = /\[([a-z0-9_.-]{1,64})(?::[0-9a-f]{10})?\]/gi;
  /** The places of all marks in the text, in order. */
  function placesIn(text: string): Finding[] {
    if (!text.includes("[")) return [];
    const places: Finding[] = [];
    for (const match of text.matchAll(shape)) {
      if (names.has(match[1] as string))
        places.push({ name: match[1] as string, start: match.index, end: match.index + match[0].length });
    }
    return places;
  }
  return {
    placesIn,
    /** Whether the text is one mark and nothing else. */
    isMark(text: string): boolean {
      return text.length < 80 && text[0] === "[" && placesIn(text)[0]?.end === text.length;
    },
  };
}
