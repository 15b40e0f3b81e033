/** Gives everything back as it came: OTLP/JSON requests, a trace at a time. */
import type { LogsData, OtlpLogRecord, OtlpSpan, ResourceLogs, ResourceSpans, TracesData } from "../model/otlp.js";
import type { Engine, EngineName, Row } from "./engines/engine.js";
import { spanSource } from "./open.js";
import { openForReading } from "./open-store.js";
import { facetConditions, traceConditions } from "./read/filter.js";
import { findTrace } from "./read/find-ids.js";
import { tracesWithText } from "./read/search-spans.js";
import { decodeRow, type SpanSource, wholeSpanColumns } from "./read-span.js";
import type { TraceFilter } from "./reader.js";

/** A larger trace takes several requests. */
const spansPerRequest = 2000;

export type ExportFilter = TraceFilter & { trace_id?: string };

export type Export = {
  /** How many traces and spans the filter covers. */
  size(filter: ExportFilter): { traces: number; spans: number };
  /**
   * Oldest trace first; each request holds one trace's spans, in the order in which they were recorded, and then its
   * log records. Log records whose trace never came follow at the end when nothing is filtered.
   */
  requests(filter: ExportFilter): Iterable<TracesData | LogsData>;
  close(): void;
};

/** Errors: those of opening the store; not_found, ambiguous, pruned for `trace_id`. */
export async function openExport(path: string, options: { engine?: EngineName } = {}): Promise<Export> {
  const engine = await openForReading(path, options);
  const source = spanSource(engine);
  return {
    size: (filter) => {
      const { where, params } = traceFilter(source, filter);
      const row = engine.get(
        `SELECT count(*) AS traces, coalesce(sum(t.span_count), 0) AS spans FROM trace t WHERE ${where}`,
        params,
      );
      return { traces: row?.traces, spans: row?.spans };
    },
    *requests(filter) {
      const { where, params } = traceFilter(source, filter);
      let after: Row | undefined;
      for (;;) {
        const traces: Row[] = engine.all(
          `SELECT t.id, t.trace_id, t.start_us FROM trace t WHERE ${where}${after ? " AND (t.start_us > ? OR (t.start_us = ? AND t.id > ?))" : ""} ORDER BY t.start_us, t.id LIMIT 200`,
          after ? [...params, after.start_us, after.start_us, after.id] : params,
        );
        for (const trace of traces) {
          yield* spansOf(source, trace);
          const logs = logsOf(source, trace);
          if (logs.length > 0) yield { resourceLogs: logs };
        }
        after = traces.at(-1);
        if (!after) break;
      }
      if (where !== "1") return;
      const strays = engine.all("SELECT DISTINCT trace_id FROM log WHERE trace_id NOT IN (SELECT trace_id FROM trace)");
      for (const stray of strays) yield { resourceLogs: logsOf(source, stray) };
    },
    close: () => engine.close(),
  };
}

function traceFilter(source: SpanSource, filter: ExportFilter): { where: string; params: (string | number)[] } {
  const { sql, params } = traceConditions(filter);
  const wanted = facetConditions(source.strings, filter);
  if (wanted === null) return { where: "0", params: [] };
  for (const { facet, value } of wanted) {
    sql.push(
      "EXISTS (SELECT 1 FROM trace_facet f WHERE f.facet = ? AND f.value = ? AND f.start_us = t.start_us AND f.trace = t.id)",
    );
    params.push(facet, value);
  }
  if (filter.text !== undefined) sql.push(`t.id IN (${tracesWithText(source, filter.text, []).join(",")})`);
  if (filter.trace_id !== undefined) {
    sql.push("t.id = ?");
    params.push(findTrace(source.engine, filter.trace_id).id);
  }
  return { where: sql.length > 0 ? sql.join(" AND ") : "1", params: params as (string | number)[] };
}

type Envelope = { schemaUrl?: string };

function bodyOf(engine: Engine, table: "resource" | "scope", id: number): Envelope & Record<string, unknown> {
  return JSON.parse(engine.get(`SELECT body FROM ${table} WHERE id = ?`, [id])?.body ?? "{}");
}

function* spansOf(source: SpanSource, trace: Row): Iterable<TracesData> {
  const { engine } = source;
  let after = 0;
  for (;;) {
    const rows = engine.all(
      `SELECT ${wholeSpanColumns} FROM span s JOIN trace t ON t.id = s.trace WHERE s.trace = ? AND s.id > ? ORDER BY s.id LIMIT ?`,
      [trace.id, after, spansPerRequest],
    );
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
    const resourceSpans = grouped<OtlpSpan>(engine, rows, (row) => decodeRow(source, row).span).map(
      ({ resource, scopes }): ResourceSpans => {
        const { schemaUrl, ...body } = resource;
        return {
          ...body,
          scopeSpans: scopes.map(({ scope, items }) => ({ scope: scope.scope ?? {}, spans: items, ...onlyUrl(scope) })),
          ...(schemaUrl === undefined ? {} : { schemaUrl }),
        } as ResourceSpans;
      },
    );
    yield { resourceSpans };
  }
}

function logsOf(source: SpanSource, trace: Row): ResourceLogs[] {
  const rows = source.engine.all("SELECT resource, scope, body FROM log WHERE trace_id = ? ORDER BY time_us, id", [
    trace.trace_id,
  ]);
  return grouped<OtlpLogRecord>(
    source.engine,
    rows,
    (row) => JSON.parse(source.content.text(row.body)) as OtlpLogRecord,
  ).map(
    ({ resource, scopes }) =>
      ({
        ...resource,
        scopeLogs: scopes.map(({ scope, items }) => ({
          scope: scope.scope ?? {},
          logRecords: items,
          ...onlyUrl(scope),
        })),
      }) as ResourceLogs,
  );
}

function onlyUrl(envelope: Envelope): Envelope {
  return envelope.schemaUrl === undefined ? {} : { schemaUrl: envelope.schemaUrl };
}

type Grouped<T> = {
  resource: Envelope & Record<string, unknown>;
  scopes: { scope: Envelope & { scope?: object }; items: T[] }[];
};

/** Rows under their resource and scope, both in order of first occurrence. */
function grouped<T>(engine: Engine, rows: Row[], read: (row: Row) => T): Grouped<T>[] {
  const resources = new Map<number, Map<number, T[]>>();
  for (const row of rows) {
    let scopes = resources.get(row.resource);
    if (!scopes) {
      scopes = new Map();
      resources.set(row.resource, scopes);
    }
    const items = scopes.get(row.scope);
    if (items) items.push(read(row));
    else scopes.set(row.scope, [read(row)]);
  }
  return [...resources].map(([resource, scopes]) => ({
    resource: bodyOf(engine, "resource", resource),
    scopes: [...scopes].map(([scope, items]) => ({ scope: bodyOf(engine, "scope", scope), items })),
  }));
}
