/** get_span: one step with everything that was recorded of it; large values are cut and can be paged through. */
import * as z from "zod";
import { AgensightError } from "../../model/error.js";
import { count } from "../../model/format.js";
import { charsWithin, estimateTokens } from "../../model/tokens.js";
import type { SpanDetail } from "../../store/reader.js";
import { answerForm, budgetOf, spanId, traceId } from "../arguments.js";
import { jsonText } from "../json-answer.js";
import { callText, coverageText } from "../render/coverage.js";
import { fenced, idText, quoted } from "../render/fence.js";
import { renderSections } from "../render/sections.js";
import { spanFacts, spanSections } from "../render/span-detail.js";
import { fieldText } from "../span-fields.js";
import { SpanAnswer, spanJson } from "../span-json.js";
import { defineTool, type ToolContext } from "../tool.js";

type Arguments = { trace_id?: string | undefined; max_tokens?: number | undefined; format: "text" | "json" };

export const getSpan = defineTool({
  name: "get_span",
  title: "Get a span",
  description:
    "One span whole: facts, messages, arguments, result, attributes. field + offset page one large value: input_messages, output_messages, system, tool_definitions, input_value, output_value, error_stack or an attribute key.",
  effect: "read",
  arguments: z.strictObject({
    span_id: spanId,
    trace_id: traceId.optional(),
    field: z.string().optional(),
    offset: z.int().min(0).optional(),
    ...answerForm,
  }),
  answer: SpanAnswer,
  run: async (args, context) => {
    if (args.offset !== undefined && args.field === undefined) {
      throw new AgensightError("bad_argument", "offset needs field: the value to page through.");
    }
    const { span_id, trace_id } = args;
    const span = await context.reader.getSpan({ span_id, ...(trace_id !== undefined && { trace_id }) });
    const budget = budgetOf(args);
    if (args.field !== undefined) return fieldPage(span, args.field, args.offset ?? 0, args.format, budget, context);
    return args.format === "json" ? spanJson(span, budget) : spanText(span, args, budget, context);
  },
});

function fieldPage(
  span: SpanDetail,
  field: string,
  offset: number,
  format: "text" | "json",
  budget: number,
  context: ToolContext,
): string {
  const text = fieldText(span, field);
  if (offset > text.length) {
    throw new AgensightError(
      "bad_argument",
      `offset ${offset} is past the end: ${quoted(field, 80)} has ${count(text.length)} characters.`,
    );
  }
  const room = budget - 170 - estimateTokens(field) * 2;
  const ahead = text.slice(offset, offset + budget * 8);
  let end = offset + (format === "json" ? jsonChars(ahead, room) : charsWithin(ahead, room));
  if (/[\ud800-\udbff]/.test(text[end - 1] ?? "") && end < text.length) end -= 1;
  const next = end < text.length ? end : null;
  if (format === "json") {
    const { trace_id, span_id, as_of_seq } = span;
    return jsonText({
      trace_id,
      span_id,
      field,
      offset,
      total_chars: text.length,
      text: text.slice(offset, end),
      next_offset: next,
      coverage: {
        matched: text.length,
        matched_is_minimum: false,
        returned: end - offset,
        next_cursor: null,
        as_of_seq,
        notes: [],
      },
    });
  }
  const label = `${quoted(field, 80)} of span ${idText(span.span_id)}, chars ${count(offset)} to ${count(end)} of ${count(text.length)}`;
  const tail = coverageText(
    [
      next === null ? "to the end" : `cut by max_tokens ${budget}, ${count(text.length - end)} chars left`,
      `as of seq ${span.as_of_seq}`,
    ],
    next === null ? null : callText("get_span", { ...context.given, offset: next }),
  );
  return `${fenced(label, text.slice(offset, end))}\n${tail}`;
}

/** How much of `text` fits `budget` once it is a JSON string, where quotes and line ends take more. */
function jsonChars(text: string, budget: number): number {
  let chars = charsWithin(text, budget);
  for (let tokens = estimateTokens(jsonText(text.slice(0, chars))); tokens > budget && chars > 0; ) {
    chars = Math.floor(chars * Math.min(0.95, budget / tokens));
    tokens = estimateTokens(jsonText(text.slice(0, chars)));
  }
  return chars;
}

function spanText(span: SpanDetail, args: Arguments, budget: number, context: ToolContext): string {
  const facts = spanFacts(span, context.now);
  const id = `span_id=${span.span_id}${args.trace_id === undefined ? "" : ` trace_id=${span.trace_id}`}`;
  const sections = spanSections(span, (field, offset) => `get_span ${id} field=${field} offset=${offset}`);
  const room = budget - estimateTokens(facts) - 110;
  const { text, cut } = renderSections(sections, room);
  const tail = coverageText(
    [
      cut.length === 0
        ? "all fields whole"
        : `${cut.length} of ${sections.length} fields cut to fit max_tokens ${budget}`,
      span.counted && span.cost_usd === null && span.kind === "llm" && "1 call unpriced",
      `as of seq ${span.as_of_seq}`,
    ],
    null,
  );
  return [facts, sections.length > 0 && fenced("content", text), tail].filter(Boolean).join("\n");
}
