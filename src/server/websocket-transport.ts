/** MCP over one WebSocket: each text frame is one JSON-RPC message. Bounds what waits in either direction. */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { WebSocket } from "ws";
import { parseMessage } from "./json-rpc.js";

/** requests that are worked on at a time, waiting tail_spans among them: the largest answers to all stay below `tooMuch` */
const mostUnanswered = 32;
/** requests that wait their turn while messages are still read: one of them may cancel another */
const mostWaiting = 64;
/** bytes that a client has not read: above the first its next requests wait, above the second it is cut off */
const readFirst = 256 * 1024;
const tooMuch = 4 * 1024 * 1024;
/** ms: a client that reads nothing for so long is cut off, and may read the reason for so long */
const patience = 10_000;
const farewell = 3_000;

type Request = Extract<JSONRPCMessage, { method: string; id: RequestId }>;

function isRequest(message: JSONRPCMessage): message is Request {
  return "method" in message && "id" in message;
}

export function webSocketTransport(socket: WebSocket): Transport {
  const unanswered = new Set<RequestId>();
  let waiting: Request[] = [];
  let stalled: NodeJS.Timeout | undefined;

  const transport: Transport = {
    async start() {
      socket.on("message", (data, isBinary) => {
        if (socket.readyState !== socket.OPEN) return;
        if (isBinary) return socket.close(1003, "MCP is sent as text");
        // of the default binaryType
        receive((data as Buffer).toString("utf8"));
      });
      socket.once("close", () => {
        waiting = [];
        clearTimeout(stalled);
        transport.onclose?.();
      });
    },
    send: (message) => {
      if ("id" in message && !("method" in message) && message.id !== undefined) unanswered.delete(message.id);
      return write(message);
    },
    async close() {
      socket.close(1000);
    },
  };

  function receive(text: string): void {
    const parsed = parseMessage(text);
    if ("error" in parsed) return void write(parsed.error);
    const { message } = parsed;
    if (!isRequest(message)) {
      if ("method" in message && message.method === "notifications/cancelled") forget(message.params?.requestId);
      transport.onmessage?.(message);
    } else if (waiting.length > 0 || isBusy()) {
      waiting.push(message);
      if (waiting.length > mostWaiting || socket.bufferedAmount > readFirst) socket.pause();
    } else hand(message);
  }

  function hand(request: Request): void {
    unanswered.add(request.id);
    transport.onmessage?.(request);
  }

  /** A cancelled request gets no answer. */
  function forget(id: unknown): void {
    unanswered.delete(id as RequestId);
    waiting = waiting.filter((request) => request.id !== id);
    handWaiting();
  }

  function isBusy(): boolean {
    return unanswered.size >= mostUnanswered || socket.bufferedAmount > readFirst;
  }

  function handWaiting(): void {
    while (!isBusy()) {
      const next = waiting.shift();
      if (!next) break;
      hand(next);
    }
    if (socket.isPaused && waiting.length <= mostWaiting / 2 && socket.bufferedAmount <= readFirst) socket.resume();
  }

  /** Resolves when it was handed to the system, or will never be. */
  function write(message: object): Promise<void> {
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    return new Promise((resolve) => {
      socket.send(JSON.stringify(message), () => {
        clearTimeout(stalled);
        stalled = undefined;
        expectReading();
        handWaiting();
        resolve();
      });
      if (socket.bufferedAmount > tooMuch) cutOff();
      else expectReading();
    });
  }

  function expectReading(): void {
    if (stalled === undefined && socket.bufferedAmount > 0) stalled = setTimeout(cutOff, patience).unref();
  }

  function cutOff(): void {
    socket.close(1013, "answers were not read");
    setTimeout(() => socket.terminate(), farewell).unref();
  }

  return transport;
}
