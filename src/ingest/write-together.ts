/** Writes several requests at the price of one, and tells each how it went. */
import { AgensightError } from "../model/error.js";
import type { LogsData, TracesData } from "../model/otlp.js";
import type { IngestResult } from "./ingest.js";
import type { PreparedLogs, PreparedTraces, Preparer } from "./prepare.js";

type Prepared = PreparedTraces | PreparedLogs;
type Outcome = IngestResult | AgensightError;

/**
 * In the order of `requests`. `write`: one transaction. Throws when the store cannot be written. How many spans were
 * there already is known of all together only, and told as 0.
 */
export function writeTogether(
  requests: (TracesData | LogsData)[],
  preparer: Preparer,
  write: (prepared: Prepared) => IngestResult,
): Outcome[] {
  const prepared = requests.map((request): Prepared | AgensightError => {
    try {
      return "resourceLogs" in request ? preparer.logs(request) : preparer.traces(request as TracesData);
    } catch (error) {
      return blame(error);
    }
  });
  const traces = prepared.filter((item): item is PreparedTraces => "spans" in item);
  const logs = prepared.filter((item): item is PreparedLogs => "logs" in item);
  const outcomes = new Map<Prepared | AgensightError, Outcome>();
  writeAll<PreparedTraces>(traces, (all) => ({ spans: all.flatMap((each) => each.spans), rejected: [] }));
  writeAll<PreparedLogs>(logs, (all) => ({ logs: all.flatMap((each) => each.logs), ignored: 0 }));
  return prepared.map((item) => (item instanceof AgensightError ? item : (outcomes.get(item) as Outcome)));

  function writeAll<P extends Prepared>(items: P[], join: (items: P[]) => P): void {
    if (items.length === 0) return;
    try {
      write(join(items));
      for (const item of items) outcomes.set(item, written(item));
    } catch (error) {
      if (!isMalformed(error)) throw error;
      // one at a time, to find the one that is to blame
      if (items.length > 1) for (const item of items) writeAll([item], join);
      else outcomes.set(items[0] as P, blame(error));
    }
  }
}

function written(item: Prepared): IngestResult {
  return "spans" in item
    ? { accepted: item.spans.length, unchanged: 0, ignored: 0, rejected: item.rejected }
    : { accepted: item.logs.length, unchanged: 0, ignored: item.ignored, rejected: [] };
}

/** What the store met with inside of a span, rather than in its file. */
function isMalformed(error: unknown): boolean {
  const cause = error instanceof AgensightError && error.code === "internal" ? error.cause : error;
  return cause instanceof TypeError || cause instanceof RangeError;
}

function blame(error: unknown): AgensightError {
  if (error instanceof AgensightError && error.code === "bad_input") return error;
  return new AgensightError("bad_input", "The request is malformed OTLP.", { cause: error });
}
