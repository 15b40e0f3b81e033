/** Ages, sizes and counts as people write and read them. */

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

/** 1,234,567 bytes → `1.2 MB`. */
export function formatSize(size: number): string {
  for (const [unit, factor] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["KB", 1e3],
  ] as const)
    if (size >= factor) return `${(size / factor).toFixed(size >= 100 * factor ? 0 : 1)} ${unit}`;
  return `${size} B`;
}

/** Seconds → `3 s`, `2 min`, `5 h`, `12 days`. */
export function formatAge(age: number): string {
  if (age < 90) return `${Math.max(0, Math.round(age))} s`;
  if (age < 5400) return `${Math.round(age / 60)} min`;
  if (age < 129_600) return `${Math.round(age / 3600)} h`;
  return `${Math.round(age / 86_400)} days`;
}

/** 20100 → `20,100`. The locale formatter would do it too, and takes 30 ms to load. */
export const formatCount = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");

/** `1 span`, `2 spans`. */
export const counted = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
