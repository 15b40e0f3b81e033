/** What the end of a run waited for. */
import { describe, expect, it } from "vitest";
import { criticalPath } from "../../src/model/critical-path.js";
import type { Step } from "../../src/model/run.js";
import { seeded } from "../store/seeded.js";

/** µs; `end` null = running, undefined = left behind without an end. */
function step(id: string, parent: string | null, start: number, end?: number | null): Step {
  return {
    span_id: id,
    parent_span_id: parent,
    name: id,
    kind: "other",
    status: end === null ? "running" : end === undefined ? "abandoned" : "ok",
    start_us: start,
    end_us: end ?? null,
  } as Step;
}

function told(steps: Step[]): string {
  return criticalPath(steps)
    .stretches.map(({ step: own, from_us, to_us }) => `${own?.span_id ?? "-"} ${from_us}-${to_us}`)
    .join(", ");
}

describe("the critical path", () => {
  it("goes through steps one after the other, and through their parent's own time between them", () => {
    expect(told([step("root", null, 0, 100), step("a", "root", 10, 40), step("b", "root", 50, 90)])).toBe(
      "root 0-10, a 10-40, root 40-50, b 50-90, root 90-100",
    );
  });

  it("counts of parallel steps the one that was waited for", () => {
    expect(
      told([
        step("root", null, 0, 100),
        step("a", "root", 10, 60),
        step("b", "root", 10, 90),
        step("c", "root", 10, 20),
      ]),
    ).toBe("root 0-10, b 10-90, root 90-100");
  });

  it("follows steps that overlap in a row", () => {
    expect(told([step("root", null, 0, 20), step("a", "root", 0, 10), step("b", "root", 8, 20)])).toBe("a 0-8, b 8-20");
  });

  it("goes down to the innermost step", () => {
    expect(told([step("root", null, 0, 10), step("a", "root", 0, 10), step("b", "a", 2, 10)])).toBe("a 0-2, b 2-10");
  });

  it("does not take what outlives its parent for what the parent waited for", () => {
    const steps = [
      step("root", null, 0, 40),
      step("start", "root", 0, 10),
      step("async", "start", 2, 30),
      step("own", "start", 3, 9),
      step("next", "root", 10, 40),
    ];
    expect(told(steps)).toBe("start 0-2, async 2-3, own 3-9, async 9-10, next 10-40");
  });

  it("ends with what ended last, although its parent had ended", () => {
    expect(told([step("root", null, 0, 10), step("late", "root", 5, 30)])).toBe("root 0-5, late 5-30");
  });

  it("keeps a child whose clock is ahead of its parent's", () => {
    expect(told([step("root", null, 0, 100), step("tool", "root", -5, 95)])).toBe("tool -5-95, root 95-100");
  });

  it("takes a running step to the latest time known, and one left behind to its last child", () => {
    expect(told([step("root", null, 0, null), step("a", "root", 5, 20)])).toBe("root 0-5, a 5-20");
    expect(told([step("root", null, 0), step("a", "root", 5, 20)])).toBe("root 0-5, a 5-20");
  });

  it("says where no span was at all", () => {
    expect(told([step("a", null, 0, 10), step("b", null, 30, 40)])).toBe("a 0-10, - 10-30, b 30-40");
  });

  it("survives cycles, reversed times and nothing at all", () => {
    expect(told([])).toBe("");
    expect(told([step("a", "b", 0, 10), step("b", "a", 20, 5)])).not.toBe("");
    expect(told([step("a", "a", 7, 3)])).toBe("");
  });

  it("has no holes, no overlaps, and gives each stretch to a step of that time, whatever the spans", () => {
    const random = seeded(7);
    for (let round = 0; round < 300; round++) {
      const steps = Array.from({ length: 1 + random.below(30) }, (_, i) => {
        const start = random.below(100);
        const end = random.below(8) === 0 ? undefined : start + random.below(60);
        return step(`s${i}`, random.below(5) === 0 ? null : `s${random.below(30)}`, start, end);
      });
      const path = criticalPath(steps);
      let at = path.start_us;
      for (const { step: own, from_us, to_us } of path.stretches) {
        expect(from_us).toBe(at);
        expect(to_us).toBeGreaterThan(from_us);
        if (own) expect(own.start_us).toBeLessThanOrEqual(from_us);
        if (own) expect(path.end(own)).toBeGreaterThanOrEqual(to_us);
        at = to_us;
      }
      expect(at).toBe(path.end_us);
    }
  });

  it("stays quick where thousands of steps overlap and thousands lie inside each other", () => {
    const steps = [step("root", null, 0, 1e6)];
    for (let i = 0; i < 10_000; i++) steps.push(step(`side${i}`, "root", 100 * i, 100 * i + 90));
    for (let i = 0; i < 10_000; i++) steps.push(step(`deep${i}`, i === 0 ? "root" : `deep${i - 1}`, i, 2e6 - i));
    expect(criticalPath(steps).stretches.length).toBeGreaterThan(0);
  });
});
