/** TODO */

import type { CheckResult, CheckRules } from "../../model/check.js";
import { AgensightError } from "../../model/error.js";
import type { SpanSource } from "../read-span.js";
import type { TraceFilter } from "../reader.js";

export function checkTraces(
  _source: SpanSource,
  _query: TraceFilter & { trace_id?: string; rules: CheckRules },
): CheckResult {
  throw new AgensightError("internal", "checkTraces is not there yet.");
}
