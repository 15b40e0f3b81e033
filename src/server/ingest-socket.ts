/** `/ingest`: takes what `connectMcp` sends, and notices when a program goes whose spans still run. See `model/ingest-message.ts`. */
import { randomUUID } from "node:crypto";
import type { RawData, WebSocket } from "ws";
import { largestFrame } from "../model/ingest-frame.js";
import { type FromServer, ToServer } from "../model/ingest-message.js";
import type { TracesData } from "../model/otlp.js";
import { httpError } from "./http-error.js";
import type { ServerContext, SocketRoute } from "./route.js";
import { createRunningSpans, type RunningSpans } from "./running-spans.js";

/** Taken and not answered, from one connection; more is left in its socket. */
const mostWaiting = 64;
const mostWaitingBytes = 4 * 1024 * 1024;

/** Answers that the other side does not read, in bytes. */
const mostUnread = 1024 * 1024;

/** ms in which a program that was cut off may come back before its spans count as abandoned */
const grace = 5_000;

/** A program, over as many connections as it takes. */
type Instance = {
  running: RunningSpans;
  socket: WebSocket;
  leaving?: NodeJS.Timeout;
};

const instancesOf = new WeakMap<ServerContext, Map<string, Instance>>();

export const ingestSocket: SocketRoute = {
  path: "/ingest",
  maxConnections: 64,
  maxPayload: largestFrame,
  connect(socket, url, context) {
    const instances = instancesOf.get(context) ?? new Map<string, Instance>();
    instancesOf.set(context, instances);
    const name = url.searchParams.get("instance")?.slice(0, 100) || randomUUID();
    const instance = welcome(instances.get(name), socket);
    instances.set(name, instance);

    socket.on("close", (code) => {
      if (instance.socket !== socket) return;
      // this server stops: the program finds the next one
      if (code === 1001) return void instances.delete(name);
      const leave = () => {
        instances.delete(name);
        abandon(instance.running, context);
      };
      // a program that says goodbye does not come back
      if (code === 1000) leave();
      else instance.leaving = setTimeout(leave, grace).unref();
    });
    receiveFrom(socket, instance.running, context);
  },
};

function welcome(known: Instance | undefined, socket: WebSocket): Instance {
  clearTimeout(known?.leaving);
  const before = known?.socket;
  const instance = known ?? { running: createRunningSpans(), socket };
  instance.socket = socket;
  before?.terminate();
  return instance;
}

function abandon(running: RunningSpans, context: ServerContext): void {
  const spans = running.all();
  if (spans.length === 0) return;
  context.receiver.abandon(spans).then(
    () => context.live.look(),
    (error) => context.say(`spans of a program that is gone could not be marked: ${httpError(error).message}`),
  );
}

function receiveFrom(socket: WebSocket, running: RunningSpans, context: ServerContext): void {
  let waiting = 0;
  let waitingBytes = 0;

  socket.on("message", (data: RawData, isBinary) => {
    if (socket.readyState !== socket.OPEN) return;
    const message = isBinary ? "a frame is no text" : read(data);
    if (typeof message === "string") return socket.close(1007, message);
    if (message.type === "dropped") return void context.receiver.dropped(message.count).catch(() => {});
    const bytes = (data as Buffer).length;
    waiting++;
    waitingBytes += bytes;
    if (waiting >= mostWaiting || waitingBytes >= mostWaitingBytes) socket.pause();
    void write(message).then((answer) => {
      waiting--;
      waitingBytes -= bytes;
      if (socket.readyState !== socket.OPEN) return;
      socket.send(JSON.stringify(answer));
      if (socket.bufferedAmount > mostUnread) return socket.terminate();
      if (socket.isPaused && waiting < mostWaiting && waitingBytes < mostWaitingBytes) socket.resume();
    });
  });

  async function write({ id, data }: Extract<ToServer, { type: "spans" }>): Promise<FromServer> {
    const traces = data as TracesData;
    running.note(traces);
    try {
      const { rejected, reasons } = await context.receiver.write(traces);
      context.live.look();
      return { type: "ack", id, rejected, reasons };
    } catch (error) {
      const { status, code, message } = httpError(error);
      if (code === "internal") context.say(`spans could not be written: ${String(error)}`);
      if (status === 503) return { type: "retry", id, reason: message };
      // the same again would fail again
      return { type: "ack", id, rejected: running.count(traces), reasons: [message] };
    }
  }
}

/** What is wrong where it is no message. */
function read(data: RawData): ToServer | string {
  let json: unknown;
  try {
    json = JSON.parse(String(data));
  } catch {
    return "a frame is no JSON";
  }
  const { success, data: message } = ToServer.safeParse(json);
  return success ? message : "a frame is no message that /ingest knows";
}
