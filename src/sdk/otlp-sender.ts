/** Sends spans to an OTLP/HTTP endpoint as JSON: bounded, compressed, retried where the endpoint asks for it. */
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { TracesData } from "../model/otlp.js";
import type { DiagLevel } from "./recorder-message.js";

const maxQueuedBytes = 32e6;
const maxAttempts = 6;
const attemptTimeout = 10_000;
const longestPause = 60_000;
/** Source: OTLP specification 1.x, "Retryable Response Codes". */
const retryable = new Set([429, 502, 503, 504]);

export type OtlpSender = {
  /** Queues a request; drops it, and says so, when 32 MB are waiting. */
  send(data: TracesData, spans: number): void;
  /** Resolves when the queue is empty or `patience` ms are over; `last`: nothing is retried after that. */
  flush(patience: number, last: boolean): Promise<void>;
};

type Request = { body: Buffer; spans: number };

export function createOtlpSender(
  endpoint: { url: string; headers: Record<string, string> },
  report: (level: DiagLevel, message: string) => void,
): OtlpSender {
  const url = tracesUrl(endpoint.url);
  const headers = { "content-type": "application/json", "content-encoding": "gzip", ...endpoint.headers };
  const queue: Request[] = [];
  let queued = 0;
  let sending: Promise<void> | null = null;
  let deadline = Number.POSITIVE_INFINITY;
  let wake: AbortController | null = null;

  async function drain(): Promise<void> {
    for (let request = queue[0]; request; request = queue[0]) {
      await deliver(request);
      queue.shift();
      queued -= request.body.length;
    }
    sending = null;
  }

  async function deliver({ body, spans }: Request): Promise<void> {
    const compressed = await promisify(gzip)(body, { level: 1 });
    for (let attempt = 1; ; attempt++) {
      const { problem, pause } = await post(compressed, attempt);
      if (problem === null) return;
      if (pause === null || attempt === maxAttempts || performance.now() + pause > deadline) {
        report("error", `agensight: ${spans} spans did not reach ${url}: ${problem}`);
        return;
      }
      report("warn", `agensight: ${url}: ${problem}; trying again in ${pause} ms`);
      wake = new AbortController();
      await delay(pause, undefined, { signal: wake.signal }).catch(() => {});
    }
  }

  /** `pause`: ms until it is worth another try; null = it is not. */
  async function post(body: Buffer, attempt: number): Promise<{ problem: string | null; pause: number | null }> {
    const backoff = Math.round(Math.min(longestPause, 500 * 2 ** attempt) * (0.5 + Math.random() / 2));
    try {
      const signal = AbortSignal.timeout(attemptTimeout);
      const response = await fetch(url, {
        method: "POST",
        headers,
        body: new Uint8Array(body),
        signal,
        redirect: "error",
      });
      const text = await response.text();
      if (response.ok) {
        reportPartialSuccess(text);
        return { problem: null, pause: null };
      }
      const problem = `HTTP ${response.status} ${text.slice(0, 200)}`.trim();
      if (!retryable.has(response.status)) return { problem, pause: null };
      return { problem, pause: retryAfter(response.headers.get("retry-after")) ?? backoff };
    } catch (error) {
      const { message, cause } = error as Error & { cause?: { message?: string } };
      // who is not there will hardly be there before the program has ended
      return { problem: cause?.message || message, pause: deadline < Number.POSITIVE_INFINITY ? null : backoff };
    }
  }

  function reportPartialSuccess(text: string): void {
    try {
      const { partialSuccess } = JSON.parse(text) as {
        partialSuccess?: { rejectedSpans?: string; errorMessage?: string };
      };
      const { rejectedSpans = 0, errorMessage = "" } = partialSuccess ?? {};
      if (Number(rejectedSpans) > 0 || errorMessage) {
        report("warn", `agensight: ${url} rejected ${rejectedSpans} spans: ${errorMessage}`);
      }
    } catch {
      // an endpoint may answer with anything, or nothing
    }
  }

  return {
    send(data, spans) {
      const body = Buffer.from(JSON.stringify(data));
      if (queued > 0 && queued + body.length > maxQueuedBytes) {
        report("warn", `agensight: ${spans} spans dropped because ${url} does not keep up`);
        return;
      }
      queue.push({ body, spans });
      queued += body.length;
      sending ??= drain();
    },
    async flush(patience, last) {
      if (last) {
        deadline = performance.now() + patience;
        wake?.abort();
      }
      const giveUp = new AbortController();
      if (sending) await Promise.race([sending, delay(patience, undefined, { signal: giveUp.signal }).catch(() => {})]);
      giveUp.abort();
    },
  };
}

/** The endpoint as OTLP's base url rule has it: a url without a path gets `/v1/traces`. */
function tracesUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname === "/") parsed.pathname = "/v1/traces";
  return parsed.href;
}

/** `Retry-After` in seconds or as a date, in ms; null when absent or unreadable. */
function retryAfter(header: string | null): number | null {
  if (!header) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.min(longestPause, Math.max(0, ms));
}
