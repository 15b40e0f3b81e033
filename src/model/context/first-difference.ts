/** Where two texts begin to differ, in their own words. Pure. */

/** Characters quoted before and after the first that differs. */
const before = 24;
const after = 60;

export type Difference = { before: string; after: string };

/** How many characters two texts begin with alike. */
export function commonStart(one: string, other: string): number {
  const shorter = Math.min(one.length, other.length);
  let at = 0;
  while (at < shorter && one.charCodeAt(at) === other.charCodeAt(at)) at++;
  return at;
}

/** Excerpts from the same place on; one that does not begin with its text begins with "…". `inside`: both are cut off in front. */
export function firstDifference(one: string, other: string, inside = false): Difference {
  const at = commonStart(one, other);
  let start = Math.max(0, at - before);
  if (start > 0) {
    const space = one.indexOf(" ", start);
    if (space >= 0 && space < at) start = space + 1;
    // half of a pair is no character
    else if (/[\udc00-\udfff]/.test(one[start] ?? "")) start += 1;
  }
  const mark = inside || start > 0 ? "…" : "";
  return { before: mark + excerpt(one, start, at + after), after: mark + excerpt(other, start, at + after) };
}

function excerpt(text: string, start: number, end: number): string {
  const until = /[\ud800-\udbff]/.test(text[end - 1] ?? "") ? end - 1 : end;
  return `${text.slice(start, until)}${until < text.length ? "…" : ""}`;
}
