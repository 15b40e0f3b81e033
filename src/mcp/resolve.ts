/** Ids of things that may still have to happen: whole ones stand as they are, prefixes must be known. */
import { AgensightError } from "../model/error.js";
import type { TraceReader } from "../store/reader.js";

/** The whole id. Errors: not_found, ambiguous, bad_argument for what is no whole id. */
export async function resolveTrace(reader: TraceReader, id: string): Promise<string> {
  if (/^[0-9a-f]{32}$/i.test(id)) return id.toLowerCase();
  return (await reader.getTrace({ trace_id: id, max_spans: 1 })).trace.trace_id;
}

/** Errors: ambiguous. A session that is not there may come. */
export async function resolveSession(reader: TraceReader, id: string): Promise<string> {
  try {
    return (await reader.getSession({ session_id: id, limit: 1 })).session.session_id;
  } catch (error) {
    if (error instanceof AgensightError && (error.code === "not_found" || error.code === "pruned")) return id;
    throw error;
  }
}
