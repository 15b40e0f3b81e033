/** The runs that a filter means, as columns for a comparison, and the steps of some of them. */
import {
  addMark,
  type GroupRuns,
  type RunFigure,
  type SampledRun,
  type SampledStep,
  scatter,
} from "../../model/comparison/group-runs.js";
import { spanKinds } from "../../model/kind.js";
import type { Engine } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";
import { matchTraces } from "./matching-traces.js";

/** Runs of a group that are looked at, the newest first. */
export const mostRuns = 10_000;
/** Runs of a group whose steps are looked into, and how many steps at most. */
const mostSampled = 100;
const mostSampledSpans = 20_000;
/** Distinct names and ids that are counted: what comes after is as rare as can be. */
const mostMarks = 200_000;

export type LoadedGroup = { runs: GroupRuns; isCut: boolean; running: number };

/** The name of the run's root, beside the facets. */
export const rootName = 0;

/** Numbers the values of facets, from 0 on. */
export type MarkKeys = {
  key(facet: number, value: number): number;
  of(key: number): { facet: number; value: number };
};

export function openMarkKeys(): MarkKeys {
  const known: Map<number, number>[] = [];
  const marks: { facet: number; value: number }[] = [];
  return {
    key(facet, value) {
      known[facet] ??= new Map();
      const own = known[facet];
      let key = own.get(value);
      if (key === undefined) {
        key = marks.length;
        marks.push({ facet, value });
        own.set(value, key);
      }
      return key;
    },
    of: (key) => marks[key] as { facet: number; value: number },
  };
}

const columns: [RunFigure | "id" | "status" | "spans" | "unpriced" | "name", string][] = [
  ["id", "t.id"],
  ["status", "t.status"],
  ["spans", "t.span_count"],
  ["unpriced", "t.unpriced_calls"],
  ["name", "t.name"],
  ["duration_ms", "t.duration_us"],
  ["input_tokens", "t.input_tokens"],
  ["cached_tokens", "t.cached_tokens"],
  ["output_tokens", "t.output_tokens"],
  ["cost_usd", "t.cost_usd"],
  ["llm_calls", "t.llm_calls"],
  ["errors", "t.error_count"],
];
const rowText = [...columns.map(([, column]) => `coalesce(${column}, '')`), "t.facets"].join(" || ' ' || ");

/**
 * One text instead of a row for each run: a day's runs are read in a fifth of the time. `skipped`: facets that are not
 * compared. `keepRunning`: runs that go on count, too.
 */
export function loadGroup(
  source: SpanSource,
  filter: TraceFilter,
  asked: { keys: MarkKeys; skipped: ReadonlySet<number>; notes: string[]; keepRunning: boolean },
): LoadedGroup {
  const matching = matchTraces(source, filter, asked.notes);
  const row =
    matching &&
    source.engine.get(
      `SELECT count(*) AS n, group_concat(line, char(10)) AS lines FROM (SELECT ${rowText} AS line FROM ${matching.from} ORDER BY ${matching.time} DESC LIMIT ${mostRuns + 1})`,
      matching.params,
    );
  const found = Number(row?.n ?? 0);
  return { ...readLines(source.engine, row?.lines ?? "", Math.min(found, mostRuns), asked), isCut: found > mostRuns };
}

/** Digit by digit: a day's runs hold more than a hundred thousand numbers. */
function readLines(
  engine: Engine,
  text: string,
  lines: number,
  { keys, skipped, keepRunning }: Parameters<typeof loadGroup>[2],
): Omit<LoadedGroup, "isCut"> {
  const figures = Object.fromEntries(columns.map(([name]) => [name, new Float64Array(lines)])) as Record<
    (typeof columns)[number][0],
    Float64Array
  >;
  const runs: GroupRuns = { ids: [], failed: new Set(), figures, unpriced_calls: 0, marks: [], sampled: [] };
  const inOrder = columns.map(([name]) => figures[name]);
  let running = 0;
  let count = 0;
  for (let line = 0, at = 0; line < lines; line++) {
    for (let c = 0; c < inOrder.length; c++) {
      const column = inOrder[c] as Float64Array;
      const start = at;
      let value = 0;
      let isInteger = true;
      for (; ; at++) {
        const code = text.charCodeAt(at);
        if (code === space) break;
        if (code < 48 || code > 57) isInteger = false;
        else value = value * 10 + code - 48;
      }
      column[count] = at === start ? Number.NaN : isInteger ? value : Number(text.slice(start, at));
      at++;
    }
    const status = figures.status[count] as number;
    const isLeftOut = status === 2 && !keepRunning;
    const id = figures.id[count] as number;
    const scattered = scatter(id);
    const addsMarks = !isLeftOut && runs.marks.length < mostMarks;
    if (addsMarks && !skipped.has(rootName))
      addMark(runs.marks, keys.key(rootName, figures.name[count] as number), id, scattered);
    let facet = 0;
    let value = 0;
    for (; ; at++) {
      // NaN behind the last character
      const code = text.charCodeAt(at);
      if (code >= 48 && code <= 57) value = value * 10 + code - 48;
      else if (code === colon) {
        facet = value;
        value = 0;
      } else {
        if (facet > 0 && addsMarks && !skipped.has(facet)) addMark(runs.marks, keys.key(facet, value), id, scattered);
        facet = 0;
        value = 0;
        if (code !== comma) break;
      }
    }
    at++;
    if (isLeftOut) {
      running++;
      continue;
    }
    runs.ids.push(id);
    if (status === 1) runs.failed.add(id);
    runs.unpriced_calls += figures.unpriced[count] as number;
    figures.duration_ms[count] = (figures.duration_ms[count] as number) / 1000;
    count++;
  }
  for (const [name] of columns) figures[name] = figures[name].subarray(0, count);
  return { runs: { ...runs, sampled: sampleRuns(engine, runs.ids, figures.spans) }, running };
}

const space = 32;
const comma = 44;
const colon = 58;

const stepKinds = ["tool", "llm", "embedding", "retriever", "reranker", "guardrail", "agent"] as const;
const codeOf = (kind: SampledStep["kind"]) => spanKinds.indexOf(kind);

/** Runs spread evenly over the group, as many as may be read. */
function sampleRuns(engine: Engine, ids: number[], spans: Float64Array): SampledRun[] {
  const wanted = Math.min(mostSampled, ids.length);
  const chosen: number[] = [];
  let spanCount = 0;
  // a stride that is prime to the number of runs meets each once, far from the one before
  for (let i = 0, at = 0; i < wanted; i++, at = (at + 89) % wanted) {
    const index = Math.floor(((wanted % 89 === 0 ? i : at) * ids.length) / wanted);
    spanCount += spans[index] as number;
    if (chosen.length > 0 && spanCount > mostSampledSpans) break;
    chosen.push(ids[index] as number);
  }
  if (chosen.length === 0) return [];
  const uncounted = stepKinds.filter((kind) => kind !== "tool" && kind !== "llm" && kind !== "embedding").map(codeOf);
  const rows = engine.all(
    `SELECT trace, group_concat(step, ';') AS steps FROM (
       SELECT trace, coalesce(call, kind) || ',' || coalesce(CASE coalesce(call, kind)
           WHEN ${codeOf("tool")} THEN coalesce(tool, name) WHEN ${codeOf("llm")} THEN coalesce(response_model, request_model, name)
           WHEN ${codeOf("embedding")} THEN coalesce(response_model, request_model, name) WHEN ${codeOf("agent")} THEN coalesce(agent, name) ELSE name END, 0)
         || ',' || coalesce(duration_us, '') || ',' || status AS step
       FROM span WHERE trace IN (${chosen.join(",")}) AND (call IS NOT NULL OR kind IN (${uncounted.join(",")})) ORDER BY trace, start_us, id)
     GROUP BY trace`,
    [],
  );
  const steps = new Map(rows.map((row) => [row.trace as number, String(row.steps).split(";").map(readStep)]));
  return chosen.map((id) => ({ id, steps: steps.get(id) ?? [] }));
}

function readStep(text: string): SampledStep {
  const [kind, name, us, status] = text.split(",");
  return {
    kind: spanKinds[Number(kind)] as SampledStep["kind"],
    name: Number(name),
    ms: us === "" ? null : Number(us) / 1000,
    isError: status === "2",
  };
}
