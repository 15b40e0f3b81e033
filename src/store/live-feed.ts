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
  /** empty while there is no store */
  store_id: string;
  stop(): void;
};

export type LiveFeed = {
  /**
   * Calls `listener` with what happens from now on, until stopped; previews are there when one of the listeners wants them.
   * Changes arrive within some ms. When the file is replaced by another, all of the new one is told.
   * What a listener throws is left to itself.
   */
  listen(listener: (batch: ChangeBatch) => void, options?: { previews?: boolean }): Promise<Listening>;
  /** Something was committed by this very process. */
  look(): void;
  close(): void;
};

/** Changes that are read at once: previews have to be unpacked from blocks. */
const page = { plain: 500, previews: 200 };
/** ms between two reads under load, and after one that failed: opening a file is itself seen as a change */
const breath = 5;
const afterFailure = 250;

/** `from`: what it knows already of the store it joined. */
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

  /** Another store has taken the place of the one that was told of, or an older copy of it: it is told from its start. */
  function startAnew(id: string): void {
    store = id;
    seq = 0;
    dropped = 0;
    for (const listener of listeners) listener.from = 0;
  }

  async function readOn(): Promise<void> {
    while (listeners.size > 0) {
      const previews = [...listeners].some((listener) => listener.previews);
      const after = { store, seq };
      const current = await reader();
      const found = await current?.changes({ after_seq: seq, limit: previews ? page.previews : page.plain, previews });
      if (!found) return;
      // somebody joined meanwhile, who moved the position
      if (after.store !== store || after.seq !== seq) continue;
      if (found.store_id !== store || found.as_of_seq < seq) {
        startAnew(found.store_id);
        continue;
      }
      const last = found.changes.at(-1)?.span.seq ?? 0;
      const lost = Math.max(0, found.dropped_spans - dropped);
      dropped = found.dropped_spans;
      seq = found.has_more ? last : Math.max(last, found.as_of_seq);
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
      if (changes.length === 0 && batch.dropped === 0) continue;
      try {
        listener.tell({ ...batch, changes });
      } catch {
        // its own affair: the others are told all the same
      }
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
      let pause = breath;
      await readOn().catch(() => {
        // busy, or a file half made: the next look tries again
        pause = afterFailure;
      });
      await new Promise((resolve) => setTimeout(resolve, pause).unref());
    }
    looking = false;
  }

  return {
    async listen(listener, { previews = false } = {}) {
      let now = await position();
      // the file was replaced, and the others have not been told yet
      while (listeners.size > 0 && now.store_id !== "" && now.store_id !== store) {
        look();
        await new Promise((resolve) => setTimeout(resolve, breath));
        now = await position();
      }
      if (listeners.size === 0) {
        store = now.store_id;
        seq = now.as_of_seq;
        dropped = now.dropped_spans;
        unwatch = watchFile(path, look);
      }
      // what the others were told while the position was read
      const from = now.store_id === store ? Math.max(now.as_of_seq, seq) : 0;
      const own: Listener = { tell: listener, previews, from };
      listeners.add(own);
      // what was committed while the position was read
      look();
      return {
        seq: from,
        store_id: now.store_id,
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
