/** search_spans: where some words were said, newest first. */
import * as z from "zod";
import { ago, dotted, duration, second } from "../../model/format.js";
import { SpanKind } from "../../model/kind.js";
import { Coverage, SpanSummary } from "../../model/summary.js";
import type { SpanHit } from "../../store/reader.js";
import { answerForm, filters, paging, toFilter } from "../arguments.js";
import { emptyNote } from "../empty-note.js";
import { answerPage } from "../page-answer.js";
import { idText, inline, nameText, quoted } from "../render/fence.js";
import { trouble } from "../render/span-line.js";
import { defineTool } from "../tool.js";

export const searchSpans = defineTool({
  name: "search_spans",
  title: "Search spans",
  description: "Spans by words in names, errors, messages, tool arguments and results; newest first.",
  effect: "read",
  arguments: z.strictObject({
    query: z.string().trim().min(1, "must hold at least one word"),
    kind: SpanKind.optional(),
    ...filters,
    ...paging,
    ...answerForm,
  }),
  answer: z.object({
    hits: z.array(z.object({ span: SpanSummary, field: z.string(), snippet: z.string() })),
    coverage: Coverage,
  }),
  run: (args, context) => {
    const query = {
      ...toFilter(args, context.now),
      query: args.query,
      ...(args.kind !== undefined && { kind: args.kind }),
    };
    return answerPage({
      tool: "search_spans",
      args,
      context,
      noun: "span",
      key: "hits",
      fetch: async (page) => {
        const { hits, coverage } = await context.reader.searchSpans({ ...query, ...page });
        return { items: hits, coverage };
      },
      head: () => "kind, name, time, where: recorded words, span id, trace id",
      line: (hit) => hitLine(hit, context.now),
      empty: () => emptyNote("span", context),
    });
  },
});

function hitLine({ span, field, snippet }: SpanHit, now: number): string {
  const start = Date.parse(span.start);
  return dotted([
    `${span.kind === "other" ? "span" : span.kind} ${nameText(span.name)}`,
    trouble(span, now, 80),
    `${Number.isNaN(start) ? "" : `${ago(start, now)}, `}${second(span.start)}`,
    span.duration_ms === null ? null : duration(span.duration_ms),
    field !== "name" && `${inline(field, 40)}: ${quoted(snippet, 240)}`,
    `span ${idText(span.span_id)} trace ${idText(span.trace_id)}`,
  ]);
}
