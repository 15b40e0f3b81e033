/** What is read out of one block of a file, ready to be written in one transaction. */
import type { Preparer } from "../../ingest/prepare.js";
import type { LogWrite } from "../../store/log-writer.js";
import type { SpanWrite } from "../../store/span-rows.js";
import type { Document } from "./documents.js";

export type Batch = {
  spans: SpanWrite[];
  logs: LogWrite[];
  /** where they come from: each request's line and how many of them are its own, in order */
  requests: { line: number; spans: number; logs: number }[];
  bad: BadLine[];
  /** log records without message content, which Agensight does not keep */
  ignored: number;
  /** documents of metrics, which Agensight does not keep */
  metrics: number;
};

export type BadLine = { line: number; problem: string };

/** Never throws: what is malformed is a bad line. */
export function prepareBatch(documents: Document[], preparer: Preparer): Batch {
  const batch: Batch = { spans: [], logs: [], requests: [], bad: [], ignored: 0, metrics: 0 };
  for (const document of documents) {
    if ("problem" in document) batch.bad.push(document);
    else if (!Array.isArray(document.value)) prepareRequest(document.line, document.value, preparer, batch);
    else for (const value of document.value) prepareRequest(document.line, value, preparer, batch);
  }
  return batch;
}

function prepareRequest(line: number, value: unknown, preparer: Preparer, batch: Batch): void {
  const { resourceSpans, resourceLogs, resourceMetrics } = (value ?? {}) as Record<string, unknown>;
  const before = { spans: batch.spans.length, logs: batch.logs.length };
  const bad = (problem: string) => batch.bad.push({ line, problem });
  if (!Array.isArray(resourceSpans) && !Array.isArray(resourceLogs)) {
    if (resourceMetrics !== undefined) batch.metrics++;
    else bad("no OTLP/JSON: neither resourceSpans nor resourceLogs in it");
    return;
  }
  try {
    if (Array.isArray(resourceSpans)) {
      const { spans, rejected } = preparer.traces({ resourceSpans });
      for (const span of spans) batch.spans.push(span);
      for (const { span_id, reason } of rejected) bad(`span ${span_id ?? "without an id"}: ${reason}`);
    }
    if (Array.isArray(resourceLogs)) {
      const { logs, ignored } = preparer.logs({ resourceLogs });
      for (const log of logs) batch.logs.push(log);
      batch.ignored += ignored;
    }
  } catch (error) {
    bad(`malformed OTLP: ${(error as Error).message}`);
  }
  const own = { spans: batch.spans.length - before.spans, logs: batch.logs.length - before.logs };
  if (own.spans + own.logs > 0) batch.requests.push({ line, ...own });
}
