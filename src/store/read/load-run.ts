/** One trace as the analyses see it, read lazily. */
import type { Message } from "../../model/message.js";
import { plainAttributes } from "../../model/otlp.js";
import { readMessages, systemText } from "../../model/read-message.js";
import type { Contents, Conversation, Heard, Run, Step } from "../../model/run.js";
import { moreCellColumns, readCell } from "../cells.js";
import { conversationItems } from "../conversations.js";
import type { Row } from "../engines/engine.js";
import {
  decodeRow,
  inputMessages,
  loggedMessages,
  outputMessages,
  type SpanSource,
  sourceText,
  wholeSpanColumns,
} from "../read-span.js";
import type { DecodedSpan } from "../span-body.js";
import { decodeVarints } from "../varint.js";
import { asOfSeq } from "./cursor.js";
import { findTrace } from "./find-ids.js";
import { traceSummary } from "./rows.js";

/** Spans of one trace that analyses look at; of larger ones the first. */
const mostSteps = 20_000;

/** Use it while the question is being answered, not later. Errors: those of `findTrace`. */
export function loadRun(source: SpanSource, traceId: string): Run {
  const trace = findTrace(source.engine, traceId);
  return loadRunOf(source, trace);
}

/** `trace`: a row of the table. */
export function loadRunOf(source: SpanSource, trace: Row): Run {
  const { engine, strings } = source;
  const rows = engine.all(
    `SELECT ${wholeSpanColumns}, ${moreCellColumns}, s.error_type, s.error_message, s.first_token_us
     FROM span s JOIN trace t ON t.id = s.trace JOIN resource r ON r.id = s.resource
     WHERE s.trace = ? ORDER BY s.start_us, s.id LIMIT ?`,
    [trace.id, mostSteps],
  );
  const rowOf = new Map<Step, Row>();
  const stepOf = new Map<number, Step>();
  const steps = rows.map((row): Step => {
    const cell = readCell(row, strings);
    const step: Step = {
      span_id: cell.span_id,
      parent_span_id: cell.parent_span_id,
      name: cell.name,
      kind: cell.kind,
      status: cell.state === 1 ? "running" : cell.state === 2 ? "abandoned" : cell.status === 2 ? "error" : "ok",
      start_us: cell.start_us,
      end_us: cell.duration_us === null ? null : cell.start_us + cell.duration_us,
      agent: cell.agent,
      tool: cell.tool,
      provider: cell.provider,
      request_model: cell.request_model,
      response_model: cell.response_model,
      call: cell.call,
      counted: cell.counted,
      input_tokens: cell.input_tokens,
      cached_tokens: cell.cached_tokens,
      cache_write_tokens: cell.cache_write_tokens,
      output_tokens: cell.output_tokens,
      reasoning_tokens: cell.reasoning_tokens,
      cost_usd: cell.cost_usd,
      first_token_us: row.first_token_us,
      error_type: strings.text(row.error_type),
      error_message: row.error_message,
    };
    rowOf.set(step, row);
    stepOf.set(row.id, step);
    return step;
  });

  const decoded = memoised(
    (step: Step): DecodedSpan => decodeRow(source, rowOf.get(step) as Row, { conversation: false }),
  );
  const logged = memoised((step: Step) =>
    loggedMessages(source, (rowOf.get(step) as Row).trace_id.toLowerCase(), step.span_id),
  );
  const keys = new Map<string, number>();
  /** One key for what says the same, however it was written. */
  const heardOf = (message: Message): Heard => {
    const text = JSON.stringify(message);
    let key = keys.get(text);
    if (key === undefined) {
      key = keys.size;
      keys.set(text, key);
    }
    return { key, message };
  };
  const item = memoised((id: number): Heard[] => readMessages(source.content.text(id), "user").map(heardOf));

  const added = once(() => {
    const found = new Map<number, { previous: number | null; ids: number[] }>();
    const sql = "SELECT c.span, c.prev, c.items FROM span s JOIN conversation c ON c.span = s.id WHERE s.trace = ?";
    for (const row of engine.all(sql, [trace.id]))
      found.set(row.span, { previous: row.prev, ids: decodeVarints(row.items) });
    return found;
  });

  const conversation = memoised((step: Step): Conversation => {
    const { id } = rowOf.get(step) as Row;
    const own = added().get(id);
    const continues = own?.previous == null ? undefined : stepOf.get(own.previous);
    if (own && continues) return { continues, repeated: heard(continues).length, added: own.ids.flatMap(item) };
    const ids = own ? conversationItems(engine, id) : [];
    if (ids.length > 0) return { continues: null, repeated: 0, added: ids.flatMap(item) };
    const recorded = inputMessages(source, decoded(step), id);
    const found = recorded.length > 0 ? recorded : [...logged(step).system, ...logged(step).input];
    return { continues: null, repeated: 0, added: found.map(heardOf) };
  });
  const heard: (step: Step) => Heard[] = memoised((step: Step): Heard[] => {
    const { continues, added: own } = conversation(step);
    return continues ? [...heard(continues), ...own] : own;
  });
  return {
    trace: traceSummary(source, trace),
    steps,
    omitted: Math.max(0, trace.span_count - steps.length),
    contents: memoised((step: Step): Contents => {
      const own = decoded(step);
      const said = outputMessages(own);
      const system = sourceText(own, "system");
      return {
        finish_reason: own.finish_reason,
        tool_call_id: own.tool_call_id,
        input: sourceText(own, "input_value"),
        output: sourceText(own, "output_value"),
        system: system === null ? null : systemText(system),
        tool_definitions: sourceText(own, "tool_definitions"),
        parameters: step.kind === "llm" ? requestParameters(own) : {},
        said: said.length > 0 || step.kind !== "llm" ? said : logged(step).output,
      };
    }),
    conversation,
    heard,
    as_of_seq: asOfSeq(source.engine),
  };
}

/** Attributes under these names hold one setting each, in the dialects that we know; one holds them all as JSON. */
const parameterNames = /^(?:gen_ai\.(?:\w+\.)?request|ai\.settings)\.(.+)$/;
const notParameters = new Set(["model", "messages", "tools", "stream"]);

function requestParameters({ span }: DecodedSpan): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(plainAttributes(span.attributes))) {
    const name = parameterNames.exec(key)?.[1];
    const named = key === "llm.invocation_parameters" ? jsonObject(value) : name === undefined ? {} : { [name]: value };
    for (const [own, given] of Object.entries(named)) if (!notParameters.has(own)) found[own] = given;
  }
  return found;
}

function jsonObject(text: unknown): object {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

function memoised<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    known.set(key, made);
    return made;
  };
}

function once<V>(make: () => V): () => V {
  let made: { value: V } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
