/** Writes a batch in one transaction, and finds the line to blame where that cannot be done. */
import type { PreparedIngest } from "../../ingest/ingest.js";
import type { Batch } from "./batch.js";

export type ImportCounts = {
  spans: number;
  logs: number;
  /** log records without message content, which Agensight does not keep */
  ignored: number;
  /** of spans and logs, how many were in the store already */
  unchanged: number;
  /** lines that were no OTLP, and spans or log records that were refused */
  bad: number;
  /** documents of metrics, which Agensight does not keep */
  metrics: number;
  services: Set<string>;
  /** the search index was left to idle moments */
  isIndexLeft: boolean;
};

/** `report` is told what is wrong in which line. Errors: those of a store that cannot be written. */
export function writeBatch(
  batch: Batch,
  ingest: PreparedIngest,
  counts: ImportCounts,
  report: (line: number, problem: string) => void,
): void {
  counts.ignored += batch.ignored;
  counts.metrics += batch.metrics;
  for (const { line, problem } of batch.bad) bad(line, problem);
  for (const { resource } of batch.spans) if (resource.service !== null) counts.services.add(resource.service);
  write("spans", batch.spans, batch.requests, (spans) => ingest.writeTraces({ spans, rejected: [] }));
  write("logs", batch.logs, batch.requests, (logs) => ingest.writeLogs({ logs, ignored: 0 }));

  function bad(line: number, problem: string): void {
    counts.bad++;
    report(line, problem);
  }

  function write<Item>(
    what: "spans" | "logs",
    items: Item[],
    requests: Batch["requests"],
    put: (items: Item[]) => ReturnType<PreparedIngest["writeTraces"]>,
  ): void {
    if (items.length === 0) return;
    try {
      const { accepted, unchanged } = put(items);
      counts[what] += accepted;
      counts.unchanged += unchanged;
    } catch (error) {
      // the store cannot be written: no line is to blame
      if ((error as Error).name === "AgensightError") throw error;
      if (requests.length === 1) bad(requests[0]?.line ?? 0, `malformed OTLP: ${(error as Error).message}`);
      else {
        let at = 0;
        for (const request of requests) {
          write(what, items.slice(at, at + request[what]), [request], put);
          at += request[what];
        }
      }
    }
  }
}
