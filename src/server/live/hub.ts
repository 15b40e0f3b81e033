/** Tells live events to many connections: a change is read and written out once, a frame is made once for all who asked for the same. */
import type { WebSocket } from "ws";
import { type Change, droppedEvent, type LiveFilter, liveEvent, matchesLive, positionEvent } from "../../model/live.js";
import type { ChangeBatch, Listening } from "../../store/live-feed.js";
import type { ServerContext } from "../route.js";
import type { LiveQuery } from "./query.js";

/** ms between two frames under load; a few may come closer together, so that what is rare is told at once */
const interval = 50;
const burst = 4;
/** events of one frame, each at most 1 KB */
const frameEvents = 250;
/** events that are read from the store at once, for a client that resumes */
const page = 100;
/** bytes that wait for a client: above the first it gets no page more, above the second it is cut off */
const pausedAbove = 256 * 1024;
const cutOffAbove = 1024 * 1024;

type Told = { seq: number; text: string; dropped: boolean };

/** `seq`: everything up to it was handed to the socket, or not asked for; it counts in the store `store`. */
type Member = { socket: WebSocket; store: string; seq: number };

type Group = { filter: LiveFilter; members: Set<Member>; waiting: Told[] };

export type LiveHub = {
  /** Resolves when the client gets what happens as it happens. */
  join(socket: WebSocket, query: LiveQuery): Promise<void>;
};

export function openLiveHub({ store, live }: Pick<ServerContext, "store" | "live">): LiveHub {
  const groups = new Map<string, Group>();
  let listening: Promise<Listening> | undefined;
  let clients = 0;
  /** what the feed has told: up to which change, of which store, in how many batches */
  let told = { seq: 0, store: "", batches: 0 };
  /** when the frames that were sent would have been over, had they come at the interval */
  let spent = 0;
  let timer: NodeJS.Timeout | undefined;

  function eventText(change: Change): string {
    return JSON.stringify(liveEvent(change, Date.now()));
  }

  function hear(batch: ChangeBatch): void {
    const first = batch.changes[0]?.span.seq;
    const replaced = batch.store_id !== told.store;
    if (replaced || (first !== undefined && first <= told.seq)) startAnew(batch.store_id, !replaced);
    told = { seq: batch.as_of_seq, store: batch.store_id, batches: told.batches + 1 };
    for (const change of batch.changes) {
      let text: string | undefined;
      for (const group of groups.values()) {
        if (!matchesLive(group.filter, change.span)) continue;
        text ??= eventText(change);
        group.waiting.push({ seq: change.span.seq, text, dropped: false });
      }
    }
    if (batch.dropped > 0) {
      const text = JSON.stringify(droppedEvent(batch.as_of_seq, batch.dropped, Date.now()));
      for (const group of groups.values()) group.waiting.push({ seq: batch.as_of_seq, text, dropped: true });
    }
    const pause = spent - (burst - 1) * interval - performance.now();
    const most = Math.max(...[...groups.values()].map((group) => group.waiting.length));
    if (pause <= 0 || most >= frameEvents) flush();
    else timer ??= setTimeout(flush, pause).unref();
  }

  /** Another store is told from its start; `older`: it is the same one, as it was before. */
  function startAnew(id: string, older: boolean): void {
    flush();
    for (const { members } of groups.values())
      for (const member of members)
        if (older || member.store !== id) {
          member.store = id;
          member.seq = 0;
        }
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    spent = Math.max(spent, performance.now()) + interval;
    for (const group of groups.values()) {
      const waiting = group.waiting;
      group.waiting = [];
      for (let at = 0; at < waiting.length; at += frameEvents) tell(group, waiting.slice(at, at + frameEvents));
    }
  }

  function tell({ members }: Group, events: Told[]): void {
    const shared = frame(events);
    const first = events[0]?.seq ?? 0;
    const last = events.at(-1)?.seq ?? 0;
    for (const member of members) {
      if (member.seq < first) send(member, shared, last);
      else {
        // it joined with some of them told
        const own = events.filter(({ seq, dropped }) => dropped || seq > member.seq);
        if (own.length > 0) send(member, frame(own), last);
      }
    }
  }

  async function join(socket: WebSocket, { cursor, filter }: LiveQuery): Promise<void> {
    clients++;
    let leave = () => {};
    socket.once("close", () => {
      leave();
      clients--;
      if (clients > 0) return;
      void listening?.then((own) => own.stop()).catch(() => {});
      listening = undefined;
    });
    await listen();
    const member = await catchUp(socket, cursor, filter);
    if (!isOpen(socket)) return;
    const key = JSON.stringify(Object.entries(filter));
    const group = groups.get(key) ?? { filter, members: new Set(), waiting: [] };
    groups.set(key, group);
    group.members.add(member);
    leave = () => {
      group.members.delete(member);
      if (group.members.size === 0 && groups.get(key) === group) groups.delete(key);
    };
  }

  async function listen(): Promise<void> {
    if (!listening) {
      told = { ...told, store: "" };
      listening = live.listen(hear, { previews: true });
      listening.catch(() => {
        listening = undefined;
      });
    }
    await listening;
  }

  /** Sends what lies after the cursor; when it returns, the feed goes on where it ended. */
  async function catchUp(socket: WebSocket, cursor: LiveQuery["cursor"], filter: LiveFilter): Promise<Member> {
    const member: Member = { socket, store: "", seq: typeof cursor === "number" ? cursor : 0 };
    let now = typeof cursor !== "number";
    while (isOpen(socket)) {
      const { batches } = told;
      const reader = await store.reader();
      if (!reader) {
        if (cursor === "now") send(member, frame([position(0)]), 0);
        break;
      }
      const query = now
        ? { after_seq: Number.MAX_SAFE_INTEGER, limit: 1 }
        : { ...filter, after_seq: member.seq, limit: page, previews: true };
      const found = await reader.changes(query);
      if (now) {
        member.seq = found.as_of_seq;
        member.store = found.store_id;
        if (cursor === "now") send(member, frame([position(member.seq)]), member.seq);
        now = false;
      } else if (found.as_of_seq < member.seq || (member.store !== "" && found.store_id !== member.store)) {
        // the cursor is of a store that was replaced
        member.seq = 0;
        member.store = found.store_id;
        continue;
      }
      member.store = found.store_id;
      const last = found.changes.at(-1)?.span.seq ?? member.seq;
      const reached = found.has_more ? last : Math.max(last, found.as_of_seq);
      const events = found.changes.map((change) => ({ seq: change.span.seq, text: eventText(change), dropped: false }));
      if (events.length > 0) await sendPaced(member, frame(events), reached);
      else member.seq = reached;
      // the feed may have told, meanwhile, what lies behind the answer
      if (!found.has_more && (found.as_of_seq >= told.seq || told.batches === batches)) break;
    }
    return member;
  }

  return { join };
}

function position(seq: number): Told {
  return { seq, text: JSON.stringify(positionEvent(seq, Date.now())), dropped: false };
}

function isOpen(socket: WebSocket): boolean {
  return socket.readyState === socket.OPEN;
}

/** Bytes, so that nothing is encoded again for each connection. */
function frame(events: Told[]): Buffer {
  return Buffer.from(`[${events.map(({ text }) => text).join(",")}]`);
}

function send(member: Member, bytes: Buffer, last: number): void {
  const { socket } = member;
  if (!isOpen(socket)) return;
  if (socket.bufferedAmount > cutOffAbove) {
    socket.close(1013, `too slow: reconnect with cursor=${member.seq}`);
    return;
  }
  socket.send(bytes, { binary: false });
  // what recorders dropped is told late: it does not lead back
  member.seq = Math.max(member.seq, last);
}

/** Resolves when the client has taken most of what it was sent, or is gone. */
async function sendPaced(member: Member, bytes: Buffer, last: number): Promise<void> {
  const { socket } = member;
  const taken = new Promise<void>((resolve) => socket.send(bytes, { binary: false }, () => resolve()));
  member.seq = last;
  if (socket.bufferedAmount > pausedAbove) await taken;
}
