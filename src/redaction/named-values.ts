/** Members in texts that are no JSON but hold some: in prose, line by line, cut off. */

const member = /"([^"\\]{1,256})(\\*)"\s{0,20}:\s{0,20}(?:(\\*)"|(-?\d{1,40}(?:\.\d{1,40})?(?![\w.])|true\b|false\b))/g;

/**
 * `replace` is asked with the names that are `wanted` and their texts, and returns the new text; undefined: it stays.
 * Values that are objects or lists are left as they are. Each character is read a bounded number of times.
 */
export function rewriteNamedValues(
  text: string,
  wanted: (name: string) => boolean,
  replace: (name: string, value: string) => string | undefined,
): string {
  let result = "";
  let copied = 0;
  member.lastIndex = 0;
  for (let match = member.exec(text); match; match = member.exec(text)) {
    const [whole, name = "", quote = "", slashes, bare] = match;
    if (!wanted(name)) continue;
    const after = match.index + whole.length;
    const start = bare === undefined ? after : after - bare.length;
    const end = bare === undefined ? endOfString(text, start, slashes?.length ?? 0) : after;
    const next = replace(name, text.slice(start, end));
    member.lastIndex = end;
    if (next !== undefined) {
      result += text.slice(copied, start) + (bare === undefined ? next : `${quote}"${next}${quote}"`);
      copied = end;
    }
  }
  return copied === 0 ? text : result + text.slice(copied);
}

/** Before the quote that has no more backslashes than the one that opened it; the text's end where none has. */
function endOfString(text: string, start: number, slashes: number): number {
  for (let at = text.indexOf('"', start); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = 0;
    while (at - before > start && text[at - before - 1] === "\\") before++;
    if (before <= slashes) return at - before;
  }
  return text.length;
}
