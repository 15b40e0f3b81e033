/** Splits the text of a JSON array into the texts of its elements without parsing them. */

/**
 * The raw elements of a JSON array from `from` (the index of `[`, or of the `,` before the first wanted element)
 * to its closing bracket, white space trimmed; null when the text is not such an array up to its very end.
 */
export function splitJsonArray(text: string, from = 0): string[] | null {
  const elements: string[] = [];
  let depth = 0;
  let start = from + 1;
  const end = text.length - 1;
  if (text.charCodeAt(end) !== 93) return null;
  for (let at = from + 1; at <= end; at++) {
    const c = text.charCodeAt(at);
    if (c === 34) {
      at = endOfString(text, at);
      if (at < 0) return null;
    } else if (c === 123 || c === 91) depth++;
    else if (c === 125) depth--;
    else if (c === 93) {
      if (depth > 0) depth--;
      else if (at !== end) return null;
      else {
        const last = text.slice(start, at).trim();
        if (last !== "") elements.push(last);
        else if (elements.length > 0) return null;
        return elements;
      }
    } else if (c === 44 && depth === 0) {
      const element = text.slice(start, at).trim();
      if (element === "") return null;
      elements.push(element);
      start = at + 1;
    }
    if (depth < 0) return null;
  }
  return null;
}

/** Whether a text is bounded as a JSON value is: of something else, what is redacted could reach across its commas. */
export function isElement(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  switch (text.charCodeAt(0)) {
    case 123:
      return last === 125;
    case 91:
      return last === 93;
    case 34:
      return endOfString(text, 0) === text.length - 1;
    default:
      return /^(-?\d[\d.eE+-]*|true|false|null)$/.test(text);
  }
}

function endOfString(text: string, open: number): number {
  let at = open;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return -1;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === 92) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
}
