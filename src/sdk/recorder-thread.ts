/** The recorder behind the program: takes batches in order, hands them to the store and to endpoints. */
import { startHousekeeping } from "../ingest/housekeeping.js";
import { openRedaction, type Redaction } from "../ingest/redaction.js";
import { withoutContent } from "../ingest/without-content.js";
import type { TracesData } from "../model/otlp.js";
import type { RedactionSettings } from "../redaction/settings.js";
import { createIngestClient, type IngestClient } from "./ingest-client.js";
import { createOtlpSender, type OtlpSender } from "./otlp-sender.js";
import type { PackedResource, PackedScope, PackedSpan } from "./packed-span.js";
import {
  type DiagLevel,
  type FromRecorder,
  type RecorderConfig,
  type SpanBatch,
  shared,
  type ToRecorder,
} from "./recorder-message.js";
import { createSpanWriter, type SpanWriter } from "./span-writer.js";
import { unpackSpans } from "./unpack-span.js";

/** One transaction takes what is waiting, up to these; it holds the file's write lock meanwhile. */
const maxSpansAtOnce = 512;
const maxKilobytesAtOnce = 4_000;

/** ms between the starts of two transactions while spans come steadily: each has its price, whatever it holds. */
const writeEvery = 25;

/** ms that a connection may take to end while the program goes on */
const disconnectPatience = 1_500;

export type RecorderThread = {
  receive(message: ToRecorder): void;
  /** Writes what is waiting without waiting for anything; only for a recorder on the program's own thread. */
  writeNow(): void;
};

/**
 * `reply` reaches the program; `state` is the shared array that tells a program which cannot receive;
 * `next` fetches a message that has arrived but was not yet delivered.
 */
export function createRecorderThread(
  reply: (message: FromRecorder) => void,
  state: Int32Array,
  next: () => ToRecorder | undefined = () => undefined,
): RecorderThread {
  const inbox: ToRecorder[] = [];
  const resources: PackedResource[] = [];
  const scopes: PackedScope[] = [];
  let writer: SpanWriter | null = null;
  let sender: OtlpSender | null = null;
  let client: IngestClient | null = null;
  const shown = new WeakSet<SpanBatch>();
  /** why spans were given up since the last flush; null = none were */
  let givenUp: string | null = null;
  let working = false;
  let closed = false;
  const housekeeping = startHousekeeping(() => writer?.maintain() ?? false);
  let strip = (data: TracesData): TracesData => data;
  let store: Pick<RecorderConfig, "path" | "home"> = { path: null, home: "" };
  let redaction: Redaction | undefined;
  /** what was in force when a span came that waits to be sent */
  const redactionOf = new WeakMap<PackedSpan, Redaction>();
  let workedAt = 0;
  let soon: NodeJS.Timeout | undefined;

  const report = (level: DiagLevel, message: string): void => reply({ type: "diag", level, message });

  function fetchAll(): void {
    for (let message = next(); message; message = next()) inbox.push(message);
  }

  async function work(): Promise<void> {
    working = true;
    housekeeping.pause();
    clearTimeout(soon);
    soon = undefined;
    for (fetchAll(); inbox[0]; fetchAll()) {
      const message = inbox[0];
      if (message.type === "spans") await record();
      else {
        await handle(message);
        done([message]);
      }
      housekeeping.betweenWrites();
    }
    working = false;
    if (!closed) housekeeping.idle();
  }

  async function handle(message: Exclude<ToRecorder, SpanBatch>): Promise<void> {
    if (message.type === "configure") {
      const { config } = message;
      if (!config.captureContent) strip = withoutContent;
      store = config;
      redaction = openRedaction(message.redaction, config.path, config.home);
      if (config.otlp) sender = createOtlpSender(config.otlp, report);
      if (config.path !== null)
        writer = createSpanWriter({ ...config, path: config.path }, message.redaction, report, inStore);
      await writer?.open();
      reply({ type: "ready" });
    } else if (message.type === "redact") redact(message.redaction);
    else if (message.type === "connect") {
      await disconnect();
      if (message.endpoint)
        client = createIngestClient({ endpoint: message.endpoint, encode, kept: writer !== null, report });
    } else if (message.type === "dropped") {
      if (writer) writer.dropped(message.count);
      else client?.dropped(message.count);
    } else {
      const { patience, close } = message;
      // where there is a file, it is what a program waits for; at its end it waits for both
      const [missing] = await Promise.all([
        close || !writer ? client?.flush(patience, close) : null,
        sender?.flush(patience, close),
      ]);
      if (!writer) givenUp ??= missing ?? null;
      flushed(message.ticket, message.close);
    }
  }

  async function disconnect(): Promise<void> {
    await client?.flush(disconnectPatience, true);
    client?.close();
    client = null;
  }

  function redact(settings: RedactionSettings): void {
    redaction = openRedaction(settings, store.path, store.home);
    writer?.redact(settings);
  }

  /** As it may leave the program. */
  function outgoing(data: TracesData, by: Redaction | undefined): TracesData {
    const kept = strip(data);
    return by ? by.otlp.any(kept) : kept;
  }

  /** Each span by what was in force when it came. */
  function encode(spans: PackedSpan[]): TracesData {
    const parts = new Map<Redaction | undefined, PackedSpan[]>();
    for (const span of spans) {
      const by = redactionOf.get(span) ?? redaction;
      const part = parts.get(by);
      if (part) part.push(span);
      else parts.set(by, [span]);
    }
    const requests = Array.from(parts, ([by, part]) => outgoing(unpackSpans(part, resources, scopes), by));
    return { resourceSpans: requests.flatMap(({ resourceSpans }) => resourceSpans ?? []) };
  }

  function flushed(ticket: number, close: boolean): void {
    announce(shared.flushed, ticket);
    if (close) {
      closed = true;
      housekeeping.pause();
      client?.close();
      writer?.close();
      announce(shared.closed, ticket);
    }
    reply({ type: "done", ticket, error: givenUp });
    givenUp = null;
    if (close) reply({ type: "closed" });
  }

  /** Between the two marks the program does not end this thread, unless it takes too long. */
  function inStore<T>(step: () => T): T {
    Atomics.store(state, shared.inStore, 1);
    const left = (): void => announce(shared.inStore, 0);
    try {
      if (Atomics.load(state, shared.leaving) === 1) throw new Error("the program is ending");
      const result = step();
      if (result instanceof Promise) return result.finally(left) as T;
      left();
      return result;
    } catch (error) {
      left();
      throw error;
    }
  }

  function announce(index: number, value: number): void {
    Atomics.store(state, index, value);
    Atomics.notify(state, index);
  }

  /** The batches at the head of the inbox. */
  function waiting(): SpanBatch[] {
    const batches: SpanBatch[] = [];
    let spans = 0;
    let kilobytes = 0;
    for (const message of inbox) {
      if (message.type !== "spans") break;
      spans += message.spans.length;
      kilobytes += message.kilobytes;
      if (batches.length > 0 && (spans > maxSpansAtOnce || kilobytes > maxKilobytesAtOnce)) break;
      batches.push(message);
    }
    return batches;
  }

  async function record(): Promise<void> {
    const batches = waiting();
    const { spans, service } = unpackable(batches);
    show(batches);
    if (spans.length > 0) workedAt = performance.now();
    let error: string | null = null;
    const request = lazy(() => unpackSpans(spans, resources, scopes));
    if (writer && spans.length > 0) error = await writer.write(spans.length, request, service);
    givenUp ??= error;
    if (spans.length > 0) sender?.send(outgoing(request(), redaction), spans.length);
    done(batches);
    for (const { spans, kilobytes, ticket } of batches) {
      Atomics.add(state, shared.spans, spans.length);
      Atomics.add(state, shared.kilobytes, kilobytes);
      if (ticket !== null) reply({ type: "done", ticket, error });
    }
    // lets sockets have their turn under load
    if (sender || client) await new Promise(setImmediate);
  }

  /** Unless `writeNow` came in between. */
  function done(messages: ToRecorder[]): void {
    if (inbox[0] === messages[0]) inbox.splice(0, messages.length);
  }

  /** Sends what has not been sent yet to those who watch. */
  function show(batches: SpanBatch[]): void {
    const fresh = batches.filter((batch) => !shown.has(batch));
    if (!client || fresh.length === 0) return;
    for (const batch of fresh) shown.add(batch);
    const { spans } = unpackable(fresh);
    if (redaction) for (const span of spans) redactionOf.set(span, redaction);
    client.send(
      fresh.flatMap(({ starts }) => starts),
      spans,
    );
  }

  /** The spans of `batches`, with the resources and scopes that they brought along taken over. */
  function unpackable(batches: SpanBatch[]): { spans: PackedSpan[]; service: string | null } {
    for (const batch of batches) {
      resources.push(...batch.resources.splice(0));
      scopes.push(...batch.scopes.splice(0));
    }
    const spans = batches.flatMap((batch) => batch.spans);
    const service = resources[spans[0]?.[0] ?? 0]?.attributes["service.name"];
    return { spans, service: typeof service === "string" ? service : null };
  }

  return {
    receive(message) {
      inbox.push(message);
      if (working) return;
      const early = workedAt + writeEvery - performance.now();
      if (early <= 0 || isAwaited(message)) void work();
      else {
        soon ??= setTimeout(work, early);
        // only the file has its price; and nothing but spans can be waiting here
        if (message.type === "spans") show([message]);
      }
    },
    writeNow() {
      for (let message = inbox[0]; message; message = inbox[0]) {
        const batches = waiting();
        const { spans } = unpackable(batches);
        if (batches.length > 0) writer?.writeNow(spans.length, () => unpackSpans(spans, resources, scopes));
        else if (message.type === "flush") flushed(message.ticket, message.close);
        else if (message.type === "dropped") writer?.dropped(message.count);
        else if (message.type === "redact") redact(message.redaction);
        inbox.splice(0, Math.max(1, batches.length));
      }
    },
  };
}

/** Whether the program may be waiting for what follows from this message. */
function isAwaited(message: ToRecorder): boolean {
  return message.type !== "spans" || message.ticket !== null;
}

function lazy(make: () => TracesData): () => TracesData {
  let made: TracesData | undefined;
  return () => (made ??= make());
}
