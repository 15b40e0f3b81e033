/** Reads whole spans back: the OTLP/JSON as it came, and the texts that the normaliser pointed at. */
import type { Message } from "../model/message.js";
import { readMessages } from "../model/read-message.js";
import type { ContentReader } from "./content.js";
import { addedMessages, conversationItems, conversationText } from "./conversations.js";
import type { Engine, Row } from "./engines/engine.js";
import {
  type DecodedSources,
  type DecodedSpan,
  decodeSources,
  decodeSpan,
  readShape,
  type Shape,
  valueText,
} from "./span-body.js";
import type { Strings } from "./strings.js";

export type SpanSource = {
  engine: Engine;
  strings: Strings;
  content: ContentReader;
  shape(id: number): Shape;
  /** what texts pass before only a part of them is shown: half of a secret is not recognised any more */
  redact?: Redact;
};

export type Redact = (text: string) => string;

const shapeCacheLimit = 5000;

/** The interned forms of spans, by id. */
export function openShapes(engine: Engine): (id: number) => Shape {
  const cache = new Map<number, Shape>();
  return (id) => {
    let shape = cache.get(id);
    if (shape === undefined) {
      shape = readShape(String(engine.get("SELECT body FROM shape WHERE id = ?", [id])?.body ?? ""));
      if (cache.size > shapeCacheLimit) cache.clear();
      cache.set(id, shape);
    }
    return shape;
  };
}

export const wholeSpanColumns =
  "s.id, hex(t.trace_id) AS trace_id, hex(s.span_id) AS span_id, hex(s.parent_id) AS parent_id, s.name, s.start_us, s.duration_us, s.ns, s.resource, s.scope, s.body";

/** `row` has the columns above. Without `conversation` the attribute that holds the whole of it is empty: making it costs as much as it is long. */
export function decodeRow(source: SpanSource, row: Row, { conversation = true } = {}): DecodedSpan {
  const { engine, strings, content } = source;
  return decodeSpan(
    {
      shape: source.shape,
      text: content.text,
      conversation: () => (conversation ? (conversationText(engine, content.text, row.id) ?? "") : ""),
    },
    {
      trace_id: row.trace_id.toLowerCase(),
      span_id: row.span_id.toLowerCase(),
      parent_span_id: row.parent_id ? row.parent_id.toLowerCase() : null,
      name: strings.text(row.name) ?? "",
      start_us: row.start_us,
      start_ns: row.ns % 1000,
      end_us: row.duration_us === null ? null : row.start_us + row.duration_us,
      end_ns: Math.floor(row.ns / 1000),
    },
    content.text(row.body),
  );
}

/** The texts of a row with `body`; none is that of the whole conversation, see `decodeRow`. */
export function rowSources({ shape, content }: SpanSource, row: Row): DecodedSources {
  return decodeSources({ shape, text: content.text, conversation: () => "" }, content.text(row.body));
}

function attributeText(decoded: DecodedSpan, key: string): string | null {
  return valueText(decoded.span.attributes?.find((attribute) => attribute.key === key)?.value);
}

/** The text behind one of the normaliser's sources; null = the span has none. */
export function sourceText(
  decoded: DecodedSpan,
  name: "system" | "tool_definitions" | "input_value" | "output_value",
): string | null {
  const source = decoded.sources[name];
  if (!source) return null;
  if ("key" in source) return attributeText(decoded, source.key);
  return "text" in source ? source.text : null;
}

export function outputMessages(decoded: DecodedSpan): Message[] {
  const source = decoded.sources.output;
  if (!source) return [];
  if ("key" in source) return readMessages(attributeText(decoded, source.key) ?? "[]", "assistant");
  return "messages" in source ? source.messages.map((text) => JSON.parse(text) as Message) : [];
}

/** JSON texts of messages as they lie in the store: raw elements of any dialect, or messages already in our shape. */
function readStored(texts: string[]): Message[] {
  return texts.flatMap((text) => readMessages(text, "user"));
}

export function inputMessages(source: SpanSource, decoded: DecodedSpan, span: number): Message[] {
  const ids = conversationItems(source.engine, span);
  if (ids.length > 0) return readStored(ids.map(source.content.text));
  const input = decoded.sources.input;
  return input && "key" in input ? readMessages(attributeText(decoded, input.key) ?? "[]", "user") : [];
}

/** The input messages that the call this one continues did not have. */
export function newInputMessages(source: SpanSource, decoded: DecodedSpan, span: number): Message[] {
  const added = addedMessages(source.engine, span);
  return added ? readStored(added.ids.map(source.content.text)) : inputMessages(source, decoded, span);
}

type LoggedMessages = { system: Message[]; input: Message[]; output: Message[] };

/** What log records say of a span, in their order of time. */
export function loggedMessages(source: SpanSource, traceId: string, spanId: string): LoggedMessages {
  const found: LoggedMessages = { system: [], input: [], output: [] };
  const rows = source.engine.all("SELECT messages FROM log WHERE trace_id = ? AND span_id = ? ORDER BY time_us, id", [
    Buffer.from(traceId, "hex"),
    Buffer.from(spanId, "hex"),
  ]);
  for (const row of rows) {
    const entries = JSON.parse(source.content.text(row.messages)) as {
      direction: keyof LoggedMessages;
      message: Message;
    }[];
    for (const { direction, message } of entries) found[direction].push(message);
  }
  return found;
}

/** What surrounds a span or a record in OTLP, as it came. */
export function envelope(engine: Engine, row: Row): { resource: object; scope: { scope?: object } } {
  return {
    resource: JSON.parse(engine.get("SELECT body FROM resource WHERE id = ?", [row.resource])?.body ?? "{}"),
    scope: JSON.parse(engine.get("SELECT body FROM scope WHERE id = ?", [row.scope])?.body ?? "{}"),
  };
}
