/** Hands what happens to spans to everyone who listens: each change is read once, whoever made it. */
import { setImmediate as turn } from "node:timers/promises";
import type { Change } from "../model/live.js";
import type { TraceReader } from "./reader.js";
import { watchFile } from "./watch-file.js";

export type ChangeBatch = {
  /** oldest first, none twice */
  changes: Change[];
  /** everything up to it has been told */
  as_of_seq: number;
  /** spans that recorders left out since the last batch */
  dropped: number;
  /** whose changes these are: another one than before means that the file was replaced */
  store_id: string;
};

export type Listening = {
  /** what happened up to it is not told any more: ask `changes` for it */
  seq: number;
  stop(): void;
};

export type LiveFeed = {
  /**
   * Calls `listener` with what happens from now on, until stopped; previews are there when one of the listeners wants them.
   * Changes arrive within some ms. When the file is replaced by another, all of the new one is told.
   */
  listen(listener: (batch: ChangeBatch) => void, options?: { previews?: boolean }): Promise<Listening>;
  /** Something was committed by this very process. */
  look(): void;
  close(): void;
};

/** Changes that are read at once, and ms between two reads under load. */
const page = 500;
const breath = 5;
const afterFailure = 250;

type Listener = { tell(batch: ChangeBatch): void; previews: boolean; from: number };

/** Watches only while somebody listens. `reader`: null while there is no file. */
export function openLiveFeed(path: string, reader: () => Promise<TraceReader | null>): LiveFeed {
  const listeners = new Set<Listener>();
  let unwatch: (() => void) | undefined;
  let store = "";
  let seq = 0;
  let dropped = 0;
  let looking = false;
  let again = false;

  async function position(): Promise<{ as_of_seq: number; dropped_spans: number; store_id: string }> {
    const current = await reader();
    if (!current) return { as_of_seq: 0, dropped_spans: 0, store_id: "" };
    return current.changes({ after_seq: Number.MAX_SAFE_INTEGER, limit: 1 });
  }

  async function readOn(): Promise<void> {
    for (;;) {
      const current = await reader();
      if (!current || listeners.size === 0) return;
      const previews = [...listeners].some((listener) => listener.previews);
      const found = await current.changes({ after_seq: seq, limit: page, previews });
      if (found.store_id !== store || found.as_of_seq < seq) {
        // another store has taken the place of the one that was told of, or an older copy of it
        store = found.store_id;
        seq = 0;
        dropped = found.dropped_spans;
        for (const listener of listeners) listener.from = 0;
        continue;
      }
      const last = found.changes.at(-1)?.span.seq ?? 0;
      const lost = Math.max(0, found.dropped_spans - dropped);
      dropped = found.dropped_spans;
      seq = found.has_more ? last : Math.max(last, found.as_of_seq);
      if (found.changes.length > 0 || lost > 0)
        tell({ changes: found.changes, as_of_seq: seq, dropped: lost, store_id: store });
      if (!found.has_more) return;
      await turn();
    }
  }

  function tell(batch: ChangeBatch): void {
    for (const listener of [...listeners]) {
      if (!listeners.has(listener)) continue;
      const { from } = listener;
      const changes = from > 0 ? batch.changes.filter(({ span }) => span.seq > from) : batch.changes;
      if (changes.length > 0 || batch.dropped > 0) listener.tell({ ...batch, changes });
    }
  }

  function look(): void {
    again = true;
    if (!looking) void lookUntilQuiet();
  }

  async function lookUntilQuiet(): Promise<void> {
    looking = true;
    while (again && listeners.size > 0) {
      again = false;
      // What goes wrong now (busy, a file half made) is tried again; not at once: opening a file is itself seen as a change.
      const pause = await readOn().then(
        () => breath,
        () => afterFailure,
      );
      if (again) await new Promise((resolve) => setTimeout(resolve, pause).unref());
    }
    looking = false;
  }

  return {
    async listen(listener, { previews = false } = {}) {
      const now = await position();
      if (listeners.size === 0) {
        store = now.store_id;
        seq = now.as_of_seq;
        dropped = now.dropped_spans;
        unwatch = watchFile(path, look);
      }
      const own: Listener = { tell: listener, previews, from: now.as_of_seq };
      listeners.add(own);
      // what was committed while the position was read
      look();
      return {
        seq: now.as_of_seq,
        stop() {
          listeners.delete(own);
          if (listeners.size === 0) {
            unwatch?.();
            unwatch = undefined;
          }
        },
      };
    },
    look,
    close() {
      listeners.clear();
      unwatch?.();
      unwatch = undefined;
    },
  };
}
