/** Ages and sizes as people write them. */

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const bytes: Record<string, number> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** `30d`, `12h`, `90m`, `2w` → whole seconds; null when it is no age. */
export const ageInSeconds = (text: string): number | null => quantity(text, seconds);

/** `1GB`, `500 MB`, `1.5GiB` → whole bytes; null when it is no size. */
export const sizeInBytes = (text: string): number | null => quantity(text, bytes);

function quantity(text: string, units: Record<string, number>): number | null {
  const [, number, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text) ?? [];
  const value = Math.round(Number(number) * (units[unit.toLowerCase()] ?? Number.NaN));
  return value > 0 ? value : null;
}
