/** Whether two groups differ by more than chance: Fisher's exact test for shares, the rank-sum test for amounts. */

let logFactorials = new Float64Array([0, 0]);

function logFactorial(n: number): number {
  if (n >= logFactorials.length) {
    const grown = new Float64Array(Math.max(n + 1, 2 * logFactorials.length));
    grown.set(logFactorials);
    for (let i = logFactorials.length; i < grown.length; i++) grown[i] = (grown[i - 1] as number) + Math.log(i);
    logFactorials = grown;
  }
  return logFactorials[n] as number;
}

const logChoose = (n: number, k: number) => logFactorial(n) - logFactorial(k) - logFactorial(n - k);

/** What a term adds is lost in a double's rounding below this share of the sum. */
const negligible = 1e-17;

/**
 * How likely shares of `a` of `ofA` and `b` of `ofB` lie at least so far apart when the groups do not differ: twice the
 * smaller tail of the hypergeometric distribution, which is never below the two-sided exact p.
 */
export function fisherExact(a: number, ofA: number, b: number, ofB: number): number {
  const hits = a + b;
  const all = ofA + ofB;
  const first = Math.exp(logChoose(ofA, a) + logChoose(ofB, b) - logChoose(all, hits));
  const isHigh = a * ofB >= b * ofA;
  const step = isHigh ? 1 : -1;
  const most = isHigh ? Math.min(hits, ofA) : Math.max(0, hits - ofB);
  let term = first;
  let tail = first;
  for (let k = a; k !== most; k += step) {
    term *= isHigh
      ? ((ofA - k) * (hits - k)) / ((k + 1) * (ofB - hits + k + 1))
      : (k * (ofB - hits + k)) / ((ofA - k + 1) * (hits - k + 1));
    tail += term;
    if (term < tail * negligible) break;
  }
  return Math.min(1, 2 * tail);
}

/** The smallest p that `fisherExact` can give for so many hits in both groups together. */
export function smallestFisher(hits: number, ofA: number, ofB: number): number {
  const inA = Math.min(hits, ofA);
  const inB = Math.min(hits, ofB);
  return Math.min(fisherExact(inA, ofA, hits - inA, ofB), fisherExact(hits - inB, ofA, inB, ofB));
}

/**
 * How likely the values of two groups lie at least so far apart in rank when the groups do not differ: Mann and Whitney's
 * U, normal approximation with corrections for ties and continuity, which is on the safe side for small groups. Takes
 * sorted values, some on each side. `delta` is Cliff's: −1 = all of `a` lie above all of `b`, 1 = below.
 */
export function rankSum(a: Float64Array, b: Float64Array): { p: number; delta: number } {
  const n = a.length + b.length;
  const pairs = a.length * b.length;
  let ranksOfA = 0;
  let ties = 0;
  let placed = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const value = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY);
    const before = placed;
    let ofA = 0;
    for (; i < a.length && (a[i] as number) <= value; i++) ofA++;
    placed += ofA;
    for (; j < b.length && (b[j] as number) <= value; j++) placed++;
    const equal = placed - before;
    ranksOfA += (ofA * (before + 1 + placed)) / 2;
    ties += equal ** 3 - equal;
  }
  const u = ranksOfA - (a.length * (a.length + 1)) / 2;
  const variance = (pairs / 12) * (n + 1 - ties / (n * (n - 1)));
  const delta = 1 - (2 * u) / pairs;
  if (!(variance > 0)) return { p: 1, delta };
  const z = Math.max(0, Math.abs(u - pairs / 2) - 0.5) / Math.sqrt(variance);
  return { p: Math.min(1, erfc(z / Math.SQRT2)), delta };
}

/** Complementary error function, relative error below 1.2e-7 (Press et al., Numerical Recipes, 6.2). */
function erfc(x: number): number {
  const t = 1 / (1 + x / 2);
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ].reduceRight((sum, coefficient) => coefficient + t * sum, 0);
  return t * Math.exp(-x * x + series);
}

/** The q-quantile (0…1) of sorted values: the smallest that at least that share does not exceed. null when empty. */
export function quantileOf(sorted: ArrayLike<number>, q: number): number | null {
  if (sorted.length === 0) return null;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? null;
}
