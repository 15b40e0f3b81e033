/** Retention by age and size: belongs to the file, applies per service, works in small steps, and the file really shrinks. */
import { hashesOf, openContentReader } from "./content.js";
import type { Engine, Row } from "./engines/engine.js";
import { getNumber, setMeta } from "./meta.js";
import { settle } from "./settle.js";
import type { SpanWriter } from "./writer.js";

const tracesPerStep = 50;
const spansPerStep = 5000;
const pagesPerStep = 500;
/** How many pruned ids are remembered. */
const rememberedIds = 100_000;

/** A session's id among those of pruned traces. */
export function sessionKey(sessionId: string): Uint8Array {
  return Buffer.from(`session ${sessionId}`, "utf8");
}

/** null lifts a limit. Returns without writing when nothing changes. */
export function setRetention(
  writer: SpanWriter,
  service: string,
  maxAgeS: number | null,
  maxBytes: number | null,
): void {
  const { engine, strings } = writer;
  const known = strings.find(service);
  const old =
    known === null ? undefined : engine.get("SELECT max_age_s, max_bytes FROM retention WHERE service = ?", [known]);
  if (old ? old.max_age_s === maxAgeS && old.max_bytes === maxBytes : maxAgeS === null && maxBytes === null) return;
  writer.transact(() => {
    const id = strings.id(service) as number;
    if (maxAgeS === null && maxBytes === null) engine.run("DELETE FROM retention WHERE service = ?", [id]);
    else
      engine.run("INSERT OR REPLACE INTO retention (service, max_age_s, max_bytes) VALUES (?, ?, ?)", [
        id,
        maxAgeS,
        maxBytes,
      ]);
  });
}

/** Bytes of the file that hold data. */
function liveBytes(engine: Engine): number {
  const pages =
    Number(engine.get("PRAGMA page_count")?.page_count) - Number(engine.get("PRAGMA freelist_count")?.freelist_count);
  return pages * Number(engine.get("PRAGMA page_size")?.page_size);
}

/** One step of what the file's own rules ask for; true when more is waiting. */
export function enforceRetention(writer: SpanWriter): boolean {
  const { engine } = writer;
  let more = false;
  for (const rule of engine.all("SELECT service, max_age_s, max_bytes FROM retention")) {
    if (rule.max_age_s !== null) {
      const before = Date.now() * 1000 - rule.max_age_s * 1e6;
      more = pruneStep(writer, "service = ? AND start_us < ?", [rule.service, before]) || more;
    }
    if (rule.max_bytes !== null) more = pruneToSize(writer, rule.service, rule.max_bytes) || more;
  }
  return releasePages(engine) || more;
}

/** Prunes regardless of the file's rules: one step; true when more is waiting. `service` null = all. */
export function prune(
  writer: SpanWriter,
  what: { service: string | null; before_us?: number; max_bytes?: number },
): boolean {
  const service = what.service === null ? null : writer.strings.find(what.service);
  if (what.service !== null && service === null) return false;
  const condition = service === null ? "1" : "service = ?";
  const params = service === null ? [] : [service];
  let more = false;
  if (what.before_us !== undefined)
    more = pruneStep(writer, `${condition} AND start_us < ?`, [...params, what.before_us]);
  if (what.max_bytes !== undefined) more = pruneToSize(writer, service, what.max_bytes) || more;
  return releasePages(writer.engine) || more;
}

/** A service's part of the file is estimated by what its traces brought in. */
function pruneToSize(writer: SpanWriter, service: number | null, maxBytes: number): boolean {
  const { engine } = writer;
  const all = Number(engine.get("SELECT coalesce(sum(stored_bytes), 0) AS n FROM trace")?.n);
  if (all === 0) return false;
  const own =
    service === null
      ? all
      : Number(engine.get("SELECT coalesce(sum(stored_bytes), 0) AS n FROM trace WHERE service = ?", [service])?.n);
  if ((liveBytes(engine) * own) / all <= maxBytes || own === 0) return false;
  return pruneStep(writer, service === null ? "1" : "service = ?", service === null ? [] : [service], true);
}

function pruneStep(writer: SpanWriter, condition: string, params: number[], always = false): boolean {
  const { engine } = writer;
  const oldest = `SELECT * FROM trace WHERE ${condition} ORDER BY start_us LIMIT ${tracesPerStep}`;
  if (engine.all(oldest, params).length === 0) return false;
  return writer.transact(() => {
    const traces = engine.all(oldest, params);
    let spans = 0;
    let done = 0;
    for (const trace of traces) {
      if (spans > spansPerStep) break;
      deleteTrace(writer, trace);
      spans += trace.span_count;
      done++;
    }
    setMeta(engine, "pruned_traces", getNumber(engine, "pruned_traces") + done);
    setMeta(engine, "pruned_generation", getNumber(engine, "pruned_generation") + 1);
    setMeta(
      engine,
      "pruned_before_us",
      Math.max(getNumber(engine, "pruned_before_us"), ...traces.slice(0, done).map((trace) => trace.start_us)),
    );
    engine.run(
      "DELETE FROM pruned WHERE id IN (SELECT id FROM pruned ORDER BY pruned_us LIMIT max(0, (SELECT count(*) FROM pruned) - ?))",
      [rememberedIds],
    );
    return always || done < traces.length || traces.length === tracesPerStep;
  });
}

/** Its calls stay in the usage sums; everything else of it goes. Call inside of a transaction. */
function deleteTrace(writer: SpanWriter, trace: Row): void {
  const { engine } = writer;
  const now = Date.now() * 1000;
  if (!trace.settled) {
    settle(writer, trace, now);
    Object.assign(trace, engine.get("SELECT * FROM trace WHERE id = ?", [trace.id]));
  }
  const spans = engine.all("SELECT id FROM span WHERE trace = ?", [trace.id]).map((row) => row.id as number);
  writer.cells.drop(trace.id);
  for (const id of spans) {
    engine.run("DELETE FROM conversation WHERE span = ?", [id]);
    if (engine.family === "native") engine.run("DELETE FROM search WHERE rowid = ?", [id]);
  }
  engine.run("DELETE FROM span WHERE trace = ?", [trace.id]);
  engine.run("DELETE FROM log WHERE trace_id = ?", [trace.trace_id]);
  writer.traceRows.remove(trace);
  engine.run("DELETE FROM trace WHERE id = ?", [trace.id]);
  engine.run("INSERT OR REPLACE INTO pruned (id, pruned_us) VALUES (?, ?)", [trace.trace_id, now]);
  const session = writer.strings.text(trace.session);
  if (session !== null)
    engine.run("INSERT OR REPLACE INTO pruned (id, pruned_us) VALUES (?, ?)", [sessionKey(session), now]);
  const reader = openContentReader(engine);
  for (const { block } of engine.all("SELECT block FROM block_use WHERE trace = ?", [trace.id])) {
    engine.run("DELETE FROM block_use WHERE trace = ? AND block = ?", [trace.id, block]);
    if (engine.get("SELECT 1 AS used FROM block_use WHERE block = ? LIMIT 1", [block])) continue;
    if (!engine.get("SELECT 1 AS there FROM block WHERE id = ?", [block])) continue;
    for (const hash of hashesOf(reader.texts(block)))
      engine.run("DELETE FROM content_hash WHERE hash = ? AND content BETWEEN ? AND ?", [
        hash,
        block * 4096,
        block * 4096 + 4095,
      ]);
    engine.run("DELETE FROM block WHERE id = ?", [block]);
  }
}

/** Gives all free pages back and empties the write-ahead log, for one who waits for a small file. */
export function shrink(engine: Engine): void {
  engine.exec("PRAGMA incremental_vacuum");
  if (engine.family === "native") engine.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

/** Gives free pages back to the file system, some at a time; true when more are waiting. */
function releasePages(engine: Engine): boolean {
  const free = Number(engine.get("PRAGMA freelist_count")?.freelist_count);
  // a few free pages are soon used again
  if (free < 64) return false;
  engine.exec(`PRAGMA incremental_vacuum(${pagesPerStep})`);
  if (free <= pagesPerStep) {
    if (engine.family === "native") engine.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return false;
  }
  return true;
}
