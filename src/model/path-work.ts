/** Whose work the critical path consists of. Pure. */
import type { CriticalPath, Stretch } from "./critical-path.js";
import type { SpanKind } from "./kind.js";
import type { Step } from "./run.js";
import { workKey } from "./work-label.js";

const works = new Set<SpanKind>(["llm", "embedding", "tool", "retriever", "reranker", "guardrail"]);
const farthest = 64;

/**
 * The step that works during a stretch: what lies inside a tool or a call counts as its own. null = the own time of
 * an agent or of another span with children, or no span at all: nothing tells what was done.
 */
export function workerOf(path: CriticalPath, { step }: Stretch): Step | null {
  let at = step;
  for (let n = 0; at && n < farthest; n++, at = path.parent(at)) {
    if (works.has(at.kind)) return at;
    if (at.kind === "agent" || at.kind === "workflow") break;
  }
  return step === null || path.hasChildren(step) ? null : step;
}

export type Work = {
  /** those of one key that are on the path, longest there first */
  steps: { step: Step; on_path_us: number }[];
  on_path_us: number;
};

/** By key, most time on the path first. */
export function workOnPath(path: CriticalPath): Work[] {
  const times = new Map<Step, number>();
  for (const stretch of path.stretches) {
    const worker = workerOf(path, stretch);
    if (worker) times.set(worker, (times.get(worker) ?? 0) + stretch.to_us - stretch.from_us);
  }
  const byKey = new Map<string, Work>();
  for (const [step, on_path_us] of times) {
    const key = workKey(step);
    const work = byKey.get(key) ?? { steps: [], on_path_us: 0 };
    byKey.set(key, work);
    work.steps.push({ step, on_path_us });
    work.on_path_us += on_path_us;
  }
  for (const work of byKey.values()) work.steps.sort((a, b) => b.on_path_us - a.on_path_us);
  return [...byKey.values()].sort((a, b) => b.on_path_us - a.on_path_us);
}

/** The middle one, or the lower of the two; NaN of none. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}
