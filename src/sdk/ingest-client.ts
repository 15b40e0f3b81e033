/** Sends spans to a server's `/ingest`, from the recorder's thread: bounded, acknowledged, and again after it was away. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { WebSocket } from "ws";
import type { FromServer, ToServer } from "../model/ingest-message.js";
import type { TracesData } from "../model/otlp.js";
import type { IngestEndpoint } from "./ingest-endpoint.js";
import { createFrames, type Frame } from "./ingest-frames.js";
import { createOpenSpans } from "./open-spans.js";
import type { PackedSpan } from "./packed-span.js";
import type { DiagLevel } from "./recorder-message.js";

/** ms */
const handshakeTimeout = 5_000;
const ackTimeout = 30_000;
const retryPause = 1_000;
const shortestBackoff = 250;
const longestBackoff = 5_000;
/** after a refusal that only a person can undo */
const refusedPause = 30_000;

/** Sent and not acknowledged: more waits on this side. */
const maxUnanswered = 32;
const maxUnansweredBytes = 4 * 1024 * 1024;

/** The server says with these that it will never take what it was sent. */
const unacceptable = new Set([1007, 1008, 1009]);

export type IngestClient = {
  /** Never throws; gives up the oldest when too many wait. */
  send(starts: PackedSpan[], ends: PackedSpan[]): void;
  /** Tells the server of spans that had to be left out before they came here. */
  dropped(count: number): void;
  /**
   * Resolves when everything is acknowledged (null), or after `patience` ms with the reason why it is not.
   * `last`: a server that is not there is not waited for.
   */
  flush(patience: number, last: boolean): Promise<string | null>;
  /** Ends the connection: whatever still runs will not end here. */
  close(): void;
};

export type IngestClientOptions = {
  endpoint: IngestEndpoint;
  /** spans as they may leave the program */
  encode(spans: PackedSpan[]): TracesData;
  /** whether a file keeps the spans too: then none is lost when it is given up here */
  kept: boolean;
  report(level: DiagLevel, message: string): void;
};

export function createIngestClient({ endpoint, encode, kept, report }: IngestClientOptions): IngestClient {
  const { origin, pathname } = new URL(endpoint.url);
  const place = `${origin}${pathname}`;
  const url = new URL(endpoint.url);
  url.searchParams.set("instance", randomUUID());
  const headers = endpoint.token === null ? {} : { authorization: `Bearer ${endpoint.token}` };

  const open = createOpenSpans();
  const frames = createFrames(encode, giveUp);
  const flushing = new Set<() => void>();
  /** while it is open */
  let socket: WebSocket | null = null;
  let connecting = false;
  let closed = false;
  let lastTry = false;
  let backoff = shortestBackoff;
  /** while the server wants nothing */
  let pause: NodeJS.Timeout | undefined;
  let reconnect: NodeJS.Timeout | undefined;
  let patience: NodeJS.Timeout | undefined;
  /** why there is no connection; null = nobody had to be told */
  let problem: string | null = null;
  /** why spans were given up since the last flush */
  let givenUp: string | null = null;
  let dropped = 0;

  void connect();

  async function connect(): Promise<void> {
    if (closed || connecting || socket) return;
    clearTimeout(reconnect);
    connecting = true;
    let status: number | null = null;
    let failure = "";
    try {
      // evaluated here only: most programs never connect
      const { default: WebSocketClient } = await import("ws");
      const attempt = new WebSocketClient(url, { headers, handshakeTimeout, perMessageDeflate: false });
      attempt.on("open", () => {
        connecting = false;
        if (closed) return attempt.close(1000);
        opened(attempt);
      });
      attempt.on("message", (data) => heard(String(data)));
      attempt.on("unexpected-response", (_, response) => {
        status = response.statusCode ?? 0;
        attempt.terminate();
      });
      attempt.on("error", (error: Error & { code?: string }) => {
        failure ||= error.message || error.code || "it failed";
      });
      attempt.on("close", (code, reason) => {
        const said = failure || [`closed with ${code}`, String(reason)].filter(Boolean).join(" ");
        lost(code, status === null ? said : `HTTP ${status}`, status);
      });
    } catch (error) {
      lost(0, (error as Error).message, null);
    }
  }

  function opened(attempt: WebSocket): void {
    socket = attempt;
    if (problem !== null) report("info", `agensight: connected to ${place}`);
    problem = null;
    // what runs is told anew: the server may be another one
    frames.restart(open.spans());
    pump();
  }

  function lost(code: number, reason: string, status: number | null): void {
    const refused = status !== null && status >= 400 && status < 500 && status !== 429;
    connecting = false;
    socket = null;
    clearTimeout(patience);
    if (unacceptable.has(code)) frames.dropOldest(reason);
    frames.forgetSent();
    if (closed) return;
    if (problem === null || (refused && problem !== reason))
      report(refused ? "error" : "warn", `agensight: not connected to ${place}: ${reason}`);
    problem = reason;
    if (lastTry) settle();
    else reconnectSoon(refused);
  }

  function reconnectSoon(refused: boolean): void {
    const wait = refused ? refusedPause : backoff * (0.5 + Math.random() / 2);
    backoff = Math.min(longestBackoff, backoff * 2);
    reconnect = setTimeout(connect, wait);
  }

  function heard(text: string): void {
    let message: FromServer;
    try {
      message = JSON.parse(text) as FromServer;
    } catch {
      return;
    }
    backoff = shortestBackoff;
    if (message.type === "ack") {
      if (message.rejected > 0)
        report("warn", `agensight: ${place} rejected ${message.rejected} spans; the first: ${message.reasons?.[0]}`);
      frames.acknowledge(message.id);
    } else if (message.type === "retry") {
      frames.sendAgain(message.id);
      clearTimeout(pause);
      pause = setTimeout(resume, retryPause);
    }
    watchAnswers();
    pump();
  }

  /** A server that takes and never answers is as good as gone. */
  function watchAnswers(): void {
    clearTimeout(patience);
    if (frames.unanswered() > 0) patience = setTimeout(() => socket?.terminate(), ackTimeout);
  }

  function resume(): void {
    pause = undefined;
    pump();
  }

  function pump(): void {
    if (socket && !pause) sendTo(socket);
    settle();
  }

  function sendTo(target: WebSocket): void {
    const idle = frames.unanswered() === 0;
    while (frames.unanswered() < maxUnanswered && frames.unansweredBytes() < maxUnansweredBytes) {
      const frame: Frame | null = frames.next();
      if (!frame) break;
      target.send(frame.body, { binary: false });
    }
    if (dropped > 0) {
      target.send(JSON.stringify({ type: "dropped", count: dropped } satisfies ToServer));
      dropped = 0;
    }
    if (idle) watchAnswers();
  }

  function giveUp(spans: number, reason: string): void {
    if (spans === 0) return;
    if (givenUp === null) report("warn", `agensight: spans are not sent to ${place}: ${reason}`);
    givenUp ??= reason;
    if (!kept) dropped += spans;
  }

  function settle(): void {
    if (!frames.isEmpty() && !(lastTry && !socket && !connecting)) return;
    for (const done of flushing) done();
  }

  return {
    send(starts, ends) {
      open.begin(starts);
      open.end(ends);
      // without a connection starts need not wait: those of spans that still run are sent when there is one
      frames.add(socket ? starts : [], ends);
      pump();
    },
    dropped(count) {
      dropped += count;
      pump();
    },
    async flush(wait, last) {
      lastTry ||= last;
      if (!frames.isEmpty()) {
        const giveUpWaiting = new AbortController();
        const settled = new Promise<void>((resolve) => {
          flushing.add(resolve);
          if (last) void connect();
        });
        await Promise.race([settled, delay(wait, undefined, { signal: giveUpWaiting.signal }).catch(() => {})]);
        giveUpWaiting.abort();
        flushing.clear();
      }
      const left = frames.isEmpty() ? null : `spans did not reach ${place}: ${problem ?? "it does not answer"}`;
      if (last && left) report(kept ? "warn" : "error", `agensight: ${left}`);
      const reason = givenUp ?? left;
      givenUp = null;
      return reason;
    },
    close() {
      closed = true;
      clearTimeout(reconnect);
      clearTimeout(patience);
      clearTimeout(pause);
      socket?.close(1000);
      socket = null;
    },
  };
}
