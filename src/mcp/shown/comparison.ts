/** Comparisons as they may be shown. */
import type { GroupComparison, RunComparison, Separator } from "../../model/comparison.js";
import { mapPhrase, type Phrase } from "../../model/phrase.js";
import { orNull, type Show } from "../show.js";
import { showTrace } from "./trace.js";

/** What is quoted of a text may come from far on in it. */
const quoted = (show: Show, given: Phrase): Phrase => mapPhrase(given, { ...show, text: show.excerpt });

export function showRunComparison(show: Show, given: RunComparison): RunComparison {
  return {
    ...given,
    verdict: quoted(show, given.verdict),
    a: showTrace(show, given.a),
    b: showTrace(show, given.b),
    given: given.given.map((each) => ({
      ...each,
      agent: orNull(show.name, each.agent),
      summary: quoted(show, each.summary),
    })),
    steps: given.steps.map((step) => ({
      ...step,
      summary: quoted(show, step.summary),
      changes: step.changes.map((change) => ({ ...change, summary: quoted(show, change.summary) })),
    })),
  };
}

function separator(show: Show, given: Separator): Separator {
  const own = given.kind === "session" || given.kind === "user" ? show[given.kind] : show.name;
  return { ...given, name: orNull(own, given.name), summary: quoted(show, given.summary) };
}

export function showGroupComparison(show: Show, given: GroupComparison): GroupComparison {
  return {
    ...given,
    verdict: quoted(show, given.verdict),
    separators: given.separators.map((each) => separator(show, each)),
    steps: given.steps.map((step) => ({ ...step, name: show.name(step.name) })),
  };
}
