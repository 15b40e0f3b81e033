/** TODO */

import type { Diagnosis } from "../../model/diagnosis.js";
import { AgensightError } from "../../model/error.js";
import type { SpanSource } from "../read-span.js";

export function diagnoseTrace(_source: SpanSource, _query: { trace_id: string }): Diagnosis {
  throw new AgensightError("internal", "diagnoseTrace is not there yet.");
}
