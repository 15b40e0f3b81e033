import { describe, expect, it } from "vitest";
import { align, type Sequences } from "../../src/model/comparison/align.js";
import { seeded } from "../store/seeded.js";

/** Steps that are the same fit best; those of one remainder by ten fit. */
function sequences(a: number[], b: number[]): Sequences {
  return {
    a: Int32Array.from(a),
    b: Int32Array.from(b),
    fitness: (i, j) => (a[i] === b[j] ? 3 : (a[i] as number) % 10 === (b[j] as number) % 10 ? 2 : 0),
  };
}

const total = ({ fitness }: Sequences, pairs: readonly [number, number][]) =>
  pairs.reduce((sum, [i, j]) => sum + (i >= 0 && j >= 0 ? fitness(i, j) : 0), 0);

/** All ways, for short ones. */
function bestTotal(of: Sequences, i = 0, j = 0): number {
  if (i >= of.a.length || j >= of.b.length) return 0;
  const own = of.fitness(i, j);
  return Math.max(own > 0 ? own + bestTotal(of, i + 1, j + 1) : 0, bestTotal(of, i + 1, j), bestTotal(of, i, j + 1));
}

function expectWhole(of: Sequences, pairs: readonly [number, number][]): void {
  expect(pairs.map(([i]) => i).filter((i) => i >= 0)).toEqual([...of.a.keys()]);
  expect(pairs.map(([, j]) => j).filter((j) => j >= 0)).toEqual([...of.b.keys()]);
  for (const [i, j] of pairs) if (i >= 0 && j >= 0) expect(of.fitness(i, j)).toBeGreaterThan(0);
}

describe("alignment", () => {
  it("finds pairs that fit best of all, each step once and in order", () => {
    const random = seeded(7);
    for (let round = 0; round < 300; round++) {
      const list = (n: number) => Array.from({ length: n }, () => random.below(25));
      const of = sequences(list(random.below(8)), list(random.below(8)));
      const { pairs, isRough } = align(of);
      expectWhole(of, pairs);
      expect(isRough).toBe(false);
      expect(total(of, pairs)).toBe(bestTotal(of));
    }
  });

  it("keeps all other steps together when some are put in anywhere", () => {
    const random = seeded(8);
    for (let round = 0; round < 100; round++) {
      const a = Array.from({ length: 40 }, (_, i) => i * 10 + random.below(3));
      const place = random.below(41);
      const { pairs } = align(sequences(a, a.toSpliced(place, 0, 5, 6)));
      expect(pairs.filter(([i, j]) => i < 0 || j < 0)).toEqual([
        [-1, place],
        [-1, place + 1],
      ]);
    }
  });

  it("splits what is too much at steps that occur once, and says that it is rough", () => {
    const random = seeded(9);
    const a = Array.from({ length: 6000 }, (_, i) => (i % 50 === 25 ? 1000 + i * 10 + 9 : random.below(8)));
    const b = a.flatMap((step, i) => (i % 97 === 0 ? [8, step] : [step]));
    const of = sequences([7, ...a, 3], [6, ...b, 4]);
    const { pairs, isRough } = align(of);
    expect(isRough).toBe(true);
    expectWhole(of, pairs);
    expect(pairs.filter(([i, j]) => i >= 0 && j >= 0).length).toBeGreaterThanOrEqual(6000);
    const nothingOnce = sequences(
      Array.from({ length: 5000 }, () => random.below(8)),
      Array.from({ length: 4000 }, () => random.below(8)),
    );
    const rough = align(nothingOnce);
    expect(rough.isRough).toBe(true);
    expectWhole(nothingOnce, rough.pairs);
  });
});
