/** What the program's thread and the recorder's thread say to each other, in order, over one port. */
import type { MessagePort } from "node:worker_threads";
import type { IngestOptions } from "../ingest/ingest.js";
import type { RedactionSettings } from "../redaction/settings.js";
import type { IngestEndpoint } from "./ingest-endpoint.js";
import type { PackedResource, PackedScope, PackedSpan } from "./packed-span.js";

/** Everything the recorder's thread has to know; nothing in it is read from the environment there. */
export type RecorderConfig = {
  /** absolute path of the store's file; null = no file */
  path: string | null;
  /** whose retention; null: the service that the first span names */
  service: string | null;
  retention: { max_age_s?: number; max_bytes?: number } | null;
  captureContent: boolean;
  /** forces an SQLite engine; null = the best one there is */
  engine: NonNullable<IngestOptions["engine"]> | null;
  /** the folder of `stores.json` */
  home: string;
  otlp: { url: string; headers: Record<string, string> } | null;
};

export type SpanBatch = {
  type: "spans";
  spans: PackedSpan[];
  /** spans that run; only while there is an endpoint for them */
  starts: PackedSpan[];
  kilobytes: number;
  /** added to those sent before */
  resources: PackedResource[];
  scopes: PackedScope[];
  /** names the answer; null: nobody waits for one */
  ticket: number | null;
};

export type ToRecorder =
  | { type: "configure"; config: RecorderConfig; redaction: RedactionSettings }
  /** of all that follows */
  | { type: "redact"; redaction: RedactionSettings }
  | SpanBatch
  /** where spans go besides, from the next batch on; null: nowhere */
  | { type: "connect"; endpoint: IngestEndpoint | null }
  | { type: "dropped"; count: number }
  /** `close`: close the store afterwards; `patience`: ms that endpoints may take */
  | { type: "flush"; ticket: number; patience: number; close: boolean };

export type DiagLevel = "error" | "warn" | "info" | "debug";

export type FromRecorder =
  | { type: "ready" }
  /** what the ticket stands for is on disk, or given up because of `error` */
  | { type: "done"; ticket: number; error: string | null }
  | { type: "closed" }
  | { type: "diag"; level: DiagLevel; message: string };

/**
 * Indexes into the shared Int32Array, which the program can read without waiting for a message: the tickets of
 * the last flush and of the last closing one that are done; how much has been written or given up, counted modulo 2^32.
 * `leaving` is the program's: 1 = it ends now, nothing more may begin in the store; `inStore`: 1 = something is done there.
 */
export const shared = { flushed: 0, closed: 1, spans: 2, kilobytes: 3, leaving: 4, inStore: 5, length: 6 } as const;

/** `workerData` of the recorder's thread. */
export type RecorderData = {
  agensightRecorder: {
    port: MessagePort;
    state: Int32Array;
    /** where to look for the engines' packages: a text has no place of its own */
    moduleUrl: string;
    programFile: string | undefined;
  };
};
