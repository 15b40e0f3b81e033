/** Aligns two sequences so that what was put in or left out shifts nothing. */

/** Places in `a` and `b`; −1 = the other one has nothing there. */
export type Aligned = [a: number, b: number];

/** The work of one table; what is larger is split at steps that occur once on each side, then anywhere. */
const mostCells = 4_000_000;
const blockLength = 1000;

export type Sequences = {
  /** what a step is with all that is known of it, as a number: equal ones are the same step */
  a: Int32Array;
  b: Int32Array;
  /** how well two steps fit: 0 = not at all; highest for those that are the same */
  fitness(i: number, j: number): number;
};

/** Pairs of the best total fit, in order. `isRough`: too much to find the best of all. */
export function align(sequences: Sequences): { pairs: Aligned[]; isRough: boolean } {
  const { a, b } = sequences;
  const pairs: Aligned[] = [];
  let isRough = false;
  const part = (fromA: number, toA: number, fromB: number, toB: number): void => {
    while (fromA < toA && fromB < toB && a[fromA] === b[fromB]) pairs.push([fromA++, fromB++]);
    let same = 0;
    while (toA - same > fromA && toB - same > fromB && a[toA - same - 1] === b[toB - same - 1]) same++;
    const [endA, endB] = [toA - same, toB - same];
    if ((endA - fromA) * (endB - fromB) <= mostCells) best(sequences, fromA, endA, fromB, endB, pairs);
    else {
      const anchors = uniqueInBoth(sequences, fromA, endA, fromB, endB);
      isRough = true;
      if (anchors.length === 0) blocks(sequences, fromA, endA, fromB, endB, pairs);
      else {
        let [atA, atB] = [fromA, fromB];
        for (const [i, j] of anchors) {
          part(atA, i, atB, j);
          pairs.push([i, j]);
          [atA, atB] = [i + 1, j + 1];
        }
        part(atA, endA, atB, endB);
      }
    }
    for (let k = 0; k < same; k++) pairs.push([endA + k, endB + k]);
  };
  part(0, a.length, 0, b.length);
  return { pairs, isRough };
}

function best({ fitness }: Sequences, fromA: number, toA: number, fromB: number, toB: number, pairs: Aligned[]): void {
  const [n, m] = [toA - fromA, toB - fromB];
  const width = m + 1;
  const table = new Int32Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      const own = fitness(fromA + i, fromB + j);
      const paired = own > 0 ? own + (table[(i + 1) * width + j + 1] as number) : 0;
      table[i * width + j] = Math.max(paired, table[(i + 1) * width + j] as number, table[i * width + j + 1] as number);
    }
  }
  let [i, j] = [0, 0];
  while (i < n && j < m) {
    const here = table[i * width + j] as number;
    const own = fitness(fromA + i, fromB + j);
    if (own > 0 && here === own + (table[(i + 1) * width + j + 1] as number)) pairs.push([fromA + i++, fromB + j++]);
    else if (here === (table[(i + 1) * width + j] as number)) pairs.push([fromA + i++, -1]);
    else pairs.push([-1, fromB + j++]);
  }
  while (i < n) pairs.push([fromA + i++, -1]);
  while (j < m) pairs.push([-1, fromB + j++]);
}

/** Pieces of equal share, one after the other. */
function blocks(sequences: Sequences, fromA: number, toA: number, fromB: number, toB: number, pairs: Aligned[]): void {
  const count = Math.ceil(Math.max(toA - fromA, toB - fromB) / blockLength);
  const at = (from: number, to: number, k: number) => from + Math.floor(((to - from) * k) / count);
  for (let k = 0; k < count; k++)
    best(sequences, at(fromA, toA, k), at(fromA, toA, k + 1), at(fromB, toB, k), at(fromB, toB, k + 1), pairs);
}

/** The longest run of steps that occur once on each side and stand in the same order on both. */
function uniqueInBoth({ a, b }: Sequences, fromA: number, toA: number, fromB: number, toB: number): Aligned[] {
  const once = (steps: Int32Array, from: number, to: number) => {
    const places = new Map<number, number>();
    for (let i = from; i < to; i++) places.set(steps[i] as number, places.has(steps[i] as number) ? -1 : i);
    return places;
  };
  const inB = once(b, fromB, toB);
  const common: Aligned[] = [];
  for (const [step, i] of once(a, fromA, toA)) {
    const j = inB.get(step) ?? -1;
    if (i >= 0 && j >= 0) common.push([i, j]);
  }
  common.sort((x, y) => x[0] - y[0]);
  // the smallest last place of an increasing run of each length, and what stood before each
  const ends: number[] = [];
  const before = new Int32Array(common.length).fill(-1);
  for (const [k, [, j]] of common.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((common[ends[middle] as number] as Aligned)[1] < j) low = middle + 1;
      else high = middle;
    }
    if (low > 0) before[k] = ends[low - 1] as number;
    ends[low] = k;
  }
  const run: Aligned[] = [];
  for (let k = ends.at(-1) ?? -1; k >= 0; k = before[k] as number) run.push(common[k] as Aligned);
  return run.reverse();
}
