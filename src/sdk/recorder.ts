/** The program's side of recording: queues spans, hands them over in small batches, counts what is lost. */
import { diag } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import type { RedactionSettings } from "../redaction/settings.js";
import { createDictionary } from "./dictionary.js";
import { type IngestEndpoint, watchEndpoint } from "./ingest-endpoint.js";
import { type PackedSpan, packedSize, packSpan, packStart } from "./packed-span.js";
import { saveAtExit } from "./process-exit.js";
import { type RecorderHost, startInline, startThread } from "./recorder-host.js";
import { type FromRecorder, type RecorderConfig, shared, type ToRecorder } from "./recorder-message.js";
import { redactionInForce, watchRedaction } from "./redaction.js";

/** A batch is handed over when it has so many spans or bytes, or after so many ms. */
const batchSpans = 64;
const batchBytes = 256 * 1024;
const batchDelay = 5;
/** The same for a span that somebody watches, when the last batch was long enough ago. */
const watchedDelay = 1;

/** ms between two reports of dropped spans, at least. */
const dropDelay = 1_000;

/** Spans that are not on disk yet; a larger single span is taken when nothing else waits. */
const maxWaitingSpans = 20_000;
const maxWaitingKilobytes = 32 * 1024;

const ticketPatience = 10_000;
const closePatience = 1_000;
const endpointPatience = { flush: 5_000, exit: 1_500 };

/** shared, so that it costs nothing where nobody wants starts */
const none: PackedSpan[] = [];

export type Recorder = {
  /** Takes one finished span. Never throws; drops and counts it when too many wait. */
  record(span: ReadableSpan): void;
  /** Notes a span that has begun, while somebody wants to know. Never throws. */
  started(span: ReadableSpan): void;
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
  /** begun since the last batch; one that ends before the next need not be told of */
  const starting = new Set<ReadableSpan>();
  let endpoint: IngestEndpoint | null = null;
  let threaded = false;
  let postedAt = 0;
  let sentSpans = 0;
  let sentKilobytes = 0;
  let dropped = 0;
  let lastTicket = 0;
  const tickets = new Map<number, (error: string | null) => void>();
  let timer: NodeJS.Timeout | undefined;
  let dropTimer: NodeJS.Timeout | undefined;
  let host: RecorderHost | null = null;
  let ready = false;
  let exiting = false;
  let ending: Promise<void> | null = null;

  start(true);
  const forget = saveAtExit(saveNow);
  const unwatch = [watchEndpoint(connect), watchRedaction(redact)];

  function start(withThread: boolean): void {
    const events = { message: onMessage, death: onDeath };
    ready = false;
    threaded = withThread;
    try {
      host = threaded ? startThread(events) : startInline(events);
      if (!threaded) diag.warn("agensight: no thread can be had, recording takes the program's own time");
      host.post({ type: "configure", config, redaction: redactionInForce() });
      if (endpoint) connect(endpoint);
    } catch (error) {
      diag.error("agensight: the recorder did not start", error);
      if (threaded) start(false);
    }
  }

  function connect(wanted: IngestEndpoint | null): void {
    if (ending || !host) return;
    postPending();
    starting.clear();
    endpoint = threaded ? wanted : null;
    if (wanted && !threaded) diag.warn("agensight: connectMcp needs a thread; spans are not sent");
    else post({ type: "connect", endpoint });
  }

  /** What has ended by now keeps to what was in force. */
  function redact(redaction: RedactionSettings): void {
    if (ending || !host) return;
    postPending();
    post({ type: "redact", redaction });
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
        tickets.get(message.ticket)?.(message.error);
        break;
      case "closed":
        if (ending) stop();
        break;
      case "diag":
        diag[message.level](message.message);
    }
  }

  function stop(): void {
    host?.stop();
    host = null;
  }

  /** Waits for the answer to a new ticket, as long as something is being written; the program stays alive meanwhile. */
  function openTicket(settle: (error: string | null) => void): number {
    const ticket = ++lastTicket;
    let seen = written();
    const patience = setInterval(() => {
      if (written() === seen) tickets.get(ticket)?.(`nothing was written for ${ticketPatience / 1000} s`);
      seen = written();
    }, ticketPatience);
    tickets.set(ticket, (error) => {
      clearInterval(patience);
      tickets.delete(ticket);
      if (tickets.size === 0) host?.hold(false);
      settle(error);
    });
    host?.hold(true);
    return ticket;
  }

  /** Spans written or given up so far, modulo 2^32. */
  function written(): number {
    return host ? Atomics.load(host.state, shared.spans) : 0;
  }

  /** What was on its way is lost with the thread: keeping a copy would double what recording costs. */
  function onDeath(reason: string): void {
    diag.error(`agensight: the recorder's thread died: ${reason}`);
    dropped += waitingSpans() - pending.length;
    sentSpans = 0;
    sentKilobytes = 0;
    host = null;
    if (exiting) return;
    dictionary.rewind();
    // a thread that worked gets a successor
    start(ready);
    reportDropped();
    for (const done of tickets.values()) done(reason);
  }

  function waitingSpans(): number {
    return pending.length + difference(sentSpans, shared.spans);
  }

  function waitingKilobytes(): number {
    return pendingBytes / 1024 + difference(sentKilobytes, shared.kilobytes);
  }

  function difference(sent: number, index: number): number {
    return host ? (sent - Atomics.load(host.state, index)) | 0 : 0;
  }

  function take(span: ReadableSpan): boolean {
    const packed = packSpan(span, dictionary.resource(span.resource), dictionary.scope(span.instrumentationScope));
    const size = packedSize(packed);
    const waiting = waitingSpans();
    if (waiting >= maxWaitingSpans || (waiting > 0 && waitingKilobytes() + size / 1024 > maxWaitingKilobytes)) {
      dropped++;
      dropTimer ??= setTimeout(reportDropped, dropDelay).unref();
      return false;
    }
    pending.push(packed);
    pendingBytes += size;
    return true;
  }

  function postPending(ticket: number | null = null): void {
    clearTimeout(timer);
    timer = undefined;
    const starts = takeStarts();
    if (pending.length === 0 && starts.length === 0) return;
    const kilobytes = Math.ceil(pendingBytes / 1024);
    if (endpoint) postedAt = performance.now();
    sentSpans += pending.length;
    sentKilobytes += kilobytes;
    postBatch({ type: "spans", spans: pending, starts, kilobytes, ticket, ...dictionary.additions() });
    pending = [];
    pendingBytes = 0;
  }

  function takeStarts(): PackedSpan[] {
    if (starting.size === 0) return none;
    const spans = Array.from(starting);
    starting.clear();
    // they take no room that ended spans need
    if (waitingKilobytes() > maxWaitingKilobytes / 2) return none;
    const starts = spans.map((span) =>
      packStart(span, dictionary.resource(span.resource), dictionary.scope(span.instrumentationScope)),
    );
    for (const start of starts) pendingBytes += packedSize(start);
    return starts;
  }

  function postSoon(ended: boolean): void {
    if (pending.length >= batchSpans || pendingBytes >= batchBytes || starting.size >= batchSpans) {
      postPending();
      return;
    }
    const watched = ended && endpoint !== null && performance.now() - postedAt >= batchDelay;
    if (watched) {
      clearTimeout(timer);
      timer = undefined;
      // those that follow wait for each other
      postedAt = performance.now();
    }
    timer ??= setTimeout(() => postPending(), watched ? watchedDelay : batchDelay).unref();
  }

  function reportDropped(): void {
    clearTimeout(dropTimer);
    dropTimer = undefined;
    if (dropped === 0) return;
    diag.warn(`agensight: ${dropped} spans were dropped: they came faster than they could be written`);
    post({ type: "dropped", count: dropped });
    dropped = 0;
  }

  function postBatch(message: ToRecorder): void {
    try {
      post(message);
    } catch {
      // an attribute that cannot be cloned: foreign tracers let them through
      post(JSON.parse(JSON.stringify(message)));
    }
  }

  function askToFlush(ticket: number, patience: number, close: boolean): void {
    postPending();
    reportDropped();
    post({ type: "flush", ticket, patience, close });
  }

  function flush(close: boolean): Promise<void> {
    return new Promise((done, fail) => {
      if (!host) return done();
      const ticket = openTicket((error) => {
        if (error) diag.error(`agensight: flush: ${error}`);
        if (error && !close) fail(new Error(`Not every span is on disk: ${error}`));
        else done();
      });
      askToFlush(ticket, endpointPatience.flush, close);
    });
  }

  /** `last`: the program will not return to its event loop. */
  function saveNow(patience: number, last: boolean): void {
    if (!host) return;
    exiting = last;
    try {
      const ticket = ++lastTicket;
      askToFlush(ticket, endpointPatience.exit, last);
      const before = written();
      const flushed = (): boolean => host?.wait(shared.flushed, ticket, patience) === true;
      if (!flushed() && (written() === before || !flushed())) {
        diag.error("agensight: not everything was written in time");
      }
      if (last) {
        host.wait(shared.closed, ticket, closePatience);
        host.leave();
      }
      host.deliver();
    } catch (error) {
      diag.error("agensight: not everything was written", error);
    }
  }

  return {
    record(span) {
      if (ending || !host) return;
      try {
        starting.delete(span);
        if (!take(span)) return;
        if (exiting) saveNow(closePatience, true);
        else postSoon(true);
      } catch (error) {
        diag.error("agensight: a span was not recorded", error);
      }
    },
    started(span) {
      if (!endpoint || exiting) return;
      try {
        starting.add(span);
        postSoon(false);
      } catch (error) {
        diag.error("agensight: a span's start was not sent", error);
      }
    },
    save(spans, settled) {
      if (ending || !host) return settled("the recorder is shut down");
      try {
        postPending();
        const taken = spans.filter(take).length;
        const refused = taken < spans.length ? "too many spans are waiting to be written" : null;
        if (taken === 0) return settled(refused);
        postPending(openTicket((error) => settled(error ?? refused)));
        if (exiting) saveNow(closePatience, true);
      } catch (error) {
        settled((error as Error).message);
      }
    },
    flush: () => ending ?? flush(false),
    shutdown() {
      ending ??= flush(true).then(forget);
      for (const end of unwatch) end();
      endpoint = null;
      return ending;
    },
  };
}
