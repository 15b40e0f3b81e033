/** The queue of an ingest client: spans become frames of a bounded size, which stay until they are acknowledged. */
import { largestFrame } from "../model/ingest-frame.js";
import type { ToServer } from "../model/ingest-message.js";
import type { TracesData } from "../model/otlp.js";
import { isStarted, type PackedSpan, packedSize } from "./packed-span.js";

/** Spans that wait; a larger single one is taken when nothing else does. */
const maxSpans = 20_000;
const maxBytes = 32 * 1024 * 1024;

/** A frame has no more spans, and no more bytes unless one span alone has. */
const frameSpans = 512;
const frameBytes = 1024 * 1024;

export type Frame = { id: number; body: Buffer; spans: PackedSpan[]; sent: boolean };

/** `giveUp` is told how many ended spans will not be sent, and why. */
export function createFrames(
  encode: (spans: PackedSpan[]) => TracesData,
  giveUp: (spans: number, reason: string) => void,
) {
  /** oldest first, without a frame yet */
  let waiting: PackedSpan[] = [];
  let waitingBytes = 0;
  /** oldest first, not acknowledged */
  let frames: Frame[] = [];
  let lastId = 0;
  let unanswered = 0;
  let unansweredBytes = 0;

  function push(spans: PackedSpan[]): void {
    for (const span of spans) {
      waiting.push(span);
      waitingBytes += packedSize(span);
    }
  }

  function take(count: number): PackedSpan[] {
    const taken = waiting.splice(0, count);
    for (const span of taken) waitingBytes -= packedSize(span);
    return taken;
  }

  /** The spans of a frame about half as large as allowed: JSON is longer than what it is made of. */
  function takeForFrame(): PackedSpan[] {
    let count = 0;
    let bytes = 0;
    for (const span of waiting) {
      bytes += packedSize(span);
      if (count > 0 && (bytes > frameBytes / 2 || count === frameSpans)) break;
      count++;
    }
    return take(count);
  }

  function bodyOf(id: number, spans: PackedSpan[]): Buffer | string {
    try {
      const body = Buffer.from(
        JSON.stringify({ type: "spans", id, data: encode(spans) as SpansData } satisfies ToServer),
      );
      return body.length > largestFrame ? `a span is larger than ${largestFrame / 1024 / 1024} MiB` : body;
    } catch (error) {
      return (error as Error).message;
    }
  }

  function make(): Frame | null {
    while (waiting.length > 0) {
      let spans = takeForFrame();
      const id = ++lastId;
      let body = bodyOf(id, spans);
      while (spans.length > 1 && (typeof body === "string" || body.length > frameBytes)) {
        const rest = spans.slice(spans.length >> 1);
        waiting = [...rest, ...waiting];
        for (const span of rest) waitingBytes += packedSize(span);
        spans = spans.slice(0, spans.length >> 1);
        body = bodyOf(id, spans);
      }
      if (typeof body !== "string") return { id, body, spans, sent: false };
      giveUp(ended(spans), body);
    }
    return null;
  }

  function setSent(frame: Frame, sent: boolean): void {
    if (frame.sent === sent) return;
    frame.sent = sent;
    unanswered += sent ? 1 : -1;
    unansweredBytes += sent ? frame.body.length : -frame.body.length;
  }

  function remove(frame: Frame | undefined): void {
    if (!frame) return;
    setSent(frame, false);
    frames.splice(frames.indexOf(frame), 1);
  }

  const byId = (id: number): Frame | undefined => frames.find((frame) => frame.id === id);

  return {
    add(starts: PackedSpan[], ends: PackedSpan[]): void {
      push(starts);
      push(ends);
      let excess = Math.max(0, waiting.length - maxSpans);
      let bytes = waitingBytes;
      for (let n = 0; n < waiting.length - 1 && (n < excess || bytes > maxBytes); n++) {
        bytes -= packedSize(waiting[n] as PackedSpan);
        excess = Math.max(excess, n + 1);
      }
      if (excess > 0) giveUp(ended(take(excess)), "too many are waiting");
    },
    /** The next frame to send, which counts as sent from then on. */
    next(): Frame | null {
      let frame = frames.find(({ sent }) => !sent) ?? null;
      if (!frame) {
        frame = make();
        if (!frame) return null;
        frames.push(frame);
      }
      setSent(frame, true);
      return frame;
    },
    acknowledge: (id: number): void => remove(byId(id)),
    sendAgain(id: number): void {
      const frame = byId(id);
      if (frame) setSent(frame, false);
    },
    dropOldest(reason: string): void {
      const frame = frames.find(({ sent }) => sent);
      if (!frame) return;
      giveUp(ended(frame.spans), reason);
      remove(frame);
    },
    /** The connection is gone, and what was not acknowledged perhaps with it. */
    forgetSent(): void {
      for (const frame of frames) setSent(frame, false);
    },
    /** `running`: goes first; other starts have lost their meaning. */
    restart(running: PackedSpan[]): void {
      frames = frames.filter(({ spans }) => ended(spans) > 0);
      waiting = [...running, ...waiting.filter((span) => !isStarted(span))];
      waitingBytes = waiting.reduce((sum, span) => sum + packedSize(span), 0);
    },
    isEmpty: (): boolean => waiting.length === 0 && frames.length === 0,
    unanswered: (): number => unanswered,
    unansweredBytes: (): number => unansweredBytes,
  };
}

type SpansData = Extract<ToServer, { type: "spans" }>["data"];

function ended(spans: PackedSpan[]): number {
  return spans.filter((span) => !isStarted(span)).length;
}
