/** How a tool or a model did in the runs around one. */
import type { OtherCall } from "../../model/diagnosis.js";
import type { Step } from "../../model/run.js";
import { modelOf } from "../../model/step-phrase.js";
import type { Row } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import { facets } from "../trace-totals.js";

/** Traces looked at, how large they may be, and calls read of them: a few ms in a store of any size. */
const tracesTried = 200;
const mostTraces = 20;
const largestTrace = 200;
const mostCalls = 200;

/** So many calls before the run tell what is usual; of fewer, those after it count too. */
const enoughBefore = 8;

/** `trace`: a row of the table. Of the same service, nearest first; empty for what is neither a tool nor a call to a model. */
export function otherCalls({ engine, strings }: SpanSource, trace: Row): (step: Step) => OtherCall[] {
  const known = new Map<string, OtherCall[]>();
  return (step) => {
    const isTool = step.kind === "tool";
    const name = isTool ? step.tool : modelOf(step);
    const value = name === null ? null : strings.find(name);
    if (value === null) return [];
    const key = `${isTool} ${value}`;
    const found = known.get(key) ?? read(isTool, value);
    known.set(key, found);
    return found;
  };

  function read(isTool: boolean, value: number): OtherCall[] {
    const before = readSide(isTool, value, false);
    return before.length >= enoughBefore ? before : [...before, ...readSide(isTool, value, true)];
  }

  function readSide(isTool: boolean, value: number, isAfter: boolean): OtherCall[] {
    return engine.all(
      `SELECT s.duration_us, s.output_tokens, s.first_token_us
       FROM (SELECT t.id
             FROM (SELECT trace FROM trace_facet WHERE facet = ? AND value = ? AND start_us ${isAfter ? ">" : "<"} ?
                   ORDER BY start_us ${isAfter ? "" : "DESC"} LIMIT ${tracesTried}) f CROSS JOIN trace t ON t.id = f.trace
             WHERE t.service IS ? AND t.span_count <= ? AND t.status = 0 LIMIT ?) t
       CROSS JOIN span s ON s.trace = t.id
       WHERE s.call = ? AND s.state = 0 AND s.status <> 2 AND ${isTool ? "s.tool" : "coalesce(s.response_model, s.request_model)"} = ?
       LIMIT ?`,
      [
        isTool ? facets.tool : facets.model,
        value,
        trace.start_us,
        trace.service,
        largestTrace,
        mostTraces,
        isTool ? 5 : 1,
        value,
        mostCalls,
      ],
    ) as OtherCall[];
  }
}
