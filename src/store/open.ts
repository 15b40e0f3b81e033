/** Opens a store for questions. */
import { openContentReader } from "./content.js";
import type { Engine, EngineName } from "./engines/engine.js";
import { migrateForReading, openForReading } from "./open-store.js";
import { changes } from "./read/changes.js";
import { getSession } from "./read/get-session.js";
import { getSpan } from "./read/get-span.js";
import { getTrace } from "./read/get-trace.js";
import { info } from "./read/info.js";
import { listTraces } from "./read/list-traces.js";
import { searchSpans } from "./read/search-spans.js";
import { listSessions } from "./read/sessions.js";
import { getUsage } from "./read/usage.js";
import { openShapes, type Redact, type SpanSource } from "./read-span.js";
import type { TraceReader } from "./reader.js";
import { openStrings } from "./strings.js";

/** What reads need, over an open engine. */
export function spanSource(engine: Engine): SpanSource {
  return { engine, strings: openStrings(engine), content: openContentReader(engine), shape: openShapes(engine) };
}

/** `redact`: applied to texts of which excerpts are shown, and to nothing else. */
export type ReaderOptions = { engine?: EngineName; timeout?: number; redact?: Redact };

/** Errors: not_found when there is no file, and those of opening it (not_a_store, newer_file, wrong_engine, busy). */
export async function openReader(path: string, { redact, ...options }: ReaderOptions = {}): Promise<TraceReader> {
  const engine = await openForReading(path, options);
  const openSource = (): SpanSource => ({ ...spanSource(engine), ...(redact ? { redact } : {}) });
  let source = openSource();

  /** Each question sees one state of the file, and what other processes wrote before it. */
  async function ask<Q, A>(question: (source: SpanSource, query: Q) => A, query: Q): Promise<A> {
    if (engine.refresh()) {
      migrateForReading(engine);
      source = openSource();
    }
    if (engine.family === "sqljs") return question(source, query);
    engine.exec("BEGIN");
    try {
      return question(source, query);
    } finally {
      engine.exec("COMMIT");
    }
  }
  return {
    listTraces: (query) => ask(listTraces, query),
    getTrace: (query) => ask(getTrace, query),
    getSpan: (query) => ask(getSpan, query),
    searchSpans: (query) => ask(searchSpans, query),
    listSessions: (query) => ask(listSessions, query),
    getSession: (query) => ask(getSession, query),
    getUsage: (query) => ask(getUsage, query),
    // what few questions need is loaded with the first of them
    findErrors: async (query) => ask((await import("./read/find-errors.js")).findErrors, query),
    diagnoseTrace: async (query) => ask((await import("./read/diagnose-trace.js")).diagnoseTrace, query),
    compareTraces: async (query) => ask((await import("./read/comparison.js")).compareTraces, query),
    compareGroups: async (query) => ask((await import("./read/comparison.js")).compareGroups, query),
    getAgentGraph: async (query) => ask((await import("./read/agent-graph.js")).getAgentGraph, query),
    explainContext: async (query) => ask((await import("./read/context.js")).explainContext, query),
    checkTraces: async (query) => ask((await import("./read/check.js")).checkTraces, query),
    changes: (query) => ask(changes, query),
    info: () => ask((current: SpanSource) => info(current), undefined),
    close: () => engine.close(),
  };
}
