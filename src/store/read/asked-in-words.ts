/** Whom recorded words ask to go on: tool calls in a model's answer, the next step in an agent's output. */
import type { Asked, GraphSpan } from "../../model/hand-off-wishes.js";
import { decodeRow, outputMessages, type SpanSource, sourceText, wholeSpanColumns } from "../read-span.js";
import type { DecodedSpan } from "../span-body.js";

/** Bodies read for one question: of one trace or session, and of a window, where others like them tell as much. */
const mostOfOne = 200;
const mostOfMany = 40;
/** characters of an agent's output */
const longestOutput = 200_000;

export function askedInWords(source: SpanSource, ofOne: boolean): Asked {
  const mostBodies = ofOne ? mostOfOne : mostOfMany;
  let read = 0;
  const body = ({ id }: GraphSpan): DecodedSpan | null => {
    if (read >= mostBodies) return null;
    read++;
    const row = source.engine.get(
      `SELECT ${wholeSpanColumns} FROM span s JOIN trace t ON t.id = s.trace WHERE s.id = ?`,
      [id],
    );
    return row ? decodeRow(source, row, { conversation: false }) : null;
  };
  return {
    turns: ofOne,
    tools(call) {
      const decoded = body(call);
      return (
        decoded &&
        outputMessages(decoded).flatMap(({ parts }) =>
          parts.flatMap((part) => (part.type === "tool_call" ? [part.name] : [])),
        )
      );
    },
    next(agent) {
      const decoded = body(agent);
      return decoded && nextOf(sourceText(decoded, "output_value"));
    },
  };
}

/** `goto` of LangGraph's `Command`, as its serialisations write it. */
function nextOf(output: string | null): string[] {
  if (output === null || output.length > longestOutput || !output.includes('"goto"')) return [];
  try {
    const value = JSON.parse(output);
    const goto = value?.goto ?? value?.update?.goto;
    return (Array.isArray(goto) ? goto : [goto]).flatMap((to) => (typeof to === "string" ? [to] : (to?.node ?? [])));
  } catch {
    return [];
  }
}
