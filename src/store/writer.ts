/** Writes spans: each batch is one transaction that stores bodies once, derives its traces anew and keeps their totals. */
import { openCellCache } from "./cell-cache.js";
import { type Cell, deriveCells, derivedAssignments, derivedValues } from "./cells.js";
import { blockOf, openContentWriter } from "./content.js";
import { openConversationWriter, type Redacting } from "./conversations.js";
import type { Engine, SqlValue } from "./engines/engine.js";
import { insertRows } from "./insert-rows.js";
import { openInterned } from "./interned.js";
import { incrementedTotals, inheritFromParents, setFailures } from "./large-trace.js";
import { getNumber, setMeta } from "./meta.js";
import { openPromptHashes } from "./prompt-hash.js";
import { cellOf, openSpanRows, type PreparedSpan, type SpanWrite, spanColumns } from "./span-rows.js";
import { openStrings } from "./strings.js";
import { openTraceRows } from "./trace-row.js";
import { traceTotals } from "./trace-totals.js";
import { openUsageRollup } from "./usage-rollup.js";

/** Traces up to this size are derived anew with every batch; larger ones when they doubled, and when they settle. */
const alwaysDerived = 2000;
/** Beyond it a trace's spans keep what they say of themselves: deriving would take more memory than it is worth. */
export const largestDerived = 200_000;

export type SpanWriter = ReturnType<typeof openSpanWriter>;

export function openSpanWriter(engine: Engine, options: { redacting?: Redacting } = {}) {
  const strings = openStrings(engine);
  const content = openContentWriter(engine);
  const prompts = openPromptHashes();
  const conversations = openConversationWriter(engine, content, prompts, options.redacting);
  const traceRows = openTraceRows(engine, strings, () => Date.now() * 1000);
  const usage = openUsageRollup(engine, strings);
  const cache = openCellCache(engine, strings);
  const interned = openInterned(engine, strings);
  const rows = openSpanRows({ strings, content, conversations, interned, prompts, redacting: options.redacting });
  let generation = -1;
  let seq = 0;
  let nextSpan = 0;
  let nextTrace = 0;

  /** One transaction; everything remembered is forgotten when it fails. */
  function transact<T>(work: () => T): T {
    try {
      return engine.transaction(() => {
        const now = getNumber(engine, "pruned_generation");
        if (now !== generation) forget();
        generation = now;
        content.begin();
        cache.begin();
        const before = getNumber(engine, "seq");
        seq = before;
        nextSpan = Number(engine.get("SELECT coalesce(max(id), 0) + 1 AS next FROM span")?.next);
        nextTrace = Number(engine.get("SELECT coalesce(max(id), 0) + 1 AS next FROM trace")?.next);
        const result = work();
        content.finish();
        conversations.finish();
        usage.finish();
        traceRows.finish();
        if (seq !== before) setMeta(engine, "seq", seq);
        return result;
      });
    } catch (error) {
      forget();
      throw error;
    }
  }
  function forget(): void {
    strings.forget();
    cache.forget();
    content.rollback();
    conversations.rollback();
    traceRows.rollback();
    usage.rollback();
    interned.forget();
  }

  function writeTrace(traceId: string, writes: SpanWrite[]): number {
    const key = Buffer.from(traceId, "hex");
    const old = engine.get("SELECT * FROM trace WHERE trace_id = ?", [key]);
    // its calls are still in the usage sums: let in again they would count twice
    if (!old && engine.get("SELECT 1 AS there FROM pruned WHERE id = ?", [key])) return 0;
    const size = old?.span_count ?? 0;
    const whole =
      size <= alwaysDerived || (size <= largestDerived && size + writes.length >= 2 * (old?.derived_count ?? 0));
    const before = old && (whole || old.settled) && size <= largestDerived ? cache.load(old.id) : [];
    const known = new Map(before.map((cell) => [cell.span_id, cell]));

    const fresh: { write: SpanWrite; prepared: PreparedSpan }[] = [];
    const added = new Map<string, number>();
    const replaced = new Set<number>();
    for (const write of writes) {
      const spanId = write.span.spanId.toLowerCase();
      const existing = known.get(spanId) ?? (old && before.length === 0 ? findSpan(spanId, old.id) : undefined);
      const id = existing ? existing.id : nextSpan;
      const prepared = cellOf(write, id);
      // what has ended stays as it was: the same span again changes nothing
      if (existing && (existing.state === 0 || prepared.cell.state === 1)) continue;
      const earlier = added.get(spanId);
      if (earlier !== undefined) {
        const first = fresh[earlier] as (typeof fresh)[number];
        if (first.prepared.cell.state === 0 || prepared.cell.state === 1) continue;
        prepared.cell.id = first.prepared.cell.id;
        fresh[earlier] = { write, prepared };
        continue;
      }
      if (existing) replaced.add(existing.id);
      else nextSpan++;
      added.set(spanId, fresh.length);
      fresh.push({ write, prepared });
    }
    if (fresh.length === 0) return 0;

    if (old?.settled) usage.apply(size <= largestDerived ? before : cache.load(old.id), -1);
    const own = fresh.map(({ prepared }) => prepared.cell);
    const cells = [...before.filter((cell) => !replaced.has(cell.id)), ...own];
    const ownCells = new Set(own);
    let moved: Cell[] = [];
    if (whole) moved = deriveCells(cells).filter((cell) => !ownCells.has(cell));
    else {
      inheritFromParents(engine, strings, own, old?.id);
      setFailures(engine, own, old?.id);
    }

    let bytes = 0;
    const place = old?.id ?? nextTrace++;
    const made: SqlValue[][] = [];
    for (const { write, prepared } of fresh) {
      if (replaced.has(prepared.cell.id)) conversations.replace(place, prepared.cell.id);
      const { row, bytes: size } = rows.make(write, prepared, place, ++seq);
      made.push(row);
      bytes += size;
    }
    insertRows(engine, `INSERT OR REPLACE INTO span (${spanColumns.join(", ")})`, spanColumns.length, made);
    for (const cell of moved) {
      engine.run(`UPDATE span SET ${derivedAssignments} WHERE id = ?`, [...derivedValues(cell, strings), cell.id]);
    }
    const blocks = new Set(content.takeUsedBlocks());
    if (!old) {
      for (const log of engine.all("SELECT id, messages, body FROM log WHERE trace_id = ?", [key])) {
        blocks.add(blockOf(log.messages)).add(blockOf(log.body));
        engine.run("DELETE FROM block_use WHERE trace = ?", [-log.id]);
      }
    }
    useBlocks(place, blocks);
    if (whole || !old) cache.keep(place, cells);
    else cache.drop(place);
    if (!old) traceRows.insert(place, key, traceTotals(cells), bytes);
    else if (whole) traceRows.update(old, traceTotals(cells), cells.length, bytes);
    // a span that was written twice was added twice: fewer derived than there are makes settling put it right
    else
      traceRows.update(
        old,
        incrementedTotals(strings, old, own, replaced.size),
        old.derived_count - replaced.size,
        bytes,
      );
    return fresh.length;
  }

  function useBlocks(trace: number, blocks: Iterable<number>): void {
    for (const block of blocks)
      engine.run("INSERT OR IGNORE INTO block_use (trace, block) VALUES (?, ?)", [trace, block]);
  }

  function findSpan(spanId: string, trace: number): { id: number; state: number } | undefined {
    return engine.get("SELECT id, state FROM span WHERE span_id = ? AND trace = ?", [
      Buffer.from(spanId, "hex"),
      trace,
    ]) as { id: number; state: number } | undefined;
  }

  return {
    engine,
    strings,
    transact,
    usage,
    traceRows,
    cells: cache,
    /** Call inside of `transact`. */
    nextSeq: () => ++seq,
    content,
    interned,
    rows,
    conversations,
    useBlocks,
    /** What is redacted changes: messages that come again are new. */
    forgetConversations: () => conversations.rollback(),

    /** Returns how many spans were new or changed; the others were there already. */
    write(writes: SpanWrite[]): number {
      if (writes.length === 0) return 0;
      const byTrace = new Map<string, SpanWrite[]>();
      for (const write of writes) {
        const id = write.span.traceId.toLowerCase();
        const list = byTrace.get(id);
        if (list) list.push(write);
        else byTrace.set(id, [write]);
      }
      return transact(() => {
        let changed = 0;
        for (const [traceId, list] of byTrace) changed += writeTrace(traceId, list);
        return changed;
      });
    },
  };
}
