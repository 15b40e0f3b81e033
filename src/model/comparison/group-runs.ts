/** What a comparison of groups knows of a group: columns of figures, what occurs in its runs, and some runs looked into. */

export const runFigures = [
  "duration_ms",
  "input_tokens",
  "cached_tokens",
  "output_tokens",
  "cost_usd",
  "llm_calls",
  "errors",
] as const;
export type RunFigure = (typeof runFigures)[number];

/** Something that occurs in runs: a tool, a model, a version. */
export type Mark = {
  runs: number;
  /** the same for two marks when they occur in the same runs, and hardly otherwise */
  set: number;
  /** the first of its runs */
  examples: number[];
};

/** Runs are told by numbers of the store. */
export type GroupRuns = {
  ids: number[];
  /** failed at their root */
  failed: Set<number>;
  /** a value a run, NaN = unknown */
  figures: Record<RunFigure, Float64Array>;
  unpriced_calls: number;
  /** by a number that says what it is, the same in both groups */
  marks: (Mark | undefined)[];
  sampled: SampledRun[];
};

export type SampledStep = {
  kind: "tool" | "llm" | "embedding" | "retriever" | "reranker" | "guardrail" | "agent";
  /** number of its name */
  name: number;
  /** null while it has not ended */
  ms: number | null;
  isError: boolean;
};

/** Steps in start order. */
export type SampledRun = { id: number; steps: SampledStep[] };

/** `scattered`: of the run. */
export function addMark(marks: (Mark | undefined)[], key: number, run: number, scattered: number): void {
  const known = marks[key];
  if (known === undefined) {
    marks[key] = { runs: 1, set: scattered, examples: [run] };
    return;
  }
  known.runs++;
  known.set = (known.set + scattered) | 0;
  if (known.examples.length < 3) known.examples.push(run);
}

/** A number's bits spread over 32: sums of them tell sets apart. */
export function scatter(n: number): number {
  let t = Math.imul((n ^ (n / 4294967296)) + 0x6d2b79f5, 0x85ebca6b);
  t = Math.imul(t ^ (t >>> 13), 0xc2b2ae35);
  return t ^ (t >>> 16);
}
