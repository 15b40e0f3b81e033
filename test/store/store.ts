/** Fills stores through the one way in, and asks them. */
import { type Ingest, openIngest } from "../../src/ingest/ingest.js";
import type { LogsData, OtlpSpan, TracesData } from "../../src/model/otlp.js";
import type { UsageFigures } from "../../src/model/summary.js";
import type { EngineName } from "../../src/store/engines/engine.js";
import { openExport } from "../../src/store/export.js";
import { openReader } from "../../src/store/open.js";
import type { TraceReader } from "../../src/store/reader.js";

export type Target = { path: string; engine: EngineName };

/** Runs `work` on an ingest that is closed afterwards. */
export async function withIngest<T>(target: Target, work: (ingest: Ingest) => T): Promise<T> {
  const ingest = await openIngest(target);
  try {
    return await work(ingest);
  } finally {
    ingest.close();
  }
}

/** Runs `work` on a reader that is closed afterwards. */
export async function withReader<T>(target: Target, work: (reader: TraceReader) => Promise<T>): Promise<T> {
  const reader = await openReader(target.path, { engine: target.engine });
  try {
    return await work(reader);
  } finally {
    reader.close();
  }
}

/** Does all housekeeping that is due; `all` settles what is not quiet yet, too. */
export function settleAll(ingest: Ingest): void {
  while (ingest.maintain({ all: true }));
}

/** Usage that does not change when traces settle: from then on latencies come from sums, within 2 %. */
export function withoutLatency<T extends UsageFigures>(figures: T): Omit<T, "p50_ms" | "p95_ms"> {
  const { p50_ms: _, p95_ms: __, ...rest } = figures;
  return rest;
}

export async function exportAll(target: Target): Promise<(TracesData | LogsData)[]> {
  const source = await openExport(target.path, { engine: target.engine });
  try {
    return [...source.requests({})];
  } finally {
    source.close();
  }
}

/** All spans of requests by trace and span id, each with its resource and scope as JSON. */
export function spansById(
  requests: (TracesData | LogsData)[],
): Map<string, { span: OtlpSpan; resource: string; scope: string }> {
  const found = new Map<string, { span: OtlpSpan; resource: string; scope: string }>();
  for (const request of requests) {
    for (const { resource, scopeSpans, schemaUrl } of ("resourceSpans" in request && request.resourceSpans) || []) {
      for (const { scope, spans, schemaUrl: scopeUrl } of scopeSpans ?? []) {
        for (const span of spans ?? []) {
          found.set(`${span.traceId} ${span.spanId}`.toLowerCase(), {
            span,
            resource: JSON.stringify([resource, schemaUrl]),
            scope: JSON.stringify([scope ?? {}, scopeUrl]),
          });
        }
      }
    }
  }
  return found;
}
