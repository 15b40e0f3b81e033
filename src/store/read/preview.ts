/** What a span says, in one line. */

import type { Message, MessagePart } from "../../model/message.js";
import { jsonText } from "../../model/read-part.js";
import type { Row } from "../engines/engine.js";
import {
  decodeRow,
  loggedMessages,
  newInputMessages,
  outputMessages,
  type SpanSource,
  sourceText,
} from "../read-span.js";

/** Columns beyond those of a summary that a preview reads. */
export const previewColumns = "s.ns, s.resource, s.scope, s.body";

/** characters */
const longest = 160;
/** What is redacted of a text before it is cut: the longest secrets are keys. */
const redacted = 8_000;

function partText(part: MessagePart): string {
  switch (part.type) {
    case "tool_call":
      return `${part.name}(${jsonText(part.arguments)})`;
    case "tool_call_response":
      return jsonText(part.response);
    case "media":
      return part.summary;
    default:
      return part.content;
  }
}

function lastMessage(messages: Message[]): string {
  return messages.at(-1)?.parts.map(partText).join(" ") ?? "";
}

/** Of at most 160 characters, white space folded: the error, else the answer or result, else the question; null = it says nothing. */
export function preview(source: SpanSource, row: Row): string | null {
  const text = words(source, row).slice(0, source.redact ? redacted : 4 * longest);
  const said = (source.redact?.(text) ?? text)
    .slice(0, 4 * longest)
    .replace(/\s+/g, " ")
    .trim();
  if (said === "") return null;
  return said.length <= longest ? said : `${said.slice(0, longest - 1)}…`;
}

function words(source: SpanSource, row: Row): string {
  if (row.error_message) return row.error_message;
  const decoded = decodeRow(source, row, { conversation: false });
  const logged = row.late ? loggedMessages(source, row.trace_id, row.span_id) : { input: [], output: [] };
  return (
    lastMessage(outputMessages(decoded)) ||
    lastMessage(logged.output) ||
    sourceText(decoded, "output_value") ||
    lastMessage(newInputMessages(source, decoded, row.id)) ||
    lastMessage(logged.input) ||
    sourceText(decoded, "input_value") ||
    ""
  );
}
