/** What the server's thread and the receiving thread say to each other. Requests are dealt with in order. */

import type { IngestOptions } from "../../ingest/ingest.js";
import type { ErrorCode } from "../../model/error.js";
import type { TracesData } from "../../model/otlp.js";
import type { EngineName } from "../../store/engines/engine.js";
import type { Receipt, ReceivedBody } from "../receiver.js";

/** `workerData` of the receiving thread. */
export type ReceiverConfig = {
  /** absolute path of the store's file; created where missing */
  path: string;
  /** the folder of `stores.json` */
  home: string;
  /** null = the best one there is */
  engine: EngineName | null;
  /** of each service that sends spans; null = what the file says already */
  retention: { max_age_s?: number; max_bytes?: number } | null;
  redaction: NonNullable<IngestOptions["redaction"]>;
};

/** Each is answered by a `done` or `failed` with its number. */
export type ToReceiver = { id: number } & (
  | { type: "body"; body: ReceivedBody }
  | { type: "data"; data: TracesData }
  | { type: "abandon"; spans: { trace_id: string; span_id: string }[] }
  | { type: "dropped"; count: number }
  /** opens the store, as the first request would */
  | { type: "open" }
  | { type: "close" }
);

export type FromReceiver =
  | { type: "done"; id: number; receipt: Receipt }
  | { type: "failed"; id: number; code: ErrorCode; message: string; hint: string | null };
