/** What a model's tokens cost, solved from what calls cost: prices themselves are not known here. Pure. */
import type { Step } from "../run.js";

/** USD a token; null = no call tells. */
export type Rates = { fresh: number | null; cached: number | null; written: number | null; output: number | null };

const kinds = ["fresh", "cached", "written", "output"] as const;

function amounts(step: Step): number[] {
  const cached = step.cached_tokens ?? 0;
  const written = step.cache_write_tokens ?? 0;
  return [(step.input_tokens ?? 0) - cached - written, cached, written, step.output_tokens ?? 0];
}

/**
 * cost = fresh × its price + cached × its price + written × its price + output × its price, for calls of one model.
 * null unless one set of prices gives the cost of every call exactly: too few calls, tiers or fees give none.
 */
export function solveRates(steps: readonly Step[]): Rates | null {
  const priced = steps.filter((step) => step.cost_usd !== null && step.input_tokens !== null);
  const rows = priced.map((step) => amounts(step));
  const costs = priced.map((step) => (step.cost_usd as number) * 1e6);
  if (rows.some((row) => row.some((amount) => !Number.isFinite(amount) || amount < 0))) return null;
  const used = kinds.map((_, k) => k).filter((k) => rows.some((row) => row[k] !== 0));
  if (used.length === 0 || rows.length < used.length) return null;
  const scale = used.map((k) => Math.hypot(...rows.map((row) => row[k] as number)));
  const matrix = used.map((k, i) => [
    ...used.map((l, j) =>
      sum(rows, (row) => ((row[k] as number) * (row[l] as number)) / (scale[i] as number) / (scale[j] as number)),
    ),
    sum(rows, (row, r) => ((row[k] as number) * (costs[r] as number)) / (scale[i] as number)),
  ]);
  const solved = eliminate(matrix);
  if (!solved) return null;
  const price = [0, 0, 0, 0];
  // price lists have few digits
  for (const [i, k] of used.entries()) price[k] = Number(((solved[i] as number) / (scale[i] as number)).toPrecision(5));
  const holds = rows.every((row, r) => {
    const cost = row.reduce((total, amount, k) => total + amount * (price[k] as number), 0);
    return Math.abs(cost - (costs[r] as number)) <= 1e-6 * Math.max(1, Math.abs(costs[r] as number));
  });
  if (!holds || price.some((each) => each < 0)) return null;
  const rate = (k: number) => (used.includes(k) ? (price[k] as number) / 1e6 : null);
  return { fresh: rate(0), cached: rate(1), written: rate(2), output: rate(3) };
}

function sum(rows: readonly number[][], of: (row: number[], index: number) => number): number {
  return rows.reduce((total, row, index) => total + of(row, index), 0);
}

/** Gauss with pivots; null = the equations do not decide. */
function eliminate(matrix: number[][]): number[] | null {
  const n = matrix.length;
  for (let column = 0; column < n; column++) {
    let best = column;
    for (let row = column; row < n; row++)
      if (Math.abs(at(matrix, row, column)) > Math.abs(at(matrix, best, column))) best = row;
    if (Math.abs(at(matrix, best, column)) < 1e-9) return null;
    [matrix[column], matrix[best]] = [matrix[best] as number[], matrix[column] as number[]];
    for (let row = 0; row < n; row++) {
      if (row === column) continue;
      const factor = at(matrix, row, column) / at(matrix, column, column);
      const own = matrix[row] as number[];
      for (let k = column; k <= n; k++) own[k] = (own[k] as number) - factor * at(matrix, column, k);
    }
  }
  return matrix.map((row, i) => (row[n] as number) / (row[i] as number));
}

const at = (matrix: number[][], row: number, column: number) => (matrix[row] as number[])[column] as number;

/** USD that the input of a call cost; null = a price that it takes is unknown. */
export function inputCost(step: Step, rates: Rates | null): number | null {
  if (!rates || step.cost_usd === null || step.input_tokens === null) return null;
  const [fresh = 0, cached = 0, written = 0] = amounts(step);
  return priced([
    [fresh, rates.fresh],
    [cached, rates.cached],
    [written, rates.written],
  ]);
}

/** null where a price of what there is some of is unknown. */
export function priced(terms: readonly (readonly [tokens: number, rate: number | null])[]): number | null {
  let usd = 0;
  for (const [tokens, rate] of terms) {
    if (tokens === 0) continue;
    if (rate === null) return null;
    usd += tokens * rate;
  }
  return usd;
}
