/** Writes a trace's summary row, its facets, and what its session sums up. */
import type { Engine, Row, SqlValue } from "./engines/engine.js";
import type { Strings } from "./strings.js";
import { facets, type TraceTotals } from "./trace-totals.js";

/** Sessions' sums, changed by the difference that a trace makes. */
type SessionDelta = number[];

const sessionSums =
  "trace_count, error_traces, error_count, llm_calls, input_tokens, cached_tokens, output_tokens, cost_usd, unpriced_calls";

export type TraceRows = {
  insert(id: number, traceId: Uint8Array, totals: TraceTotals, storedBytes: number): void;
  update(old: Row, totals: TraceTotals, derivedCount: number, storedBytes: number): void;
  /** Takes the trace's facets and its share of the session away; the row itself is the caller's. */
  remove(old: Row): void;
  finish(): void;
  rollback(): void;
};

export function openTraceRows(engine: Engine, strings: Strings, nowUs: () => number): TraceRows {
  let deltas = new Map<number, { delta: SessionDelta; first: number; last: number }>();

  function addToSession(session: number | null, sign: 1 | -1, row: Row): void {
    if (session === null) return;
    let entry = deltas.get(session);
    if (!entry) {
      entry = { delta: [0, 0, 0, 0, 0, 0, 0, 0, 0], first: Number.MAX_SAFE_INTEGER, last: 0 };
      deltas.set(session, entry);
    }
    const figures = [
      1,
      row.status === 1 ? 1 : 0,
      row.error_count,
      row.llm_calls,
      row.input_tokens ?? 0,
      row.cached_tokens ?? 0,
      row.output_tokens ?? 0,
      row.cost_usd ?? 0,
      row.unpriced_calls,
    ];
    for (const [index, figure] of figures.entries()) entry.delta[index] = (entry.delta[index] ?? 0) + sign * figure;
    if (sign < 0) return;
    entry.first = Math.min(entry.first, row.start_us);
    entry.last = Math.max(entry.last, row.start_us + (row.duration_us ?? 0));
  }

  function columns(totals: TraceTotals): Row {
    return {
      name: strings.id(totals.name),
      service: strings.id(totals.service),
      session: strings.id(totals.session),
      start_us: totals.start_us,
      duration_us: totals.duration_us,
      status: totals.status,
      span_count: totals.span_count,
      error_count: totals.error_count,
      llm_calls: totals.llm_calls,
      input_tokens: totals.input_tokens,
      cached_tokens: totals.cached_tokens,
      output_tokens: totals.output_tokens,
      tokens: (totals.input_tokens ?? 0) + (totals.output_tokens ?? 0),
      cost_usd: totals.cost_usd,
      unpriced_calls: totals.unpriced_calls,
      facets: totals.facets
        .map(([facet, value]) => `${facets[facet]}:${typeof value === "number" ? value : strings.id(value)}`)
        .join(","),
      changed_us: nowUs(),
      settled: 0,
    };
  }

  function addFacets(trace: number, text: string, startUs: number): void {
    for (const [facet, value] of readFacets(text)) {
      engine.run("INSERT OR IGNORE INTO trace_facet (facet, value, start_us, trace) VALUES (?, ?, ?, ?)", [
        facet,
        value,
        startUs,
        trace,
      ]);
    }
  }
  function removeFacets(old: Row): void {
    for (const [facet, value] of readFacets(old.facets)) {
      engine.run("DELETE FROM trace_facet WHERE facet = ? AND value = ? AND start_us = ? AND trace = ?", [
        facet,
        value,
        old.start_us,
        old.id,
      ]);
    }
  }

  return {
    insert(id, traceId, totals, storedBytes) {
      const row: Row = {
        id,
        trace_id: traceId,
        ...columns(totals),
        derived_count: totals.span_count,
        stored_bytes: storedBytes,
      };
      const names = Object.keys(row);
      engine.run(
        `INSERT INTO trace (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
        Object.values(row) as SqlValue[],
      );
      addFacets(id, row.facets, row.start_us);
      addToSession(row.session, 1, row);
    },
    update(old, totals, derivedCount, storedBytes) {
      const row: Row = {
        ...columns(totals),
        derived_count: derivedCount,
        stored_bytes: old.stored_bytes + storedBytes,
      };
      engine.run(
        `UPDATE trace SET ${Object.keys(row)
          .map((name) => `${name} = ?`)
          .join(", ")} WHERE id = ?`,
        [...(Object.values(row) as SqlValue[]), old.id],
      );
      if (row.facets !== old.facets || row.start_us !== old.start_us) {
        removeFacets(old);
        addFacets(old.id, row.facets, row.start_us);
      }
      addToSession(old.session, -1, old);
      addToSession(row.session, 1, row);
    },
    remove(old) {
      removeFacets(old);
      addToSession(old.session, -1, old);
    },
    finish() {
      for (const [session, { delta, first, last }] of deltas) {
        engine.run(
          `INSERT INTO session (id, first_us, last_us, ${sessionSums}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET first_us = min(first_us, excluded.first_us), last_us = max(last_us, excluded.last_us),
           ${sessionSums
             .split(", ")
             .map((name) => `${name} = ${name} + excluded.${name}`)
             .join(", ")}`,
          [session, first, last, ...delta],
        );
        engine.run("DELETE FROM session WHERE id = ? AND trace_count <= 0", [session]);
      }
      deltas = new Map();
    },
    rollback() {
      deltas = new Map();
    },
  };
}

/** "facet:value,…" as pairs. */
export function readFacets(text: string): [number, number][] {
  if (text === "") return [];
  return text.split(",").map((entry) => {
    const colon = entry.indexOf(":");
    return [Number(entry.slice(0, colon)), Number(entry.slice(colon + 1))];
  });
}
