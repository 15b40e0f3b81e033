/** Sums of what may be unknown. Pure. */

/** null + null = null; otherwise null counts as 0. */
export function addKnown(a: number | null, b: number | null): number | null {
  return b === null ? a : (a ?? 0) + b;
}

/** Sums of binary fractions end in noise: ten decimals of a dollar are kept. */
export function dollars(usd: number | null): number | null {
  return usd === null ? null : Math.round(usd * 1e10) / 1e10;
}
