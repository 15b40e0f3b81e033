/** Live events of a store's file, read by this process. */
import {
  type Change,
  droppedEvent,
  type LiveEvent,
  type LiveFilter,
  liveEvent,
  matchesLive,
} from "../../model/live.js";
import { type ChangeBatch, openLiveFeed } from "../../store/live-feed.js";
import { contentFor, type Settings } from "../settings.js";
import { watchShownStore } from "../shown-store.js";
import { say } from "../terminal.js";
import { type Follow, untilAborted } from "./source.js";

/** `last`: how many of the changes before now are told first. */
export function followFile(settings: Settings, filter: LiveFilter, last: number): Follow {
  return async (tell, ended) => {
    const store = watchShownStore(settings, contentFor(settings, "this machine"));
    const live = openLiveFeed(settings.db, store.reader);
    const events = (changes: Change[]) => changes.map((change) => liveEvent(change, Date.now()));
    // what happens before the last changes have been told
    let held: LiveEvent[] | null = [];
    const hear = ({ changes, as_of_seq, dropped }: ChangeBatch) => {
      const heard = events(changes.filter(({ span }) => matchesLive(filter, span)));
      if (dropped > 0) heard.push(droppedEvent(as_of_seq, dropped, Date.now()));
      if (held) held.push(...heard);
      else tell(heard);
    };
    try {
      const reader = await store.reader();
      if (!reader) say(`there is no store at ${settings.db} yet: waiting for it`);
      const { seq } = await live.listen(hear, { previews: true });
      if (reader && last > 0) {
        const found = await reader.changes({ ...filter, after_seq: 0, limit: last, latest: true, previews: true });
        tell(events(found.changes.filter(({ span }) => span.seq <= seq)));
      }
      tell(held);
      held = null;
      await untilAborted(ended);
    } finally {
      live.close();
      store.close();
    }
  };
}
