/** TODO */
import type { GroupComparison, RunComparison } from "../../model/comparison.js";
import { AgensightError } from "../../model/error.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";

export function compareTraces(_source: SpanSource, _query: { a: string; b: string }): RunComparison {
  throw new AgensightError("internal", "compareTraces is not there yet.");
}

export function compareGroups(_source: SpanSource, _query: { a: TraceFilter; b: TraceFilter }): GroupComparison {
  throw new AgensightError("internal", "compareGroups is not there yet.");
}
