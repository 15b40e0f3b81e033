/** Subscriptions of one connection: which address changed, told at once and then at most every 250 ms. */
import { AgensightError } from "../model/error.js";
import { type LiveFilter, matchesLive } from "../model/live.js";
import type { ChangeBatch, Listening, LiveFeed } from "../store/live-feed.js";
import type { TraceReader } from "../store/reader.js";
import { scheme, watchedBy } from "./resource-address.js";

/** ms between two notifications of one address */
const interval = 250;
const most = 100;

export type Subscriptions = {
  /** Errors: not_found for an address of ours that cannot be watched, bad_argument for its filter, too_large beyond 100. */
  subscribe(uri: string, reader: TraceReader): Promise<void>;
  unsubscribe(uri: string): void;
  close(): void;
};

type Subscription = { watched: LiveFilter; dirty: boolean; resting: boolean };

/** `notify` resolves when the client's side has taken the message: until then the address is not told again. */
export function openSubscriptions(live: LiveFeed, notify: (uri: string) => Promise<void>): Subscriptions {
  const subscriptions = new Map<string, Subscription>();
  let listening: Promise<Listening> | undefined;
  let closed = false;

  function hear({ changes }: ChangeBatch): void {
    for (const [uri, subscription] of subscriptions) {
      if (subscription.dirty || !changes.some(({ span }) => matchesLive(subscription.watched, span))) continue;
      subscription.dirty = true;
      if (!subscription.resting) void tell(uri, subscription);
    }
  }

  async function tell(uri: string, subscription: Subscription): Promise<void> {
    subscription.resting = true;
    while (subscription.dirty && subscriptions.get(uri) === subscription) {
      subscription.dirty = false;
      const pause = new Promise((resolve) => setTimeout(resolve, interval).unref());
      // a connection that broke is closed by its transport
      await Promise.all([notify(uri).catch(() => {}), pause]);
    }
    subscription.resting = false;
  }

  function stopWhenIdle(): void {
    if (subscriptions.size > 0 || !listening) return;
    void listening.then((own) => own.stop()).catch(() => {});
    listening = undefined;
  }

  return {
    async subscribe(uri, reader) {
      // an address of another scheme is nobody's here: it never changes, which the protocol's suite takes for granted
      if (/^[a-z][a-z0-9+.-]*:/i.test(uri) && !uri.startsWith(scheme)) return;
      const watched = await watchedBy(uri, reader);
      if (closed || subscriptions.has(uri)) return;
      if (subscriptions.size >= most)
        throw new AgensightError("too_large", `This connection has ${most} subscriptions already.`, {
          hint: "Unsubscribe from one, or subscribe to agensight://live with a filter.",
        });
      subscriptions.set(uri, { watched, dirty: false, resting: false });
      listening ??= live.listen(hear);
      try {
        await listening;
      } catch (error) {
        listening = undefined;
        subscriptions.delete(uri);
        throw error;
      }
    },
    unsubscribe(uri) {
      subscriptions.delete(uri);
      stopWhenIdle();
    },
    close() {
      closed = true;
      subscriptions.clear();
      stopWhenIdle();
    },
  };
}
