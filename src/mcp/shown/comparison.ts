/** Comparisons as they may be shown. */
import type { GroupComparison, RunComparison, Separator } from "../../model/comparison.js";
import { orNull, type Show, showPhrase } from "../show.js";
import { showTrace } from "./trace.js";

export function showRunComparison(show: Show, given: RunComparison): RunComparison {
  return {
    ...given,
    verdict: showPhrase(show, given.verdict),
    a: showTrace(show, given.a),
    b: showTrace(show, given.b),
    given: given.given.map((each) => ({
      ...each,
      agent: orNull(show.name, each.agent),
      summary: showPhrase(show, each.summary),
    })),
    steps: given.steps.map((step) => ({
      ...step,
      summary: showPhrase(show, step.summary),
      changes: step.changes.map((change) => ({ ...change, summary: showPhrase(show, change.summary) })),
    })),
  };
}

function separator(show: Show, given: Separator): Separator {
  const own = given.kind === "session" || given.kind === "user" ? show[given.kind] : show.name;
  return { ...given, name: orNull(own, given.name), summary: showPhrase(show, given.summary) };
}

export function showGroupComparison(show: Show, given: GroupComparison): GroupComparison {
  return {
    ...given,
    verdict: showPhrase(show, given.verdict),
    separators: given.separators.map((each) => separator(show, each)),
    steps: given.steps.map((step) => ({ ...step, name: show.name(step.name) })),
  };
}
