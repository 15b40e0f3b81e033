/** The nearest of some known words to a mistyped one. */

function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(
        Math.min(
          (row[j - 1] ?? 0) + 1,
          (previous[j] ?? 0) + 1,
          (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      );
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** ` (did you mean "x"?)`, or nothing when no known word is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const typed = word
    .slice(0, 60)
    .toLowerCase()
    .replace(/[\s-]+/g, "_");
  let best = "";
  let least = Math.max(2, Math.floor(typed.length / 3)) + 1;
  for (const candidate of known) {
    const d = candidate.startsWith(typed) || typed.startsWith(candidate) ? 1 : distance(typed, candidate);
    if (d < least) [best, least] = [candidate, d];
  }
  return best === "" ? "" : ` (did you mean "${best}"?)`;
}
