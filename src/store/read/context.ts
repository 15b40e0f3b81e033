/** TODO */

import type { ContextExplanation } from "../../model/context.js";
import { AgensightError } from "../../model/error.js";
import type { SpanSource } from "../read-span.js";

export function explainContext(
  _source: SpanSource,
  _query: { trace_id?: string; span_id?: string },
): ContextExplanation {
  throw new AgensightError("internal", "explainContext is not there yet.");
}
