/** The receiving thread: decodes what waits and writes it, many requests at the price of one. */
import { startHousekeeping } from "../../ingest/housekeeping.js";
import { AgensightError } from "../../model/error.js";
import type { LogsData, TracesData } from "../../model/otlp.js";
import { decode, decompress } from "../otlp/decode.js";
import type { Receipt } from "../receiver.js";
import type { FromReceiver, ReceiverConfig, ToReceiver } from "./message.js";
import { openReceivingStore } from "./store.js";

/** One transaction takes what is waiting, up to these; bytes are decompressed ones. */
const mostRequests = 8;
const mostBytes = 8 * 1024 * 1024;
/** Reasons that are told of what was rejected. */
const mostReasons = 3;

type Request = Extract<ToReceiver, { type: "body" | "data" }>;

/** `next` fetches a message that has arrived but was not yet delivered. Returns what takes delivered ones. */
export function createReceivingThread(
  config: ReceiverConfig,
  reply: (message: FromReceiver) => void,
  next: () => ToReceiver | undefined,
): (message: ToReceiver) => void {
  const store = openReceivingStore(config);
  const housekeeping = startHousekeeping(store.maintain);
  const inbox: ToReceiver[] = [];
  let working = false;
  let closed = false;

  const done = (id: number, receipt: Receipt = { accepted: 0, rejected: 0, reasons: [] }) =>
    reply({ type: "done", id, receipt });
  const failed = (id: number, error: unknown) => {
    const known = error instanceof AgensightError ? error : new AgensightError("internal", String(error));
    reply({ type: "failed", id, code: known.code, message: known.message, hint: known.hint });
  };

  function fetchAll(): void {
    for (let message = next(); message; message = next()) inbox.push(message);
  }

  async function work(): Promise<void> {
    working = true;
    housekeeping.pause();
    for (fetchAll(); inbox[0]; fetchAll()) {
      const message = inbox[0];
      if (isRequest(message)) await writeWaiting();
      else {
        inbox.shift();
        await handle(message).then(
          () => done(message.id),
          (error) => failed(message.id, error),
        );
      }
      housekeeping.betweenWrites();
    }
    working = false;
    if (!closed) housekeeping.idle();
  }

  async function handle(message: Exclude<ToReceiver, Request>): Promise<void> {
    if (message.type === "abandon") await store.write((ingest) => ingest.abandon(message.spans));
    else if (message.type === "dropped") await store.write((ingest) => ingest.dropped(message.count));
    else if (message.type === "open") await store.write(() => {});
    else {
      closed = true;
      store.close();
    }
  }

  async function writeWaiting(): Promise<void> {
    const { ids, requests } = takeWaiting();
    if (ids.length === 0) return;
    try {
      const outcomes = await store.write((ingest) => ingest.requests(requests));
      for (const [index, outcome] of outcomes.entries()) {
        const id = ids[index] as number;
        if (outcome instanceof AgensightError) failed(id, outcome);
        else {
          const reasons = [...new Set(outcome.rejected.slice(0, mostReasons).map(({ reason }) => reason))];
          done(id, { accepted: outcome.accepted, rejected: outcome.rejected.length, reasons });
        }
      }
    } catch (error) {
      // no request is to blame: they are told to keep what they have
      const { code, message, hint } = error as AgensightError;
      const told = code === "bad_input" ? new AgensightError("busy", message, hint ? { hint } : {}) : error;
      for (const id of ids) failed(id, told);
    }
  }

  /** The requests at the head of the inbox, decoded; those that cannot be are answered here. */
  function takeWaiting(): { ids: number[]; requests: (TracesData | LogsData)[] } {
    const ids: number[] = [];
    const requests: (TracesData | LogsData)[] = [];
    let bytes = 0;
    for (let head = inbox[0]; head && isRequest(head) && ids.length < mostRequests; head = inbox[0]) {
      try {
        if (head.type === "body") {
          const { body } = head;
          body.bytes = decompress(body);
          body.encoding = "identity";
          // it is the first of the next transaction
          if (ids.length > 0 && bytes + body.bytes.length > mostBytes) break;
          bytes += body.bytes.length;
          requests.push(decode(body));
        } else requests.push(head.data);
        ids.push(head.id);
      } catch (error) {
        failed(head.id, error);
      }
      inbox.shift();
      // what came while it was decoded joins the transaction
      if (inbox.length === 0) fetchAll();
    }
    return { ids, requests };
  }

  return (message) => {
    inbox.push(message);
    if (!working) void work();
  };
}

function isRequest(message: ToReceiver): message is Request {
  return message.type === "body" || message.type === "data";
}
