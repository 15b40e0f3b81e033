/** One trace as the analyses see it, read lazily. */
import { spanKinds } from "../../model/kind.js";
import type { Message } from "../../model/message.js";
import { plainAttributes } from "../../model/otlp.js";
import { readMessages, systemText } from "../../model/read-message.js";
import type { Contents, Conversation, Heard, Run, Step } from "../../model/run.js";
import { conversationItems } from "../conversations.js";
import type { Row } from "../engines/engine.js";
import { decodeRow, inputMessages, loggedMessages, rowSources, type SpanSource } from "../read-span.js";
import type { DecodedSources, DecodedSpan } from "../span-body.js";
import type { Strings } from "../strings.js";
import { asOfSeq } from "./cursor.js";
import { findTrace } from "./find-ids.js";
import { linkConversations } from "./link-conversations.js";
import { readRows } from "./read-rows.js";
import { traceSummary } from "./rows.js";

/** Spans of one trace that analyses look at; of larger ones the first. */
const mostSteps = 20_000;

const wholeColumns = {
  id: "s.id",
  span_id: "lower(hex(s.span_id))",
  parent_id: "lower(hex(s.parent_id))",
};
const plainColumns =
  "name start_us duration_us ns body state kind status provider request_model response_model agent tool counted call " +
  "input_tokens cached_tokens cache_write_tokens output_tokens reasoning_tokens cost_usd first_token_us error_type error_message";
const columns: Record<string, string> = {
  ...wholeColumns,
  ...Object.fromEntries(plainColumns.split(" ").map((name) => [name, `s.${name}`])),
};

/** Use it while the question is being answered, not later. Errors: those of `findTrace`. */
export function loadRun(source: SpanSource, traceId: string): Run {
  const trace = findTrace(source.engine, traceId);
  return loadRunOf(source, trace);
}

/** `trace`: a row of the table. */
export function loadRunOf(source: SpanSource, trace: Row): Run {
  const { engine, strings } = source;
  const rows = readRows(
    engine,
    columns,
    "FROM span s WHERE s.trace = ? ORDER BY s.start_us, s.id LIMIT ?",
    [trace.id, mostSteps],
    ["cost_usd"],
  );
  const trace_id = Buffer.from(trace.trace_id).toString("hex");
  const rowOf = new Map<Step, Row>();
  const stepOf = new Map<number, Step>();
  const steps = rows.map((row): Step => {
    row.trace_id = trace_id;
    const step = readStep(row, strings);
    rowOf.set(step, row);
    stepOf.set(row.id, step);
    return step;
  });

  // not kept: what is read of a span is a small part of it
  const decode = (step: Step): DecodedSpan => decodeRow(source, rowOf.get(step) as Row, { conversation: false });
  const logged = memoised((step: Step) => loggedMessages(source, trace_id, step.span_id));
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
    const of = { span: "c.span", prev: "c.prev", items: "hex(c.items)" };
    const rest = "FROM span s JOIN conversation c ON c.span = s.id WHERE s.trace = ?";
    return linkConversations(readRows(engine, of, rest, [trace.id]));
  });

  const conversation = memoised((step: Step): Conversation => {
    const { id } = rowOf.get(step) as Row;
    const own = added().get(id);
    const continues = own?.previous == null ? undefined : stepOf.get(own.previous);
    if (own && continues) return { continues, repeated: toldTo(continues).length, added: own.ids.flatMap(item) };
    const ids = own ? conversationItems(engine, id) : [];
    if (ids.length > 0) return { continues: null, repeated: 0, added: ids.flatMap(item) };
    const recorded = inputMessages(source, decode(step), id);
    const found = recorded.length > 0 ? recorded : [...logged(step).system, ...logged(step).input];
    return { continues: null, repeated: 0, added: found.map(heardOf) };
  });
  /** The calls of one conversation share a list, of which each was sent the beginning. */
  const told = new Map<Step, { list: Heard[]; length: number }>();
  /** Without recursion: conversations are as long as runs. */
  function toldTo(step: Step): { list: Heard[]; length: number } {
    const path: Step[] = [];
    for (let at: Step | undefined = step; at && !told.has(at); at = stepOf.get(previousOf(at) ?? -1)) path.push(at);
    for (const each of path.reverse()) {
      const { continues, added: own } = conversation(each);
      const before = continues && told.get(continues);
      const isLast = before && before.list.length === before.length;
      const list = isLast ? before.list : (before?.list.slice(0, before.length) ?? []);
      for (const one of own) list.push(one);
      told.set(each, { list, length: list.length });
    }
    return told.get(step) as { list: Heard[]; length: number };
  }
  const previousOf = (step: Step) => added().get((rowOf.get(step) as Row).id)?.previous;
  const heard = (step: Step): Heard[] => {
    const { list, length } = toldTo(step);
    return list.slice(0, length);
  };
  return {
    trace: traceSummary(source, trace),
    steps,
    omitted: Math.max(0, trace.span_count - steps.length),
    contents: memoised((step: Step): Contents => {
      const own = rowSources(source, rowOf.get(step) as Row);
      const text = (name: "system" | "tool_definitions" | "input_value" | "output_value") => {
        const found = own.source(name);
        return found && "text" in found ? found.text : null;
      };
      const system = text("system");
      const said = readSaid(own.source("output"));
      return {
        finish_reason: own.finish_reason,
        tool_call_id: own.tool_call_id,
        input: text("input_value"),
        output: text("output_value"),
        system: system === null ? null : systemText(system),
        tool_definitions: text("tool_definitions"),
        // few ask for these
        get parameters() {
          return step.kind === "llm" ? requestParameters(decode(step)) : {};
        },
        said: said.length > 0 || step.kind !== "llm" ? said : logged(step).output,
      };
    }),
    conversation,
    heard,
    as_of_seq: asOfSeq(source.engine),
  };
}

function readSaid(output: ReturnType<DecodedSources["source"]>): Message[] {
  if (!output) return [];
  if ("text" in output) return readMessages(output.text, "assistant");
  return output.messages.map((text) => JSON.parse(text) as Message);
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

function readStep(row: Row, strings: Strings): Step {
  return {
    span_id: row.span_id,
    parent_span_id: row.parent_id || null,
    name: strings.text(row.name) ?? "",
    kind: spanKinds[row.kind] ?? "other",
    status: row.state === 1 ? "running" : row.state === 2 ? "abandoned" : row.status === 2 ? "error" : "ok",
    start_us: row.start_us,
    end_us: row.duration_us === null ? null : row.start_us + row.duration_us,
    agent: strings.text(row.agent),
    tool: strings.text(row.tool),
    provider: strings.text(row.provider),
    request_model: strings.text(row.request_model),
    response_model: strings.text(row.response_model),
    call: row.call === null ? null : (spanKinds[row.call] as Step["call"]),
    counted: row.counted === 1,
    input_tokens: row.input_tokens,
    cached_tokens: row.cached_tokens,
    cache_write_tokens: row.cache_write_tokens,
    output_tokens: row.output_tokens,
    reasoning_tokens: row.reasoning_tokens,
    cost_usd: row.cost_usd,
    first_token_us: row.first_token_us,
    error_type: strings.text(row.error_type),
    error_message: row.error_message,
  };
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
