/** Reads a request's body: no more of one than is allowed, and no more of all together than there is room for. */
import type { IncomingMessage } from "node:http";
import { AgensightError } from "../model/error.js";

/** Of all bodies that are being read or written. */
const mostWaiting = 64 * 1024 * 1024;
/** What is passed over of a refused body, so that its sender reads the answer instead of a broken connection. */
const mostPassedOver = 64 * 1024 * 1024;
const firstBuffer = 1024 * 1024;

let waiting = 0;

export type Body = {
  bytes: Uint8Array<ArrayBuffer>;
  /** Makes room for others: call it when the bytes have been dealt with. */
  release(): void;
};

export type BodyLimits = {
  bytes: number;
  /** ms between two pieces */
  pause: number;
};

/** Errors: too_large, busy (no room), bad_input (the sender went away); BodyStopped. */
export function readBody(request: IncomingMessage, most: BodyLimits): Promise<Body> {
  const announced = Number(request.headers["content-length"] ?? 0);
  // one buffer, since small chunks would each cost more than they hold
  let buffer = new Uint8Array(Math.min(announced, firstBuffer));
  let size = 0;
  let held = 0;
  let refusal: Error | null = null;
  const release = () => {
    waiting -= held;
    held = 0;
    buffer = new Uint8Array(0);
  };
  const keep = (chunk: Buffer) => {
    if (size > buffer.length) {
      const grown = new Uint8Array(Math.min(most.bytes, Math.max(size, buffer.length * 2)));
      grown.set(buffer.subarray(0, held));
      buffer = grown;
    }
    buffer.set(chunk, held);
    held += chunk.length;
    waiting += chunk.length;
  };
  const refuse = (error: Error) => {
    refusal = error;
    release();
  };

  return new Promise<Body>((resolve, reject) => {
    // with a handler, or the connection would be closed without an answer
    request.setTimeout(most.pause, () => {
      const reason = refusal ?? new BodyStopped();
      refuse(reason);
      reject(reason);
    });
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (refusal) {
        if (size > mostPassedOver) reject(refusal);
      } else if (size > most.bytes) refuse(tooLarge(most.bytes));
      else if (waiting + chunk.length > mostWaiting) refuse(noRoom());
      else keep(chunk);
    });
    request.on("end", () => {
      request.setTimeout(0);
      if (refusal) reject(refusal);
      else resolve({ bytes: buffer.subarray(0, held), release });
    });
    // after `end` there is nothing left to do for it
    request.on("close", () => {
      if (request.complete) return;
      release();
      reject(new AgensightError("bad_input", "The sender went away before the body was complete."));
    });
    request.on("error", () => {});
    if (announced > mostPassedOver) reject(tooLarge(most.bytes));
  });
}

/** Nothing came for too long. */
export class BodyStopped extends Error {
  constructor() {
    super("The rest of the body did not come in time.");
  }
}

function tooLarge(bytes: number): AgensightError {
  return new AgensightError("too_large", `The body is larger than ${bytes / 1024 / 1024} MiB.`, {
    hint: "Send less in a request.",
  });
}

function noRoom(): AgensightError {
  return new AgensightError("busy", "Too much is waiting to be written.", { hint: "Send it again in a moment." });
}
