/** `/ingest`: takes what `connectMcp` sends, and notices when a program goes whose spans still run. See `model/ingest-message.ts`. */
import { randomUUID } from "node:crypto";
import type { RawData, WebSocket } from "ws";
import { AgensightError } from "../model/error.js";
import { largestFrame } from "../model/ingest-frame.js";
import { type FromServer, ToServer } from "../model/ingest-message.js";
import type { TracesData } from "../model/otlp.js";
import { limitItems, parseObject } from "./bounded-json.js";
import { httpError } from "./http-error.js";
import { abandonLeftBehind } from "./left-behind.js";
import type { ServerContext, SocketRoute } from "./route.js";
import { createRunningSpans, type RunningSpans } from "./running-spans.js";

/** Taken and not answered, from one connection; more is left in its socket. */
const mostWaiting = 64;
const mostWaitingBytes = 4 * 1024 * 1024;
/** The same from all connections together, in bytes: parsed they take a multiple of it. */
const mostWaitingOfAll = 16 * 1024 * 1024;

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

/** What was taken from a connection and is not answered. */
type Waiting = { frames: number; bytes: number };

/** Of one server. */
type Ingesting = {
  instances: Map<string, Instance>;
  connections: Map<WebSocket, Waiting>;
  waitingBytes: number;
};

const ingestingOf = new WeakMap<ServerContext, Ingesting>();

export const ingestSocket: SocketRoute = {
  path: "/ingest",
  maxConnections: 64,
  maxPayload: largestFrame,
  start: (context) =>
    abandonLeftBehind(context, () =>
      [...(ingestingOf.get(context)?.instances.values() ?? [])].flatMap(({ running }) => running.all()),
    ),
  connect(socket, url, context) {
    const ingesting = ingestingOf.get(context) ?? { instances: new Map(), connections: new Map(), waitingBytes: 0 };
    ingestingOf.set(context, ingesting);
    const { instances, connections } = ingesting;
    const name = url.searchParams.get("instance")?.slice(0, 100) || randomUUID();
    const instance = welcome(instances.get(name), socket);
    instances.set(name, instance);

    socket.on("close", (code) => {
      connections.delete(socket);
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
    receiveFrom(socket, instance.running, context, ingesting);
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

function receiveFrom(socket: WebSocket, running: RunningSpans, context: ServerContext, ingesting: Ingesting): void {
  const waiting: Waiting = { frames: 0, bytes: 0 };
  ingesting.connections.set(socket, waiting);
  // others may have sent as much as there is room for
  throttle(ingesting);

  socket.on("message", (data: RawData, isBinary) => {
    if (socket.readyState !== socket.OPEN) return;
    let message: ToServer;
    try {
      message = read(data as Buffer, isBinary);
    } catch (error) {
      const { code, message: reason } = httpError(error);
      return socket.close(code === "too_large" ? 1008 : 1007, reason);
    }
    if (message.type === "dropped") return void context.receiver.dropped(message.count).catch(() => {});
    const { length } = data as Buffer;
    const note = (frames: number) => {
      waiting.frames += frames;
      waiting.bytes += frames * length;
      ingesting.waitingBytes += frames * length;
      throttle(ingesting);
    };
    note(1);
    void write(message).then((answer) => {
      if (socket.readyState === socket.OPEN) {
        socket.send(JSON.stringify(answer));
        if (socket.bufferedAmount > mostUnread) socket.terminate();
      }
      note(-1);
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

/** Reads from those connections from which there is room for more. */
function throttle({ connections, waitingBytes }: Ingesting): void {
  for (const [socket, { frames, bytes }] of connections) {
    if (frames >= mostWaiting || bytes >= mostWaitingBytes || waitingBytes >= mostWaitingOfAll) socket.pause();
    else if (socket.isPaused) socket.resume();
  }
}

/** Errors: bad_input, too_large; short enough for the reason of a close frame. */
function read(data: Buffer, isBinary: boolean): ToServer {
  if (isBinary) throw new AgensightError("bad_input", "The frame is no text.");
  const { success, data: message } = ToServer.safeParse(parseObject(data, "frame"));
  if (!success) throw new AgensightError("bad_input", "The frame is no message that /ingest knows.");
  if (message.type === "spans") limitItems(message.data as TracesData, "frame");
  return message;
}
