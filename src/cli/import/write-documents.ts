/** Hands the documents of a block to ingest as one request, so that they cost one transaction. */
import type { Ingest } from "../../ingest/ingest.js";
import type { RejectedItem } from "../../ingest/prepare.js";
import type { OtlpLogRecord, OtlpSpan, ResourceLogs, ResourceSpans } from "../../model/otlp.js";
import type { Document } from "./documents.js";

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
};

type Request = { line: number; resourceSpans: ResourceSpans[]; resourceLogs: ResourceLogs[] };

/** `report` is told what is wrong in which line. */
export function writeDocuments(
  documents: Document[],
  ingest: Ingest,
  counts: ImportCounts,
  report: (line: number, problem: string) => void,
): void {
  const bad = (line: number, problem: string) => {
    counts.bad++;
    report(line, problem);
  };
  const requests: Request[] = [];
  for (const document of documents) {
    if ("problem" in document) bad(document.line, document.problem);
    else
      for (const value of Array.isArray(document.value) ? document.value : [document.value]) read(document.line, value);
  }
  write(requests);

  function read(line: number, value: unknown): void {
    const { resourceSpans, resourceLogs, resourceMetrics } = (value ?? {}) as Record<string, unknown>;
    if (Array.isArray(resourceSpans) || Array.isArray(resourceLogs)) {
      requests.push({
        line,
        resourceSpans: Array.isArray(resourceSpans) ? resourceSpans : [],
        resourceLogs: Array.isArray(resourceLogs) ? resourceLogs : [],
      });
    } else if (resourceMetrics !== undefined) counts.metrics++;
    else bad(line, "no OTLP/JSON: neither resourceSpans nor resourceLogs in it");
  }

  function write(part: Request[]): void {
    const resourceSpans = part.flatMap((request) => request.resourceSpans);
    const resourceLogs = part.flatMap((request) => request.resourceLogs);
    try {
      if (resourceSpans.length > 0) count("spans", ingest.traces({ resourceSpans }));
      if (resourceLogs.length > 0) count("logs", ingest.logs({ resourceLogs }));
    } catch (error) {
      const ours = (error as { code?: string }).code;
      // the store cannot be written: no line is to blame
      if ((error as Error).name === "AgensightError" && ours !== "bad_input" && ours !== "bad_argument") throw error;
      // one at a time, to find the one that is malformed
      if (part.length > 1) for (const request of part) write([request]);
      else bad(part[0]?.line ?? 0, `malformed OTLP: ${(error as Error).message}`);
    }

    function count(
      what: "spans" | "logs",
      { accepted, unchanged, ignored, rejected }: ReturnType<Ingest["traces"]>,
    ): void {
      counts[what] += accepted;
      counts.unchanged += unchanged;
      counts.ignored += ignored;
      for (const item of rejected)
        bad(
          lineOf(item, part),
          `${what === "spans" ? "span" : "log record"} ${item.span_id ?? "without an id"}: ${item.reason}`,
        );
    }
  }
}

/** The line that holds a refused span; the block's first where it cannot be told. */
function lineOf(item: RejectedItem, requests: Request[]): number {
  const first = requests[0]?.line ?? 0;
  if (requests.length < 2) return first;
  const isIt = (entry: OtlpSpan | OtlpLogRecord) =>
    (entry?.spanId || null) === item.span_id && (entry?.traceId || null) === item.trace_id;
  for (const { line, resourceSpans, resourceLogs } of requests) {
    const spans = resourceSpans.some((r) => r?.scopeSpans?.some?.((s) => s?.spans?.some?.(isIt)));
    if (spans || resourceLogs.some((r) => r?.scopeLogs?.some?.((s) => s?.logRecords?.some?.(isIt)))) return line;
  }
  return first;
}
