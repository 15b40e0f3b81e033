/** The program's side of recording: queues finished spans, hands them over in small batches, counts what is lost. */
import { diag } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { createDictionary } from "./dictionary.js";
import { type PackedSpan, packedSize, packSpan } from "./packed-span.js";
import { saveAtExit } from "./process-exit.js";
import { type RecorderHost, startInline, startThread } from "./recorder-host.js";
import { type FromRecorder, type RecorderConfig, shared, type ToRecorder } from "./recorder-message.js";

/** A batch is handed over when it has so many spans or bytes, or after so many ms. */
const batchSpans = 64;
const batchBytes = 256 * 1024;
const batchDelay = 5;

/** Spans that are not on disk yet; a larger single span is taken when nothing else waits. */
const maxWaitingSpans = 20_000;
const maxWaitingBytes = 32 * 1024 * 1024;

const flushPatience = 10_000;
const closePatience = 1_000;
const otlpPatience = { flush: 5_000, exit: 1_500 };

type Batch = { batch: number; bytes: number; spans: PackedSpan[]; attempts: number };
type Ticket = { first: number; last: number; error: string | null; settle: (error: string | null) => void };

export type Recorder = {
  /** Takes one finished span. Never throws; drops and counts it when too many wait. */
  record(span: ReadableSpan): void;
  /** Takes spans and tells when they are on disk (null) or why they are not. */
  save(spans: ReadableSpan[], settle: (error: string | null) => void): void;
  /** Resolves when all spans taken so far are on disk or given up; never rejects. */
  flush(): Promise<void>;
  /** Flushes, closes the store and ends the thread; spans that come later are ignored. */
  shutdown(): Promise<void>;
};

export function startRecorder(config: RecorderConfig): Recorder {
  const dictionary = createDictionary();
  let pending: PackedSpan[] = [];
  let pendingBytes = 0;
  let waitingSpans = 0;
  let waitingBytes = 0;
  let dropped = 0;
  let unwritten: Batch[] = [];
  let tickets: Ticket[] = [];
  let lastBatch = 0;
  let lastFlush = 0;
  const flushes = new Map<number, { done: () => void; message: ToRecorder }>();
  let timer: NodeJS.Timeout | undefined;
  let host: RecorderHost | null = null;
  let ready = false;
  let exiting = false;
  let ending: Promise<void> | null = null;

  start(true);
  const forget = saveAtExit(saveNow);

  function start(threaded: boolean): void {
    const events = { message: onMessage, death: onDeath };
    ready = false;
    try {
      host = threaded ? startThread(events) : startInline(events);
      if (!threaded) diag.warn("agensight: no thread can be had, recording takes the program's own time");
      host.post({ type: "configure", config });
    } catch (error) {
      diag.error("agensight: the recorder did not start", error);
      if (threaded) start(false);
    }
  }

  function post(message: ToRecorder): void {
    host?.post(message);
  }

  function onMessage(message: FromRecorder): void {
    switch (message.type) {
      case "ready":
        ready = true;
        break;
      case "done":
        written(message.batch, message.error);
        break;
      case "flushed":
        flushes.get(message.id)?.done();
        if (message.closed && ending) stop();
        break;
      case "diag":
        diag[message.level](message.message);
    }
  }

  function stop(): void {
    host?.stop();
    host = null;
  }

  function written(upTo: number, error: string | null): void {
    let count = 0;
    for (const batch of unwritten) {
      if (batch.batch > upTo) break;
      count++;
      waitingSpans -= batch.spans.length;
      waitingBytes -= batch.bytes;
    }
    unwritten = unwritten.slice(count);
    if (tickets.length === 0) return;
    for (const ticket of tickets) if (ticket.first <= upTo) ticket.error ??= error;
    const settled = tickets.filter((ticket) => ticket.last <= upTo);
    tickets = tickets.filter((ticket) => ticket.last > upTo);
    for (const ticket of settled) ticket.settle(ticket.error);
  }

  /** A thread that worked gets a successor, which writes again what was not confirmed: twice changes nothing. */
  function onDeath(reason: string): void {
    host = null;
    diag.error(`agensight: the recorder's thread died: ${reason}`);
    if (exiting) return;
    start(ready);
    const again = unwritten.filter((batch) => batch.attempts++ === 0);
    const lost = unwritten.filter((batch) => !again.includes(batch));
    unwritten = again;
    for (const batch of lost) {
      dropped += batch.spans.length;
      waitingSpans -= batch.spans.length;
      waitingBytes -= batch.bytes;
    }
    dictionary.rewind();
    for (const batch of again) postBatch(batch);
    for (const { message } of flushes.values()) post(message);
  }

  function take(span: ReadableSpan): boolean {
    const packed = packSpan(span, dictionary.resource(span.resource), dictionary.scope(span.instrumentationScope));
    const size = packedSize(packed);
    if (waitingSpans > 0 && (waitingSpans >= maxWaitingSpans || waitingBytes + size > maxWaitingBytes)) {
      if (dropped++ === 0) diag.warn("agensight: spans are dropped, they come faster than they can be written");
      return false;
    }
    waitingSpans++;
    waitingBytes += size;
    pending.push(packed);
    pendingBytes += size;
    return true;
  }

  function postPending(): void {
    clearTimeout(timer);
    timer = undefined;
    if (pending.length === 0) return;
    const batch = { batch: ++lastBatch, bytes: pendingBytes, spans: pending, attempts: 0 };
    pending = [];
    pendingBytes = 0;
    unwritten.push(batch);
    postBatch(batch);
    if (dropped > 0) {
      post({ type: "dropped", count: dropped });
      dropped = 0;
    }
  }

  function postBatch({ batch, bytes, spans }: Batch): void {
    const message = { type: "spans", batch, bytes, spans, ...dictionary.additions() } as const;
    try {
      post(message);
    } catch {
      // an attribute that cannot be cloned: foreign tracers let them through
      post(JSON.parse(JSON.stringify(message)));
    }
  }

  function askToFlush(patience: number, close: boolean): number {
    postPending();
    post({ type: "flush", id: ++lastFlush, patience, close });
    return lastFlush;
  }

  function flush(close: boolean): Promise<void> {
    return new Promise((done) => {
      if (!host) return done();
      host.hold(true);
      const id = askToFlush(otlpPatience.flush, close);
      const finish = (): void => {
        clearTimeout(patience);
        flushes.delete(id);
        if (flushes.size === 0) host?.hold(false);
        done();
      };
      const patience = setTimeout(() => {
        diag.error(`agensight: not everything was written within ${flushPatience / 1000} s`);
        finish();
      }, flushPatience);
      flushes.set(id, { done: finish, message: { type: "flush", id, patience: otlpPatience.flush, close } });
    });
  }

  /** `last`: the program will not return to its event loop. */
  function saveNow(patience: number, last: boolean): void {
    if (!host) return;
    exiting = last;
    try {
      const id = askToFlush(otlpPatience.exit, last);
      if (!host.wait(shared.flushed, id, patience)) diag.error("agensight: not everything was written before the exit");
      if (last) host.wait(shared.closed, id, closePatience);
      host.deliver();
    } catch (error) {
      diag.error("agensight: not everything was written before the exit", error);
    }
  }

  return {
    record(span) {
      if (ending || !host) return;
      try {
        if (!take(span)) return;
        if (exiting) saveNow(closePatience, true);
        else if (pending.length >= batchSpans || pendingBytes >= batchBytes) postPending();
        else timer ??= setTimeout(postPending, batchDelay).unref();
      } catch (error) {
        diag.error("agensight: a span was not recorded", error);
      }
    },
    save(spans, settle) {
      if (ending || !host) return settle("the recorder is shut down");
      try {
        postPending();
        const first = lastBatch + 1;
        let error: string | null = null;
        for (const span of spans) {
          if (!take(span)) error = "too many spans are waiting to be written";
          if (pending.length >= batchSpans || pendingBytes >= batchBytes) postPending();
        }
        postPending();
        if (lastBatch < first) settle(error);
        else tickets.push({ first, last: lastBatch, error, settle });
      } catch (error) {
        settle((error as Error).message);
      }
    },
    flush: () => ending ?? flush(false),
    shutdown() {
      ending ??= flush(true).then(forget);
      return ending;
    },
  };
}
