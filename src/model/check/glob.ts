/** Names with `*` for any characters. Linear, no patterns. */

export function nameMatches(wanted: string, name: string): boolean {
  const parts = wanted.split("*");
  const [first = "", ...rest] = parts;
  if (rest.length === 0) return name === wanted;
  const last = rest.pop() as string;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - at >= last.length && name.endsWith(last);
}
