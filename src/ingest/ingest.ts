/** The one way in: OTLP-shaped spans and logs → normalise → redact → write. */
import type { LogsData, TracesData } from "../model/otlp.js";

export type RejectedItem = { trace_id: string | null; span_id: string | null; reason: string };

export type IngestResult = {
  /** spans or log records that are on disk now, new or already known */
  accepted: number;
  /** of these, how many were there already and changed nothing */
  unchanged: number;
  rejected: RejectedItem[];
};

export type IngestOptions = {
  /** the store's file; created with its folder where missing */
  path: string;
  /** applies to the spans of `service` in this file */
  retention?: { service: string; max_age_s?: number; max_bytes?: number };
  /** false: message texts, tool arguments and results are left out */
  captureContent?: boolean;
  /** applied to every string that would be stored; identity where absent */
  redact?: (text: string) => string;
};

export interface Ingest {
  /** Writes a request in one transaction; when it returns the spans are on disk. Throws AgensightError when the store cannot be written. */
  traces(data: TracesData): IngestResult;
  logs(data: LogsData): IngestResult;
  /** Notes spans that a recorder had to drop. */
  dropped(count: number): void;
  /**
   * Settles quiet traces, fills the search index, enforces retention: one short step.
   * Returns true when more is waiting. `all`: settle also what is not quiet yet (end of an import).
   */
  maintain(options?: { all?: boolean }): boolean;
  close(): void;
}

/** Opens (and creates, migrates) a store for writing. Asynchronous because an engine may be WASM. */
export async function openIngest(_options: IngestOptions): Promise<Ingest> {
  throw new Error("being written");
}
