/** A session as one timeline across its traces: each message once, however often it was resent. */
import type { Message } from "../../model/message.js";
import { systemText } from "../../model/read-message.js";
import { type Cell, isError, modelOf, moreCellColumns, readCell } from "../cells.js";
import { addedMessages } from "../conversations.js";
import type { Row } from "../engines/engine.js";
import {
  decodeRow,
  inputMessages,
  loggedMessages,
  newInputMessages,
  outputMessages,
  type SpanSource,
  sourceText,
  wholeSpanColumns,
} from "../read-span.js";
import type { Page, SessionDetail, TimelineEntry, TimelineEvent } from "../reader.js";
import { facets } from "../trace-totals.js";
import { coverage, readOffset } from "./cursor.js";
import { findSession } from "./find-ids.js";
import { isoTime, milliseconds, traceSummary } from "./rows.js";
import { sessionSummary } from "./sessions.js";

const mostTraces = 500;

/** What makes two messages the same: who says what; ids and finish reasons differ between a reply and its resending. */
function keyOf(message: Message): string {
  const parts = message.parts.map((part) => {
    if (part.type === "tool_call") return `call ${part.name} ${JSON.stringify(part.arguments)}`;
    if (part.type === "tool_call_response")
      return `response ${typeof part.response === "string" ? part.response : JSON.stringify(part.response)}`;
    return part.type === "media" ? part.summary : part.content;
  });
  const role = message.role === "developer" ? "system" : message.role;
  return `${role}\n${parts.join("\n")}`;
}

type Placed = { at: number; order: number; entry: TimelineEntry };

export function getSession(source: SpanSource, query: { session_id: string } & Page): SessionDetail {
  const { engine } = source;
  const notes: string[] = [];
  const offset = readOffset(query.cursor);
  const session = findSession(source, query.session_id);
  const row = engine.get("SELECT * FROM session WHERE id = ?", [session]) as Row;
  const traces = engine
    .all(
      "SELECT t.* FROM trace_facet f JOIN trace t ON t.id = f.trace WHERE f.facet = ? AND f.value = ? ORDER BY f.start_us DESC LIMIT ?",
      [facets.session, session, mostTraces],
    )
    .reverse();
  if (row.trace_count > traces.length)
    notes.push(`Only the ${traces.length} latest of ${row.trace_count} traces are read.`);
  const all = timeline(source, traces, session);
  const page = all.slice(offset, offset + query.limit);
  const next = offset + page.length < all.length ? { offset: offset + page.length } : null;
  return {
    session: sessionSummary(source, row),
    traces: traces.map((trace) => traceSummary(source, trace)),
    timeline: page,
    coverage: coverage(engine, all.length, page.length, next, notes),
  };
}

function timeline(source: SpanSource, traces: Row[], session: number): TimelineEntry[] {
  const { engine, strings } = source;
  const placed: Placed[] = [];
  const said: Said = new Map();
  const answeredCalls = new Set<string>();
  const answers = new Set<string>();
  const tools: { cell: Cell; row: Row }[] = [];
  let order = 0;

  for (const trace of traces) {
    const rows = engine.all(
      `SELECT ${wholeSpanColumns}, ${moreCellColumns}, s.error_type, s.error_message
       FROM span s JOIN trace t ON t.id = s.trace JOIN resource r ON r.id = s.resource WHERE s.trace = ? AND (s.session = ? OR s.session IS NULL) ORDER BY s.start_us, s.id`,
      [trace.id, session],
    );
    const cells = rows.map((row) => readCell(row, strings));
    const failedParents = new Set(cells.filter(isError).map((cell) => cell.parent_span_id));
    const spare = spareSpans(cells);
    for (const [index, cell] of cells.entries()) {
      const row = rows[index] as Row;
      const common = {
        trace_id: row.trace_id.toLowerCase(),
        span_id: cell.span_id,
        agent: cell.agent,
        model: modelOf(cell),
      };
      const put = (at: number, event: TimelineEvent) => {
        placed.push({ at, order: order++, entry: { time: isoTime(at), ...common, ...event } });
      };
      const end = cell.start_us + (cell.duration_us ?? 0);
      if (cell.call === "llm" || spare.has(cell.span_id)) {
        const { input, output } = messagesOf(source, row, cell, said);
        for (const message of input) {
          for (const part of message.parts) {
            if (part.type !== "tool_call_response") continue;
            if (part.id) answeredCalls.add(part.id);
            answers.add(typeof part.response === "string" ? part.response : JSON.stringify(part.response));
          }
          put(cell.start_us, { type: "message", message });
        }
        for (const message of output) put(end, { type: "message", message });
      } else if (cell.call === "tool") tools.push({ cell, row });
      // the deepest failing span tells what went wrong; those above it only pass it on
      if (isError(cell) && !failedParents.has(cell.span_id)) {
        put(end, {
          type: "error",
          name: cell.name,
          error_type: strings.text(row.error_type),
          error_message: row.error_message,
        });
      }
    }
  }
  for (const { cell, row } of tools) {
    const decoded = decodeRow(source, row);
    const output = sourceText(decoded, "output_value");
    if (decoded.tool_call_id !== null && answeredCalls.has(decoded.tool_call_id)) continue;
    if (output !== null && answers.has(output)) continue;
    placed.push({
      at: cell.start_us,
      order: order++,
      entry: {
        time: isoTime(cell.start_us),
        trace_id: row.trace_id.toLowerCase(),
        span_id: cell.span_id,
        agent: cell.agent,
        model: null,
        type: "tool",
        tool: cell.tool ?? cell.name,
        duration_ms: milliseconds(cell.duration_us),
        status: cell.state === 1 ? "running" : cell.state === 2 ? "abandoned" : isError(cell) ? "error" : "ok",
        input: sourceText(decoded, "input_value"),
        output,
      },
    });
  }
  return placed.sort((a, b) => a.at - b.at || a.order - b.order).map(({ entry }) => entry);
}

/** Of two recordings of one call only one is counted, and the other may be the one that has the words. */
function spareSpans(cells: Cell[]): Set<string> {
  const counted = new Map(cells.filter((cell) => cell.call === "llm").map((cell) => [cell.span_id, cell]));
  const spare = new Set<string>();
  for (const cell of cells) {
    if (cell.kind !== "llm" || cell.counted) continue;
    if (cell.parent_span_id !== null && counted.has(cell.parent_span_id)) spare.add(cell.span_id);
  }
  for (const cell of counted.values()) if (cell.parent_span_id !== null) spare.add(cell.parent_span_id);
  return new Set(
    [...spare].filter((id) => cells.some((cell) => cell.span_id === id && cell.kind === "llm" && !cell.counted)),
  );
}

/** What a session has heard: how often, and in which trace the last time. */
type Said = Map<string, { times: number; trace: string }>;

/** The messages of a call that the session has not heard yet. */
function messagesOf(source: SpanSource, row: Row, cell: Cell, said: Said): { input: Message[]; output: Message[] } {
  const decoded = decodeRow(source, row);
  const logged = loggedMessages(source, row.trace_id.toLowerCase(), cell.span_id);
  const added = addedMessages(source.engine, cell.id);
  const continues = added !== null && added.previous !== null;
  let candidates = continues ? newInputMessages(source, decoded, cell.id) : inputMessages(source, decoded, cell.id);
  if (candidates.length === 0 && !continues) candidates = [...logged.system, ...logged.input];
  const system = sourceText(decoded, "system");
  if (system !== null)
    candidates = [{ role: "system", parts: [{ type: "text", content: systemText(system) }] }, ...candidates];
  let output = outputMessages(decoded);
  if (output.length === 0) output = logged.output;

  const input: Message[] = [];
  const here = new Map<string, number>();
  const hear = (key: string) => said.set(key, { times: (said.get(key)?.times ?? 0) + 1, trace: row.trace_id });
  for (const [index, message] of candidates.entries()) {
    const key = keyOf(message);
    const count = (here.get(key) ?? 0) + 1;
    here.set(key, count);
    const known = said.get(key);
    // a resent history repeats what was said; a continued one is new, but for the reply that it quotes
    const repeated = continues
      ? known !== undefined && (message.role === "assistant" || message.role === "system")
      : count <= (known?.times ?? 0);
    // what a user says last, in another trace than before, is no history
    const asked = index === candidates.length - 1 && message.role === "user" && known?.trace !== row.trace_id;
    if (repeated && !asked) continue;
    hear(key);
    input.push(message);
  }
  for (const message of output) hear(keyOf(message));
  return { input, output };
}
