/** Why a group has no run: the condition that leaves none. */
import { plural } from "../../model/format.js";
import { joinPhrases, nameOf, type Phrase, phrase } from "../../model/phrase.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";
import { countLimit } from "./cursor.js";
import { countUpTo } from "./filter.js";
import { matchTraces } from "./matching-traces.js";

export function whyEmpty(source: SpanSource, group: string, filter: TraceFilter): Phrase {
  const matches = (part: TraceFilter): number => {
    const found = matchTraces(source, part, []);
    return found ? countUpTo(source.engine, found.count, found.params, countLimit) : 0;
  };
  const { since, until, ...others } = filter;
  const times = { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
  const parts = [
    ...(since !== undefined || until !== undefined
      ? [{ words: phrase`the time range`, filter: times as TraceFilter }]
      : []),
    ...Object.entries(others).map(([key, value]) => ({
      words: phrase`${key} ${nameOf(String(value))}`,
      filter: { [key]: value } as TraceFilter,
    })),
  ];
  const empty = parts.filter((part) => matches(part.filter) === 0);
  if (empty.length > 0)
    return phrase`no run is in ${group}: none matches ${joinPhrases(
      empty.map(({ words }) => words),
      ", none ",
    )}`;
  for (const left of parts) {
    const rest: TraceFilter = Object.assign({}, ...parts.filter((part) => part !== left).map((part) => part.filter));
    const found = parts.length > 1 ? matches(rest) : 0;
    if (found > 0)
      return phrase`no run is in ${group}: without ${left.words} ${found > countLimit ? "more than " : ""}${plural(Math.min(found, countLimit), "run")} would be`;
  }
  return phrase`no run is in ${group}: no run matches all of its conditions`;
}
