/** Sentences of ours with recorded words in between: whoever shows them decides how much of those is shown, and fences them. */

/** A string is our own wording; `name`: what is always shown (agents, tools, models, types of errors), `identity` where it is one; `text`: recorded text. */
export type PhrasePart = string | { name: string; identity?: Identity } | { text: string };
type Identity = "session" | "user";
export type Phrase = PhrasePart[];

type Value = string | number | PhrasePart | Phrase;

/** phrase`${nameOf(tool)} failed ${3} times: ${recorded(message)}`. A bare string must never be recorded. */
export function phrase(strings: TemplateStringsArray, ...values: Value[]): Phrase {
  const parts: Phrase = [];
  for (const [index, own] of strings.entries()) {
    if (own !== "") parts.push(own);
    const value = values[index];
    if (value === undefined) continue;
    if (Array.isArray(value)) parts.push(...value);
    else parts.push(typeof value === "number" ? String(value) : value);
  }
  return parts;
}

export function nameOf(name: string, identity?: Identity): PhrasePart {
  return identity ? { name, identity } : { name };
}

export function recorded(text: string): PhrasePart {
  return { text };
}

/** With a capital where it begins with a word of ours. */
export function sentence([first, ...rest]: Phrase): Phrase {
  if (typeof first === "string") return [first.charAt(0).toUpperCase() + first.slice(1), ...rest];
  return first === undefined ? [] : [first, ...rest];
}

/** The phrases with a separator in between. */
export function joinPhrases(phrases: readonly Phrase[], separator: string): Phrase {
  return phrases.flatMap((each, index) => (index === 0 ? each : [separator, ...each]));
}

/** The same sentence with its recorded words replaced. */
export function mapPhrase(parts: Phrase, show: Record<"name" | "text" | Identity, (given: string) => string>): Phrase {
  return parts.map((part) => {
    if (typeof part === "string") return part;
    if ("text" in part) return { text: show.text(part.text) };
    return { ...part, name: show[part.identity ?? "name"](part.name) };
  });
}

/** Characters of a recorded word in one string. */
const longest = { name: 200, text: 400 };

/** As one string, nothing fenced: for JSON. What is very long is cut, and what was cut is counted. */
export function plainPhrase(parts: Phrase): string {
  return parts
    .map((part) => {
      if (typeof part === "string") return part;
      return "name" in part
        ? beginning(part.name, longest.name)
        : beginning(part.text, longest.text).replace(/\s+/g, " ").trim();
    })
    .join("");
}

function beginning(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
  return `${kept}… (+${text.length - kept.length} chars)`;
}
