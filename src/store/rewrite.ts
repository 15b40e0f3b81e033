/**
 * Writes every span and log record of a store anew, each in its place: same ids, seq, state and costs, other texts.
 * Bodies go to new blocks, and an old one goes as soon as no trace needs it. Each step is one short transaction, so that
 * recorders and readers go on meanwhile, and what was broken off is begun again.
 */
import type { LogsData, TracesData } from "../model/otlp.js";
import { loadCells } from "./cells.js";
import type { Engine, Row } from "./engines/engine.js";
import { type LogWrite, logValues } from "./log-writer.js";
import { getNumber, setMeta } from "./meta.js";
import { spanSource } from "./open.js";
import { envelope, type SpanSource } from "./read-span.js";
import { type Budget, rewriteSpanRows } from "./rewrite-span-rows.js";
import { rederive } from "./settle.js";
import type { SpanWrite } from "./span-rows.js";
import type { Facet } from "./trace-totals.js";
import { openTurns } from "./turns.js";
import type { SpanWriter } from "./writer.js";

export type NamedFacet = Exclude<Facet, "version" | "prompt" | "path" | "error">;

export type Rewriting = {
  /** What is written in the place of a request's spans, in the same order. */
  spans(data: TracesData): SpanWrite[];
  /** Told of each of them when its messages have been redacted too. */
  written(span: SpanWrite): void;
  /** null: nothing is left of the record */
  log(data: LogsData): LogWrite | null;
  /** A name whose span is not at hand. */
  name(text: string, of: NamedFacet): string;
  text(text: string): string;
};

/** What a transaction takes, about: who records beside it waits so long. */
const spansPerStep = 250;
const charactersPerStep = 2_000_000;
const logsPerStep = 250;

type Job = {
  writer: SpanWriter;
  rewriting: Rewriting;
  source: SpanSource;
  firstNew: number;
  /** of sessions that have another id now: when they began and ended, pruned traces included */
  bounds: Map<number, { first: number; last: number }>;
};
type Position = { trace: number; afterSpan: number; wasSettled: boolean };

const isOld = "EXISTS (SELECT 1 FROM block_use u WHERE u.trace = t.id AND u.block < ?)";

/** `progress` is told how many spans are done. Returns how many there were. */
export function rewriteSpans(writer: SpanWriter, rewriting: Rewriting, progress: (spans: number) => void): number {
  const { engine } = writer;
  const firstNew = writer.transact(() => {
    // what anybody writes from here on must not refer to what lies in the old blocks
    engine.run("DELETE FROM content_hash");
    forgetEverywhere(engine);
    return getNumber(engine, "next_block") || 1;
  });
  const job: Job = { writer, rewriting, source: spanSource(engine), firstNew, bounds: new Map() };
  const takeTurns = openTurns(engine);
  let done = 0;
  // again, where a trace came meanwhile to log records that had been waiting for it
  do {
    let at: Position | null = { trace: 0, afterSpan: 0, wasSettled: false };
    while (at !== null) {
      const from: Position = at;
      const step = writer.transact(() => rewriteStep(job, from));
      done += step.spans;
      at = step.next;
      progress(done);
      takeTurns();
    }
    let afterLog: number | null = 0;
    while (afterLog !== null) {
      const after: number = afterLog;
      afterLog = writer.transact(() => rewriteStrayLogs(job, after));
      takeTurns();
    }
  } while (engine.get(`SELECT 1 AS there FROM trace t WHERE ${isOld} LIMIT 1`, [firstNew]));
  writer.transact(() => {
    engine.run("DELETE FROM block_use WHERE block < ?", [firstNew]);
    engine.run("DELETE FROM block WHERE id < ?", [firstNew]);
  });
  return done;
}

/** Whoever writes looks at it first, and forgets what it remembers by id. Call inside of a transaction. */
export function forgetEverywhere(engine: Engine): void {
  setMeta(engine, "pruned_generation", getNumber(engine, "pruned_generation") + 1);
}

/** Traces, or a part of a long one; `next` null: none are left. */
function rewriteStep(job: Job, from: Position): { spans: number; next: Position | null } {
  const { writer, rewriting, source, firstNew } = job;
  const { engine } = writer;
  const budget: Budget = { spans: spansPerStep, characters: charactersPerStep };
  const spans = () => spansPerStep - budget.spans;
  let at = from;
  keepBounds(job);
  while (budget.spans > 0 && budget.characters > 0) {
    const trace = engine.get(`SELECT * FROM trace t WHERE id >= ? AND ${isOld} ORDER BY id LIMIT 1`, [
      at.trace,
      firstNew,
    ]);
    if (!trace) return { spans: spans(), next: null };
    if (trace.id !== at.trace) at = { trace: trace.id, afterSpan: 0, wasSettled: false };
    const wasSettled = at.wasSettled || trace.settled === 1;
    if (trace.settled === 1) unsettle(writer, trace);
    if (at.afterSpan > 0) writer.conversations.continueStored(trace.id, source.content.text);
    const { last, complete } = rewriteSpanRows(writer, rewriting, source, trace.id, at.afterSpan, budget);
    writer.useBlocks(trace.id, writer.content.takeUsedBlocks());
    if (!complete) return { spans: spans(), next: { trace: trace.id, afterSpan: last, wasSettled } };
    for (const log of engine.all("SELECT * FROM log WHERE trace_id = ?", [trace.trace_id])) rewriteLog(job, log);
    writer.useBlocks(trace.id, writer.content.takeUsedBlocks());
    deriveAgain(job, trace, wasSettled);
    dropOldBlocks(job, trace.id);
    at = { trace: trace.id + 1, afterSpan: 0, wasSettled: false };
  }
  return { spans: spans(), next: at };
}

/** Its calls leave the usage sums under the names that they had. */
function unsettle(writer: SpanWriter, trace: Row): void {
  writer.usage.apply(loadCells(writer.engine, writer.strings, trace.id), -1);
  // a derived_count that is too low makes whoever settles it after a crash derive it first
  writer.engine.run("UPDATE trace SET settled = 0, derived_count = 0 WHERE id = ?", [trace.id]);
}

function deriveAgain({ writer, bounds }: Job, trace: Row, settled: boolean): void {
  const cells = loadCells(writer.engine, writer.strings, trace.id);
  rederive(writer, trace, cells);
  if (settled) writer.usage.apply(cells, 1);
  writer.cells.drop(trace.id);
  writer.engine.run("UPDATE trace SET settled = ?, changed_us = ? WHERE id = ?", [
    settled ? 1 : 0,
    trace.changed_us,
    trace.id,
  ]);
  if (trace.session === null) return;
  const old = writer.engine.get("SELECT first_us, last_us FROM session WHERE id = ?", [trace.session]);
  const session = writer.engine.get("SELECT session FROM trace WHERE id = ?", [trace.id])?.session;
  if (!old || session === null || session === trace.session) return;
  const known = bounds.get(session);
  bounds.set(session, {
    first: Math.min(old.first_us, known?.first ?? old.first_us),
    last: Math.max(old.last_us, known?.last ?? old.last_us),
  });
}

/** In the transaction after the one that made the sessions. */
function keepBounds({ writer: { engine }, bounds }: Job): void {
  for (const [session, { first, last }] of bounds)
    engine.run("UPDATE session SET first_us = min(first_us, ?), last_us = max(last_us, ?) WHERE id = ?", [
      first,
      last,
      session,
    ]);
  bounds.clear();
}

/** `user`: of `block_use`. */
function dropOldBlocks({ writer: { engine }, firstNew }: Job, user: number): void {
  const old = engine.all("SELECT block FROM block_use WHERE trace = ? AND block < ?", [user, firstNew]);
  engine.run("DELETE FROM block_use WHERE trace = ? AND block < ?", [user, firstNew]);
  for (const { block } of old) {
    if (!engine.get("SELECT 1 AS used FROM block_use WHERE block = ? LIMIT 1", [block]))
      engine.run("DELETE FROM block WHERE id = ?", [block]);
  }
}

/** Of traces that never came. Returns after which row to go on, or null. */
function rewriteStrayLogs(job: Job, after: number): number | null {
  const { writer } = job;
  keepBounds(job);
  const logs = writer.engine.all(
    "SELECT * FROM log WHERE id > ? AND trace_id NOT IN (SELECT trace_id FROM trace) ORDER BY id LIMIT ?",
    [after, logsPerStep],
  );
  for (const log of logs) {
    rewriteLog(job, log);
    writer.useBlocks(-log.id, writer.content.takeUsedBlocks());
    dropOldBlocks(job, -log.id);
  }
  return logs.at(-1)?.id ?? null;
}

function rewriteLog({ writer, rewriting, source }: Job, row: Row): void {
  const { engine } = writer;
  const { resource, scope } = envelope(engine, row);
  const logRecords = [JSON.parse(source.content.text(row.body))];
  const log = rewriting.log({ resourceLogs: [{ ...resource, scopeLogs: [{ ...scope, logRecords }] }] });
  const values = log && logValues(writer, log);
  const same =
    values &&
    engine.get("SELECT id FROM log WHERE trace_id = ? AND span_id = ? AND hash = ? AND id <> ?", [
      row.trace_id,
      row.span_id,
      values.hash,
      row.id,
    ]);
  if (!values || same) {
    engine.run("DELETE FROM log WHERE id = ?", [row.id]);
    engine.run("DELETE FROM block_use WHERE trace = ?", [-row.id]);
  } else
    engine.run("UPDATE log SET resource = ?, scope = ?, hash = ?, messages = ?, body = ? WHERE id = ?", [
      values.resource,
      values.scope,
      values.hash,
      values.messages,
      values.body,
      row.id,
    ]);
}
