/** How much recorded text is shown: nothing, the first words, or all of it. Decided once, before anyone asks the store. */
import type { Message, MessagePart } from "../model/message.js";
import type { ShownContent } from "../model/shown-content.js";
import type { SpanSummary } from "../model/summary.js";
import type { SpanDetail, TimelineEntry, TraceReader } from "../store/reader.js";

/** characters */
const previewed = 160;

const hidden = (text: string): string => `[${text.length} characters, not shown]`;
const begun = (text: string): string =>
  text.length <= previewed ? text : `${text.slice(0, previewed)}… [${text.length} characters in all]`;

type Show = (text: string) => string;
const shows: Record<Exclude<ShownContent, "full">, Show> = { none: hidden, preview: begun };

const orNull = (show: Show, text: string | null): string | null => (text === null ? null : show(text));

/** What is no text passes when it holds none. */
function value(show: Show, given: unknown): unknown {
  if (typeof given === "string") return show(given);
  return typeof given === "object" && given !== null ? show(JSON.stringify(given)) : given;
}

function values(show: Show, attributes: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([key, given]) => [key, value(show, given)]));
}

function part(show: Show, given: MessagePart): MessagePart {
  switch (given.type) {
    case "tool_call":
      return { ...given, arguments: value(show, given.arguments) };
    case "tool_call_response":
      return { ...given, response: value(show, given.response) };
    case "media":
      return given;
    default:
      return { ...given, content: show(given.content) };
  }
}

function message(show: Show, given: Message): Message {
  return { ...given, parts: given.parts.map((each) => part(show, each)) };
}

function summary<T extends SpanSummary>(show: Show, span: T): T {
  return { ...span, error_message: orNull(show, span.error_message) };
}

function detail(show: Show, span: SpanDetail): SpanDetail {
  return {
    ...summary(show, span),
    error_stack: orNull(show, span.error_stack),
    system: orNull(show, span.system),
    input_messages: span.input_messages.map((each) => message(show, each)),
    output_messages: span.output_messages.map((each) => message(show, each)),
    tool_definitions: orNull(show, span.tool_definitions),
    input_value: orNull(show, span.input_value),
    output_value: orNull(show, span.output_value),
    attributes: values(show, span.attributes),
    events: span.events.map((event) => ({ ...event, attributes: values(show, event.attributes) })),
    links: span.links.map((link) => ({ ...link, attributes: values(show, link.attributes) })),
  };
}

function entry(show: Show, given: TimelineEntry): TimelineEntry {
  if (given.type === "message") return { ...given, message: message(show, given.message) };
  if (given.type === "error") return { ...given, error_message: orNull(show, given.error_message) };
  return { ...given, input: orNull(show, given.input), output: orNull(show, given.output) };
}

/** The same store with texts shown as far as `content` says: for tools, feeds and routes alike. Names, ids and numbers are always shown. */
export function limitContent(
  reader: () => Promise<TraceReader | null>,
  content: ShownContent,
): () => Promise<TraceReader | null> {
  if (content === "full") return reader;
  return async () => {
    const whole = await reader();
    return whole && limited(whole, content);
  };
}

function limited(reader: TraceReader, content: Exclude<ShownContent, "full">): TraceReader {
  const show = shows[content];
  return {
    ...reader,
    async getTrace(query) {
      const tree = await reader.getTrace(query);
      return { ...tree, spans: tree.spans.map((span) => summary(show, span)) };
    },
    getSpan: async (query) => detail(show, await reader.getSpan(query)),
    async searchSpans(query) {
      const { hits, coverage } = await reader.searchSpans(query);
      return {
        hits: hits.map((hit) => ({ ...hit, span: summary(show, hit.span), snippet: show(hit.snippet) })),
        coverage,
      };
    },
    async getSession(query) {
      const session = await reader.getSession(query);
      return { ...session, timeline: session.timeline.map((each) => entry(show, each)) };
    },
    async changes(query) {
      const found = await reader.changes({ ...query, previews: query.previews === true && content !== "none" });
      return { ...found, changes: found.changes.map((change) => ({ ...change, span: summary(show, change.span) })) };
    },
  };
}
