/** A 52-bit hash of a short text: enough to tell two ids of one trace apart. */
export function shortHash(text: string): number {
  // FNV-1a over two lanes, http://www.isthe.com/chongo/tech/comp/fnv/
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b);
  }
  return (high & 0xfffff) * 0x100000000 + (low >>> 0);
}
