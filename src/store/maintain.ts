/** Housekeeping in short steps: settling quiet traces into the rollups, filling the search index, retention. */
import { getNumber } from "./meta.js";
import { refill } from "./refill.js";
import { enforceRetention } from "./retention.js";
import { fillSearchIndex } from "./search-index.js";
import { abandonedUs, settle } from "./settle.js";
import type { SpanWriter } from "./writer.js";

export type MaintainOptions = {
  /** also settle what is not quiet yet: the end of an import */
  all?: boolean;
};

/** A trace whose root has ended settles after this quiet time, one without an ended root after the longer one. */
const quietUs = 3_000_000;
const idleUs = 600_000_000;

const spansPerStep = { shared: 4000, alone: 40_000 };
const tracesPerStep = { shared: 200, alone: 4000 };

/** Returns true when more is waiting. Safe to call from several processes at once. */
export function maintain(writer: SpanWriter, options: MaintainOptions = {}): boolean {
  const { engine } = writer;
  if (engine.readOnly) return false;
  const settling = settleTraces(writer, options.all === true);
  const indexing = fillSearchIndex(engine, options.all === true);
  const refilling = refill(writer);
  const pruning = enforceRetention(writer);
  if (!settling && !indexing && !refilling && !pruning) engine.sync();
  return settling || indexing || refilling || pruning;
}

/** Moves the calls of traces that have come to rest into the hourly and daily sums. */
function settleTraces(writer: SpanWriter, all: boolean): boolean {
  const { engine } = writer;
  const now = Date.now() * 1000;
  const gone = `changed_us < ${now - abandonedUs}`;
  const ready = all
    ? `status <> 2 OR ${gone}`
    : `(status < 2 AND changed_us < ${now - quietUs}) OR (status = 3 AND changed_us < ${now - idleUs}) OR ${gone}`;
  const waiting = `SELECT * FROM trace WHERE settled = 0 AND (${ready}) LIMIT ?`;
  if (!engine.get(waiting, [1])) return false;
  return writer.transact(() => {
    let spans = 0;
    const traces = engine.all(waiting, [all ? tracesPerStep.alone : tracesPerStep.shared]);
    for (const trace of traces) {
      settle(writer, trace, now);
      spans += trace.span_count;
      if (spans > (all ? spansPerStep.alone : spansPerStep.shared)) break;
    }
    return engine.get(waiting, [1]) !== undefined;
  });
}

/** Counts what is left to do, for `doctor`. */
export function waitingWork(engine: SpanWriter["engine"]): { unsettled_traces: number; unindexed_spans: number } {
  return {
    unsettled_traces: Number(engine.get("SELECT count(*) AS n FROM trace WHERE settled = 0")?.n),
    unindexed_spans:
      engine.family === "native"
        ? Number(engine.get("SELECT count(*) AS n FROM span WHERE seq > ?", [getNumber(engine, "indexed_seq")])?.n)
        : 0,
  };
}
