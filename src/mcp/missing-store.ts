/** A store without a file yet, as a reader: lists are empty, everything else is not found, and each answer says what to do. */

import { AgensightError } from "../model/error.js";
import { noFailures } from "../model/error-group.js";
import { ago, plural } from "../model/format.js";
import type { Coverage, UsageFigures } from "../model/summary.js";
import type { StoreInfo, TraceReader } from "../store/reader.js";
import { inline } from "./render/fence.js";

export type OtherStore = { path: string; spans?: number; last_used: string };

/** What to do where nothing was recorded: how to record, and the other stores of this machine with the option that opens each. */
export function recordingHint(storePath: string, exists: boolean, others: readonly OtherStore[], now: number): string {
  const start = exists
    ? `The store ${storePath} is empty.`
    : `There is no store at ${storePath} yet: nothing was recorded there.`;
  const path = storePath.endsWith("/.agensight/traces.db") ? null : JSON.stringify(storePath);
  const how =
    `Record with setupTracing("my-app"${path ? `, { dbPath: ${path} }` : ""}) from the agensight package, ` +
    "send OTLP from any language to agensight serve, or bring spans in with agensight import FILE" +
    `${path ? ` (both with --db ${path})` : ""}. New spans are seen at once.`;
  const elsewhere = others.slice(0, 5).map((store) => {
    const used = Date.parse(store.last_used);
    const facts = [
      store.spans === undefined ? "" : plural(store.spans, "span"),
      Number.isNaN(used) ? "" : `used ${ago(used, now)}`,
    ];
    return `agensight mcp --db ${JSON.stringify(store.path)} (${facts.filter(Boolean).join(", ")})`;
  });
  return inline(
    `${start} ${how}${elsewhere.length > 0 ? ` Other stores on this machine: ${elsewhere.join("; ")}` : ""}`,
    1500,
  );
}

/** Errors: not_found with `hint`. */
export function missingStore(storePath: string, hint: string): TraceReader {
  const coverage = (): Coverage => ({
    matched: 0,
    matched_is_minimum: false,
    returned: 0,
    next_cursor: null,
    as_of_seq: 0,
    notes: [],
  });
  const missing = async (): Promise<never> => {
    throw new AgensightError("not_found", "Nothing was recorded yet.", { hint });
  };
  const total: UsageFigures = {
    calls: 0,
    input_tokens: null,
    cached_tokens: null,
    cache_write_tokens: null,
    output_tokens: null,
    reasoning_tokens: null,
    cost_usd: null,
    unpriced_calls: 0,
    errors: 0,
    p50_ms: null,
    p95_ms: null,
  };
  return {
    listTraces: async () => ({ traces: [], coverage: coverage() }),
    getTrace: missing,
    getSpan: missing,
    searchSpans: async () => ({ hits: [], coverage: coverage() }),
    listSessions: async () => ({ sessions: [], coverage: coverage() }),
    getSession: missing,
    getUsage: async () => ({ groups: [], total, coverage: coverage() }),
    findErrors: async () => ({ groups: [], total: noFailures, coverage: coverage() }),
    diagnoseTrace: missing,
    compareTraces: missing,
    compareGroups: missing,
    getAgentGraph: missing,
    explainContext: missing,
    checkTraces: missing,
    changes: async () => ({ changes: [], as_of_seq: 0, has_more: false, dropped_spans: 0, store_id: "" }),
    info: async (): Promise<StoreInfo> => ({
      path: storePath,
      engine: "none",
      engine_version: "",
      store_id: "",
      schema_version: 0,
      size_bytes: 0,
      traces: 0,
      spans: 0,
      sessions: 0,
      running_spans: 0,
      unsettled_traces: 0,
      unindexed_spans: 0,
      dropped_spans: 0,
      pruned_traces: 0,
      unpriced_calls: 0,
      unpriced_models: [],
      price_version: null,
      first_span: null,
      last_span: null,
      last_write: null,
      full_text_search: false,
      services: [],
    }),
    close: () => {},
  };
}
