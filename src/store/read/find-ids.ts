/** Finds traces, spans and sessions by id or unique prefix. */
import { AgensightError } from "../../model/error.js";
import type { Engine, Row } from "../engines/engine.js";
import type { SpanSource } from "../read-span.js";
import { sessionKey } from "../retention.js";

const shortestPrefix = 6;
const listed = 5;

/** The bounds between which all ids with the hex prefix lie. */
function bounds(prefix: string, digits: number): [Uint8Array, Uint8Array] {
  return [Buffer.from(prefix.padEnd(digits, "0"), "hex"), Buffer.from(prefix.padEnd(digits, "f"), "hex")];
}

function checkHex(id: string, digits: number, what: string): string {
  const text = id.trim().toLowerCase();
  if (!/^[0-9a-f]+$/.test(text) || text.length > digits) {
    throw new AgensightError(
      "bad_argument",
      `"${id.slice(0, 80)}" is no ${what} id: ${digits} hex digits, or the first ${shortestPrefix} or more of them.`,
    );
  }
  if (text.length < shortestPrefix) {
    throw new AgensightError(
      "bad_argument",
      `The ${what} id "${text}" is too short: give at least its first ${shortestPrefix} hex digits.`,
    );
  }
  return text;
}

/** The trace's row. Errors: bad_argument, not_found, ambiguous, pruned. */
export function findTrace(engine: Engine, id: string): Row {
  const text = checkHex(id, 32, "trace");
  const rows = engine.all("SELECT * FROM trace WHERE trace_id BETWEEN ? AND ? LIMIT ?", [
    ...bounds(text, 32),
    listed + 1,
  ]);
  if (rows.length === 1) return rows[0] as Row;
  if (rows.length > 1)
    throw ambiguous(
      "trace",
      text,
      rows.map((row) => Buffer.from(row.trace_id).toString("hex")),
    );
  const pruned = engine.get("SELECT pruned_us FROM pruned WHERE id BETWEEN ? AND ? LIMIT 1", bounds(text, 32));
  if (pruned) throw prunedError(`Trace ${text}`, pruned.pruned_us);
  throw new AgensightError("not_found", `There is no trace ${text} in this store.`, {
    hint: "list_traces shows which there are.",
  });
}

function prunedError(what: string, us: number): AgensightError {
  return new AgensightError("pruned", `${what} was pruned by retention on ${new Date(us / 1000).toISOString()}.`, {
    hint: "Its tokens and cost are still part of get_usage; keep traces longer with `retention` or `--keep`.",
  });
}

function ambiguous(what: string, prefix: string, ids: string[]): AgensightError {
  const shown = ids.slice(0, listed).join(", ");
  return new AgensightError(
    "ambiguous",
    `Several ${what} ids begin with ${prefix}: ${shown}${ids.length > listed ? ", …" : ""}.`,
    { hint: "Give more of its digits." },
  );
}

/** Row ids of the span and its trace. Errors: bad_argument, not_found, ambiguous. */
export function findSpan(engine: Engine, spanId: string, traceId: string | undefined): { id: number; trace: number } {
  const text = checkHex(spanId, 16, "span");
  const trace = traceId === undefined ? null : (findTrace(engine, traceId).id as number);
  const rows = engine.all(
    `SELECT s.id, s.trace, hex(s.span_id) AS span_id, hex(t.trace_id) AS trace_id FROM span s JOIN trace t ON t.id = s.trace WHERE s.span_id BETWEEN ? AND ? ${trace === null ? "" : "AND s.trace = ?"} LIMIT ?`,
    [...bounds(text, 16), ...(trace === null ? [] : [trace]), listed + 1],
  );
  if (rows.length === 1) return rows[0] as Row as { id: number; trace: number };
  if (rows.length > 1)
    throw ambiguous(
      "span",
      text,
      rows.map((row) => `${row.span_id.toLowerCase()} (trace ${row.trace_id.toLowerCase()})`),
    );
  throw new AgensightError(
    "not_found",
    `There is no span ${text}${traceId === undefined ? "" : ` in trace ${traceId}`} in this store.`,
    {
      hint: "get_trace lists the span ids of a trace; a span may have been pruned by retention together with its trace.",
    },
  );
}

/** The string id of a session. Errors: not_found, ambiguous. */
export function findSession({ engine, strings }: SpanSource, sessionId: string): number {
  const exact = strings.find(sessionId);
  if (exact !== null && engine.get("SELECT id FROM session WHERE id = ?", [exact])) return exact;
  if (sessionId.length >= shortestPrefix) {
    const rows = engine.all(
      "SELECT z.id, x.text FROM string x JOIN session z ON z.id = x.id WHERE x.text >= ? AND x.text < ? LIMIT ?",
      [sessionId, `${sessionId}\u{10ffff}`, listed + 1],
    );
    if (rows.length === 1) return rows[0]?.id;
    if (rows.length > 1)
      throw ambiguous(
        "session",
        sessionId,
        rows.map((row) => row.text),
      );
  }
  const pruned = engine.get("SELECT pruned_us FROM pruned WHERE id = ?", [sessionKey(sessionId)]);
  if (pruned) throw prunedError(`Session ${sessionId}`, pruned.pruned_us);
  throw new AgensightError(
    "not_found",
    `There is no session ${JSON.stringify(sessionId.slice(0, 120))} in this store.`,
    { hint: "list_sessions shows which there are." },
  );
}
