/** Messages as text: a heading each, the body indented, so that no recorded line can pose as a heading. */
import type { Message, MessagePart } from "../../model/message.js";
import { inline } from "./fence.js";

const value = (of: unknown) => (typeof of === "string" ? of : (JSON.stringify(of) ?? ""));

function partText(part: MessagePart): string {
  switch (part.type) {
    case "text":
      return part.content;
    case "reasoning":
      return `(reasoning) ${part.content}`;
    case "tool_call":
      return `→ ${part.name}${part.id === null ? "" : ` [${part.id}]`} ${value(part.arguments)}`;
    case "tool_call_response":
      return `←${part.id === null ? "" : ` [${part.id}]`} ${value(part.response)}`;
    case "media":
      return `(media: ${part.summary})`;
  }
}

/** `text` with every line, however it is broken, two spaces in. */
export function indented(text: string): string {
  return `  ${text.replace(/\r\n?|[\n\u2028\u2029\u0085]/g, "\n  ")}`;
}

/** A message's parts, indented; empty messages say so. */
export function messageBody(message: Message): string {
  return indented(message.parts.map(partText).join("\n") || "(empty)");
}

/** Messages as one text, and where in it each body begins: what `field` and `offset` of get_span page through. */
export function messagesText(messages: readonly Message[]): { text: string; bodies: number[] } {
  const pieces: string[] = [];
  const bodies: number[] = [];
  let length = 0;
  for (const [i, message] of messages.entries()) {
    const finish = message.finish_reason === undefined ? "" : ` (finish: ${inline(message.finish_reason, 40)})`;
    const heading = `#${i + 1} ${inline(message.role, 40)}${finish}\n`;
    const body = messageBody(message);
    bodies.push(length + heading.length);
    pieces.push(heading + body);
    length += heading.length + body.length + 1;
  }
  return { text: pieces.join("\n"), bodies };
}
