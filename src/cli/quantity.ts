/** Ages, sizes and counts as people read them. */

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
