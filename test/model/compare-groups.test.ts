import { describe, expect, it } from "vitest";
import { compareGroupRuns } from "../../src/model/comparison/compare-groups.js";
import {
  addMark,
  type GroupRuns,
  runFigures,
  type SampledStep,
  scatter,
} from "../../src/model/comparison/group-runs.js";
import { fisherExact, rankSum } from "../../src/model/comparison/statistics.js";
import { duration } from "../../src/model/format.js";
import { plainPhrase } from "../../src/model/phrase.js";
import { seeded } from "../store/seeded.js";

type Dice = ReturnType<typeof seeded>;
type Shape = {
  runs: number;
  marks(random: Dice): number[];
  steps(random: Dice): SampledStep[];
  /** ms of a run */
  duration(random: Dice): number;
  failed: number;
};

/** Skewed, as times are. */
const skewed = (random: Dice, median: number) => median * 2 ** ((random.below(2001) + random.below(2001) - 2000) / 700);

const usual: Shape = {
  runs: 200,
  // tools that most runs call, some, and few; what only one run has
  marks: (random) => [
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].filter((tool) =>
      random.chance([0.9, 0.5, 0.3, 0.1, 0.02, 0.01][tool % 6] as number),
    ),
    100 + random.below(3000),
    20 + random.below(10),
  ],
  steps: (random) =>
    Array.from({ length: 6 }, () => ({
      kind: random.chance(0.5) ? "tool" : "llm",
      name: random.below(6),
      ms: skewed(random, 300),
      isError: random.chance(0.03),
    })),
  duration: (random) => skewed(random, 5000),
  failed: 0.05,
};

function group(random: Dice, first: number, shape: Shape): GroupRuns {
  const ids = Array.from({ length: shape.runs }, (_, i) => first + i);
  const marks: GroupRuns["marks"] = [];
  for (const id of ids) for (const mark of shape.marks(random)) addMark(marks, mark, id, scatter(id));
  const column = (value: () => number) => Float64Array.from(ids, value);
  const figures = Object.fromEntries(runFigures.map((figure) => [figure, column(() => skewed(random, 1000))]));
  figures.duration_ms = column(() => shape.duration(random));
  figures.llm_calls = column(() => 2 + random.below(4));
  figures.errors = column(() => (random.chance(0.2) ? 1 : 0));
  return {
    ids,
    failed: new Set(ids.filter(() => random.chance(shape.failed))),
    figures: figures as GroupRuns["figures"],
    unpriced_calls: 0,
    marks,
    sampled: ids.slice(0, 60).map((id) => ({ id, steps: shape.steps(random) })),
  };
}

function compared(seed: number, a: Partial<Shape> = {}, b: Partial<Shape> = {}) {
  const random = seeded(seed);
  return compareGroupRuns({
    a: group(random, 1, { ...usual, ...a }),
    b: group(random, 1_000_000, { ...usual, ...b }),
    byStatus: false,
    byAgent: false,
    wording: {
      mark: (key) => ({ kind: "tool", name: `mark ${key}`, words: [`mark ${key}`] }),
      step: ({ name }) => `step ${name}`,
      traceId: String,
    },
  });
}

describe("two groups of runs", () => {
  it("are not told apart by chance: at most 2 of 100 pairs of equal groups show any difference", () => {
    let alarms = 0;
    const rounds = 500;
    for (let seed = 0; seed < rounds; seed++) {
      const runs = [200, 12, 40, 3][seed % 4] as number;
      const others = [200, 30, 400, 5][seed % 4] as number;
      const { separators, verdict } = compared(seed, { runs }, { runs: others });
      if (separators.some(({ sure }) => sure)) alarms++;
      else expect(plainPhrase(verdict)).toMatch(/^(nothing separates them|not enough runs)/);
    }
    expect(alarms / rounds).toBeLessThanOrEqual(0.02);
  });

  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    "are told apart by a tool that failed runs call, seed %i",
    (seed) => {
      const { separators, verdict } = compared(
        seed,
        { runs: 310, marks: (random) => [...usual.marks(random), ...(random.chance(0.04) ? [50] : [])] },
        { runs: 44, marks: (random) => [...usual.marks(random), ...(random.chance(0.93) ? [50] : [])] },
      );
      expect(separators[0]).toMatchObject({ kind: "tool", name: "mark 50", sure: true });
      expect(plainPhrase(verdict)).toBe("separated by tool mark 50");
    },
  );

  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    "are told apart by a tool that became slow, seed %i",
    (seed) => {
      const slow = (random: Dice) =>
        usual
          .steps(random)
          .map((step) => (step.kind === "tool" && step.name === 3 ? { ...step, ms: (step.ms ?? 0) * 9.7 } : step));
      const { separators, steps } = compared(seed, {}, { steps: slow });
      expect(separators[0]).toMatchObject({ kind: "latency", name: "step 3", sure: true });
      expect((separators[0]?.b.p50 ?? 0) / (separators[0]?.a.p50 ?? 1)).toBeGreaterThan(5);
      expect(steps[0]?.name).toBe("step 3");
    },
  );

  it("says of marks of the same runs that they are one thing, and of time and failures what they come to", () => {
    const both = (chance: number) => (random: Dice) => [
      ...usual.marks(random),
      ...(random.chance(chance) ? [50, 51, 52] : []),
    ];
    const { separators, verdict } = compared(
      5,
      { marks: both(0.02), failed: 0.02 },
      { marks: both(0.97), failed: 0.6, duration: (random) => skewed(random, 40_000) },
    );
    expect(separators.map(({ kind }) => kind).sort()).toEqual(["duration", "failed", "tool"]);
    expect(plainPhrase(separators.find(({ kind }) => kind === "tool")?.summary ?? [])).toMatch(
      /^mark 50: in \d+ of 200 runs of b \(9\d %\), \d+ of 200 of a \(\d %\) \(the same runs: mark 51, mark 52\)$/,
    );
    expect(plainPhrase(verdict)).toMatch(
      /^failed: \d+ of 200 runs of b \(\d\d %\), .*; what separates them: tool mark 50$/,
    );
  });

  it("does not say of three runs against two what they cannot prove, but what was seen", () => {
    const { separators, verdict, a, b } = compared(1, { runs: 3, marks: () => [1] }, { runs: 2, marks: () => [1, 50] });
    const took = `${duration(a.duration_p50_ms ?? 0)} → ${duration(b.duration_p50_ms ?? 0)}`;
    expect(plainPhrase(verdict)).toContain(
      `not enough runs to tell them apart: 3 against 2; seen, not proven: p50 ${took}`,
    );
    expect(separators.every(({ sure }) => !sure)).toBe(true);
    expect(separators.some(({ name }) => name === "mark 50")).toBe(true);
  });
});

describe("statistics", () => {
  // published examples and exhaustive counts, not what the code gives
  it("gives Fisher's p as it is counted by hand", () => {
    expect(fisherExact(3, 4, 1, 4)).toBeCloseTo(34 / 70, 10);
    expect(fisherExact(5, 5, 0, 5)).toBeCloseTo(2 / 252, 10);
    expect(fisherExact(0, 5, 5, 5)).toBeCloseTo(2 / 252, 10);
    expect(fisherExact(1, 10, 1, 10)).toBe(1);
    // Wikipedia's example of studying men and women
    expect(fisherExact(1, 12, 9, 12)).toBeCloseTo(0.0027594562, 7);
    expect(fisherExact(41, 44, 12, 310)).toBeLessThan(1e-30);
  });

  it("gives the rank-sum test's p within the normal approximation's error of the exact one", () => {
    const exact = (a: number[], b: number[]): number => {
      const all = [...a, ...b];
      const u = (first: number[], second: number[]) =>
        first.reduce(
          (sum, x) => sum + second.filter((y) => x > y).length + second.filter((y) => x === y).length / 2,
          0,
        );
      const middle = (a.length * b.length) / 2;
      const own = Math.abs(u(a, b) - middle);
      let [as, total] = [0, 0];
      for (let set = 0; set < 2 ** all.length; set++) {
        const chosen = all.filter((_, i) => (set >> i) & 1);
        if (chosen.length !== a.length) continue;
        total++;
        if (
          Math.abs(
            u(
              chosen,
              all.filter((_, i) => !((set >> i) & 1)),
            ) - middle,
          ) >=
          own - 1e-9
        )
          as++;
      }
      return as / total;
    };
    const random = seeded(3);
    for (let round = 0; round < 20; round++) {
      const list = () => Array.from({ length: 5 + random.below(2) }, () => random.below(round % 2 ? 8 : 1000));
      const [a, b] = [list(), list()];
      const { p } = rankSum(Float64Array.from(a).sort(), Float64Array.from(b).sort());
      expect(Math.abs(p - exact(a, b))).toBeLessThan(0.06);
    }
  });
});
