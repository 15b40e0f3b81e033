/** The way of received spans into the store. Requests are answered when they are on disk. */
import type { TracesData } from "../model/otlp.js";

/** A body as it came over the network. The bytes are handed over: do not use them afterwards. */
export type ReceivedBody = {
  signal: "traces" | "logs";
  format: "json" | "protobuf";
  encoding: "identity" | "gzip" | "deflate";
  bytes: Uint8Array<ArrayBuffer>;
};

/** `rejected`: spans or log records that could not be understood, and why (of the first ones). */
export type Receipt = { accepted: number; rejected: number; reasons: string[] };

export type Receiver = {
  /**
   * Resolves when everything is on disk. Rejects with an AgensightError: `bad_input` (no such encoding, no OTLP),
   * `too_large` (decompressed size, depth), `busy` (too much is waiting), and those of a store that cannot be written.
   */
  receive(body: ReceivedBody): Promise<Receipt>;
  /** The same for spans that are parsed already. */
  write(data: TracesData): Promise<Receipt>;
  /** As `Ingest.abandon`. */
  abandon(spans: { trace_id: string; span_id: string }[]): Promise<void>;
  /** As `Ingest.dropped`. */
  dropped(count: number): Promise<void>;
  /** Writes what is waiting, then closes the store. */
  close(): Promise<void>;
};
