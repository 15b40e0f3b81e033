/** Collects changes that match, those that are there and those that come, until what was waited for has happened. */
import { type Change, type LiveFilter, matchesLive } from "../model/live.js";
import type { ChangeBatch, Listening, LiveFeed } from "../store/live-feed.js";
import type { TraceReader } from "../store/reader.js";

/** A place in the count of changes of one store; `store`: empty = not known. */
export type Position = { store: string; seq: number };

export type WaitFor = "match" | "idle" | "trace_end";

export type Collected = {
  /** oldest first */
  changes: Change[];
  /** what comes after it is not in `changes` */
  position: Position;
  as_of_seq: number;
  /** it is known already that more matches */
  more: boolean;
  timedOut: boolean;
  /** spans that recorders left out meanwhile */
  dropped: number;
  notes: string[];
};

/** ms without a match that count as idle, and between two reports */
const quiet = 1000;
const betweenReports = 1000;

type Options = {
  reader: TraceReader;
  live: LiveFeed;
  filter: LiveFilter;
  /** null: from now on */
  from: Position | null;
  limit: number;
  waitMs: number;
  waitFor: WaitFor;
  signal: AbortSignal;
  /** called now and then while it waits */
  report(found: number): void;
};

const endsTrace = ({ type, span }: Change) => span.parent_span_id === null && type !== "span_started";

export async function collectChanges(options: Options): Promise<Collected> {
  const inbox: ChangeBatch[] = [];
  let wake = () => {};
  const hear = (batch: ChangeBatch) => {
    inbox.push(batch);
    wake();
  };
  const deadline = performance.now() + options.waitMs;
  const listening = await options.live.listen(hear, { previews: true });
  const reports = setInterval(() => options.report(collector.changes.length), betweenReports);
  const collector = openCollector(options, listening);
  const { signal } = options;
  signal.addEventListener("abort", () => wake(), { once: true });
  try {
    await collector.readBacklog();
    for (;;) {
      for (let batch = inbox.shift(); batch && !collector.isFull(); batch = inbox.shift()) await collector.take(batch);
      const until = Math.min(deadline, collector.isDoneAt());
      const left = until - performance.now();
      if (left <= 0 || signal.aborted) return collector.collected(performance.now() < collector.isDoneAt());
      if (inbox.length > 0) continue;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
  } finally {
    clearInterval(reports);
    listening.stop();
  }
}

function openCollector({ reader, filter, from, limit, waitFor }: Options, listening: Listening) {
  const changes: Change[] = [];
  const notes: string[] = [];
  let position = from ?? { store: listening.store_id, seq: listening.seq };
  let asOf = listening.seq;
  let more = false;
  let dropped = 0;
  let lastMatch = 0;
  /** of the traces that matched: whether the root is known to be over */
  const traces = new Map<string, boolean>();

  function add(found: Change[], upTo: number): void {
    asOf = upTo;
    for (const change of found) {
      if (!matchesLive(filter, change.span)) continue;
      more = changes.length === limit;
      if (more) return;
      changes.push(change);
      position = { ...position, seq: change.span.seq };
      lastMatch = performance.now();
    }
    position = { ...position, seq: upTo };
  }

  /** What ended a trace may not match, or may have come before. */
  async function followTraces(found: Change[]): Promise<void> {
    if (waitFor !== "trace_end") return;
    for (const { span } of changes)
      if (!traces.has(span.trace_id)) traces.set(span.trace_id, await isOver(span.trace_id));
    for (const change of found)
      if (endsTrace(change) && traces.has(change.span.trace_id)) traces.set(change.span.trace_id, true);
  }

  async function isOver(trace_id: string): Promise<boolean> {
    try {
      const { trace, spans } = await reader.getTrace({ trace_id, max_spans: 50 });
      if (trace.status === "ok" || trace.status === "error") return true;
      return spans.some((span) => span.parent_span_id === null && span.status === "abandoned");
    } catch {
      // not there yet
      return false;
    }
  }

  return {
    changes,
    isFull: () => changes.length === limit,

    /** What lies between the cursor and what the feed tells. */
    async readBacklog(): Promise<void> {
      if (waitFor === "trace_end" && filter.trace_id !== undefined)
        traces.set(filter.trace_id, await isOver(filter.trace_id));
      const { store_id, seq } = listening;
      const foreign = position.store !== "" && store_id !== "" && !store_id.startsWith(position.store);
      if (foreign || position.seq > seq) {
        notes.push(
          "the cursor belongs to another store, or to a later state of this one: this starts from its beginning",
        );
        position = { store: store_id, seq: 0 };
      }
      position = { ...position, store: store_id };
      if (position.seq >= seq) return;
      const found = await reader.changes({ ...filter, after_seq: position.seq, limit: limit + 1, previews: true });
      const before = found.changes.filter(({ span }) => span.seq <= seq);
      add(before, seq);
      await followTraces(before);
    },

    async take(batch: ChangeBatch): Promise<void> {
      if (batch.store_id !== position.store) {
        if (position.store !== "") notes.push("the store's file was replaced by another while this waited");
        position = { store: batch.store_id, seq: 0 };
      }
      dropped += batch.dropped;
      add(batch.changes, batch.as_of_seq);
      await followTraces(batch.changes);
    },

    /** As of what was heard: ms of `performance.now()`; infinity = not before something more comes. */
    isDoneAt(): number {
      if (changes.length === limit) return 0;
      if (waitFor === "trace_end") return [...traces.values()].includes(true) ? 0 : Number.POSITIVE_INFINITY;
      if (changes.length === 0) return Number.POSITIVE_INFINITY;
      return waitFor === "match" ? 0 : lastMatch + quiet;
    },

    collected: (timedOut: boolean): Collected => ({
      changes,
      position,
      as_of_seq: asOf,
      more,
      timedOut,
      dropped,
      notes,
    }),
  };
}
