/** What became of a failure: which span failed first, and whether the run got over it. Pure. */
import { orderTopDown, type TraceOrder } from "./trace-order.js";

/** The order is the code kept in the store: append only. */
export const failures = ["ended", "recovered", "open", "passed_on"] as const;

/**
 * `ended`: a span that failed of itself, and every span above it up to a root failed too;
 * `recovered`: one above it ended well; `open`: one above it still runs, or never ended;
 * `passed_on`: it failed because a span below it did; null: it did not fail.
 */
export type Failure = (typeof failures)[number];

export type FailureSpan = {
  span_id: string;
  parent_span_id: string | null;
  is_error: boolean;
  /** it has not ended: it runs, or was abandoned */
  is_open: boolean;
};

/**
 * For each span in the order given. A failing span whose failing descendants are all below spans that ended well
 * failed of itself. A missing parent makes a root. Linear.
 */
export function findFailures(
  spans: readonly FailureSpan[],
  { order, parent }: TraceOrder = orderTopDown(spans),
): (Failure | null)[] {
  const outcome = new Array<Failure | null>(spans.length).fill(null);
  const fate = new Array<Failure>(spans.length).fill("ended");
  for (const i of order) {
    const span = spans[i] as FailureSpan;
    const above = parent[i] as number;
    const inherited = above < 0 ? "ended" : (fate[above] as Failure);
    // what a failure right below this span would come to
    if (span.is_error) fate[i] = inherited;
    else fate[i] = span.is_open ? "open" : "recovered";
    if (!span.is_error) continue;
    outcome[i] = inherited;
    if (above >= 0 && (spans[above] as FailureSpan).is_error) outcome[above] = "passed_on";
  }
  return outcome;
}
