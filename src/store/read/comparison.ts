/** What differs between two runs, and between two groups of runs. */

import { compareGroupRuns } from "../../model/comparison/compare-groups.js";
import { compareRuns } from "../../model/comparison/compare-runs.js";
import type { GroupComparison, RunComparison } from "../../model/comparison.js";
import { count, plural } from "../../model/format.js";
import { joinPhrases, phrase } from "../../model/phrase.js";
import { getNumber } from "../meta.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";
import { type Facet, facets } from "../trace-totals.js";
import { asOfSeq } from "./cursor.js";
import { whyEmpty } from "./empty-group.js";
import { loadGroup, mostRuns, openMarkKeys, rootName } from "./group-runs.js";
import { loadRun } from "./load-run.js";
import { wordingOf } from "./mark-words.js";

export function compareTraces(source: SpanSource, query: { a: string; b: string }): RunComparison {
  const known = new Map<string, string>();
  const show = (text: string): string => {
    const shown = known.get(text) ?? source.redact?.(text) ?? text;
    known.set(text, shown);
    return shown;
  };
  return compareRuns(loadRun(source, query.a), loadRun(source, query.b), source.redact ? show : (text) => text);
}

export function compareGroups(source: SpanSource, query: { a: TraceFilter; b: TraceFilter }): GroupComparison {
  const notes: string[] = [];
  const keepRunning = query.a.status === "running" || query.b.status === "running";
  const keys = openMarkKeys();
  const skipped = madeBy(query);
  if (getNumber(source.engine, "refill_below") > 0) {
    for (const name of ["version", "prompt", "path", "error"] as const) skipped.add(facets[name]);
    notes.push(
      "this file of an earlier version is being brought up to date: versions, prompts, paths and errors are not compared yet",
    );
  }
  const asked = { keys, skipped, notes, keepRunning };
  const a = loadGroup(source, query.a, asked);
  const b = loadGroup(source, query.b, asked);
  for (const [name, { isCut, running }] of [
    ["a", a],
    ["b", b],
  ] as const) {
    if (isCut)
      notes.push(`group_${name} has more than ${count(mostRuns)} runs: the newest ${count(mostRuns)} were compared`);
    if (running > 0) notes.push(`${plural(running, "run")} of group_${name} still running: left out`);
  }
  const inA = new Set(a.runs.ids);
  const shared_runs = b.runs.ids.filter((id) => inA.has(id)).length;
  const runs = a.runs.ids.length + b.runs.ids.length - shared_runs;
  const coverage = {
    matched: runs,
    matched_is_minimum: a.isCut || b.isCut,
    returned: runs,
    next_cursor: null,
    as_of_seq: asOfSeq(source.engine),
    notes,
  };
  const [isEmptyA, isEmptyB] = [a.runs.ids.length === 0, b.runs.ids.length === 0];
  const found = compareGroupRuns({
    a: a.runs,
    b: b.runs,
    byStatus: query.a.status !== query.b.status,
    byAgent: query.a.agent !== query.b.agent,
    wording: wordingOf(source, keys, { a: a.runs, b: b.runs }),
  });
  if (!isEmptyA && !isEmptyB && shared_runs < runs) return { ...found, shared_runs, coverage };
  const empty = [
    ...(isEmptyA ? [whyEmpty(source, "group_a", query.a)] : []),
    ...(isEmptyB ? [whyEmpty(source, "group_b", query.b)] : []),
  ];
  const verdict =
    empty.length > 0
      ? joinPhrases(empty, "; ")
      : phrase`both groups are the same ${a.isCut ? "newest " : ""}${plural(inA.size, "run")}`;
  return { ...found, verdict, shared_runs, coverage };
}

/** Facets that the groups were made by, or that follow from what they were made by: they say nothing. */
function madeBy({ a, b }: { a: TraceFilter; b: TraceFilter }): Set<number> {
  const isSplitBy = (key: keyof TraceFilter) => a[key] !== b[key];
  const made = new Set<number>();
  const add = (...names: Facet[]) => {
    for (const name of names) made.add(facets[name]);
  };
  // other services have other versions; other agents other instructions, and their names are in every path
  if (isSplitBy("service")) add("service", "version");
  if (isSplitBy("agent")) add("agent", "prompt", "path");
  if (isSplitBy("model")) add("model", "provider");
  if (isSplitBy("agent") || isSplitBy("model")) made.add(rootName);
  // at another time there are other sessions, and other users
  if (isSplitBy("session_id") || isSplitBy("since") || isSplitBy("until")) add("session", "user");
  return made;
}
