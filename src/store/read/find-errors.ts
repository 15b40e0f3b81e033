/** TODO */
import { AgensightError } from "../../model/error.js";
import type { ErrorListing } from "../../model/error-group.js";
import type { SpanSource } from "../read-span.js";
import type { Page, TraceFilter } from "../reader.js";

export function findErrors(_source: SpanSource, _query: TraceFilter & Page): ErrorListing {
  throw new AgensightError("internal", "findErrors is not there yet.");
}
