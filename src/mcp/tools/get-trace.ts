/** get_trace: one run as a tree, the best first. */
import * as z from "zod";
import { AgensightError } from "../../model/error.js";
import { ago, count, dotted, plural } from "../../model/format.js";
import { Coverage, SpanSummary, TraceSummary } from "../../model/summary.js";
import { estimateTokens } from "../../model/tokens.js";
import { buildTree, walkTree } from "../../model/tree.js";
import type { TraceTree } from "../../store/reader.js";
import { answerForm, budgetOf, spanId, traceId } from "../arguments.js";
import { jsonFit, jsonText, shortened } from "../json-answer.js";
import { callText, coverageLine } from "../render/coverage.js";
import { idText, nameText } from "../render/fence.js";
import { lineFrame, spanLine } from "../render/span-line.js";
import { names, verdict } from "../render/trace-line.js";
import { renderTree } from "../render/trace-tree.js";
import { defineTool, type ToolContext } from "../tool.js";

/** Spans loaded for a tree, and for pages in start order. */
const treeSpans = 5000;
const pageSpans = 100_000;
/** Spans that one page may hold at most. */
const longestPage = 2000;
/** Budgets below leave out what the caller knows. */
const roomy = 500;

const Answer = z.object({
  trace: TraceSummary,
  /** in start order */
  spans: z.array(SpanSummary),
  /** spans of the trace or subtree that are not in `spans` */
  omitted: z.number(),
  coverage: Coverage,
});

type Arguments = {
  trace_id: string;
  span_id?: string | undefined;
  max_tokens?: number | undefined;
  format: "text" | "json";
};

export const getTrace = defineTool({
  name: "get_trace",
  title: "Get a trace",
  description:
    'One run as a tree of spans: errors, slowest and costliest first, the rest folded. span_id: that subtree; cursor "s0": all spans in order.',
  effect: "read",
  arguments: z.strictObject({
    trace_id: traceId,
    span_id: spanId.optional(),
    cursor: z.string().optional(),
    ...answerForm,
  }),
  answer: Answer,
  run: async (args, context) => {
    const offset = readCursor(args.cursor);
    const paged = args.format === "json" || offset !== null;
    const tree = await context.reader.getTrace({
      trace_id: args.trace_id,
      ...(args.span_id !== undefined && { span_id: args.span_id }),
      max_spans: paged ? pageSpans : treeSpans,
    });
    if (args.format === "json") return jsonPage(tree, offset ?? 0, budgetOf(args));
    return offset === null ? treeText(tree, args, context) : pageText(tree, offset, args, context);
  },
});

/** Cursors of this tool count spans in start order. */
function readCursor(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  if (/^s\d{1,9}$/.test(cursor)) return Number(cursor.slice(1));
  throw new AgensightError("bad_argument", "cursor is not one of get_trace.", {
    hint: 'Start with cursor "s0": all spans in order.',
  });
}

function coverageOf(tree: TraceTree, returned: number, next: number | null): Coverage {
  const matched = tree.spans.length + tree.omitted;
  const unread =
    tree.omitted > 0
      ? [
          `${count(tree.omitted)} spans of this very large trace were not read: ask with span_id for a subtree, or search_spans`,
        ]
      : [];
  return {
    matched,
    matched_is_minimum: false,
    returned,
    next_cursor: next !== null && next < tree.spans.length ? `s${next}` : null,
    as_of_seq: tree.as_of_seq,
    notes: unread,
  };
}

function jsonPage(tree: TraceTree, offset: number, budget: number): string {
  const rest = tree.spans.slice(offset, offset + longestPage);
  const trace = shortened(tree.trace, budget * 0.4);
  const room = budget - estimateTokens(jsonText(trace)) - 120;
  const fit = jsonFit(rest, room);
  const spans = fit > 0 ? rest.slice(0, fit) : rest.slice(0, 1).map((span) => shortened(span, room));
  const coverage = coverageOf(tree, spans.length, offset + spans.length);
  return jsonText({ trace, spans, omitted: coverage.matched - spans.length, coverage });
}

/** With little room, the verdict alone. */
function head({ trace, spans, omitted }: TraceTree, args: Arguments, budget: number, now: number): string {
  const about = dotted([
    `trace ${idText(trace.trace_id)}`,
    nameText(trace.name),
    `started ${trace.start} (${ago(Date.parse(trace.start), now)})`,
    trace.service !== null && `service ${nameText(trace.service, 60)}`,
    trace.session_id !== null && `session ${idText(trace.session_id)}`,
    names("agent", trace.agents),
    names("model", trace.models),
  ]);
  const id =
    args.span_id === undefined
      ? ""
      : `only the subtree of span ${idText(args.span_id)}: ${plural(spans.length + omitted, "span")}`;
  const legend = "\n+start offset, kind, name, duration, tokens, cost, span id (names and errors are recorded data)";
  return [verdict(trace, now), budget >= roomy && about, id, budget >= roomy && legend].filter(Boolean).join("\n");
}

function treeText(tree: TraceTree, args: Arguments, context: ToolContext): string {
  const { trace_id, unpriced_calls: unpriced } = tree.trace;
  const budget = budgetOf(args);
  const top = head(tree, args, budget, context.now);
  const all = `${callText("get_trace", { ...context.given, trace_id, cursor: "s0" })} for all in start order`;
  const deeper =
    budget < roomy ? "" : `, or ${callText("get_trace", { trace_id, span_id: "<span id>" })} for a subtree`;
  const why = tree.trace.status === "error" && budget >= roomy ? callText("diagnose_trace", { trace_id }) : null;
  const tail = (shown: number) => {
    const folded = tree.spans.length - shown;
    const cut = folded > 0 ? `${count(folded)} folded to fit max_tokens ${budget}` : null;
    return coverageLine({
      coverage: coverageOf(tree, shown, null),
      noun: "span",
      cut,
      unpriced,
      next: [why && `${why} for why it failed`, folded > 0 && all + deeper].filter(Boolean).join("; ") || null,
    });
  };
  const room = budget - estimateTokens(top) - estimateTokens(tail(0)) - 10;
  const { text, shown } = renderTree(buildTree(tree.spans), lineFrame(tree.trace, context.now), room);
  return `${top}\n${text}\n${tail(shown)}`;
}

function pageText(tree: TraceTree, offset: number, args: Arguments, context: ToolContext): string {
  const { trace_id, unpriced_calls: unpriced } = tree.trace;
  const budget = budgetOf(args);
  const frame = lineFrame(tree.trace, context.now);
  const depths = new Map(Array.from(walkTree(buildTree(tree.spans)), (node) => [node.span.span_id, node.depth]));
  const top = offset === 0 ? `${head(tree, args, budget, context.now)}\n` : "";
  const room = budget - estimateTokens(top) - 150;
  const lines: string[] = [];
  let used = 0;
  for (const span of tree.spans.slice(offset, offset + longestPage)) {
    const line = `${depths.get(span.span_id) ?? 0}> ${spanLine(span, frame)}`;
    used += estimateTokens(line) + 1;
    if (used > room && lines.length > 0) break;
    lines.push(line);
  }
  const end = offset + lines.length;
  const coverage = coverageOf(tree, lines.length, end);
  const cursor = coverage.next_cursor;
  const tail = coverageLine({
    coverage,
    noun: "span",
    unpriced,
    cut: cursor && `cut by max_tokens ${budget}`,
    next: cursor && callText("get_trace", { ...context.given, trace_id, cursor }),
  });
  return `${top}spans ${count(offset + 1)} to ${count(end)} in start order, each after its depth\n${lines.join("\n")}\n${tail}`;
}
