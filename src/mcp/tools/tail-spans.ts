/** tail_spans: what happens to spans, while it happens. */
import * as z from "zod";
import { AgensightError } from "../../model/error.js";
import { duration, plural } from "../../model/format.js";
import { SpanKind } from "../../model/kind.js";
import { LiveSpan, liveSpan } from "../../model/live.js";
import { Coverage } from "../../model/summary.js";
import { estimateTokens } from "../../model/tokens.js";
import { answerForm, budgetOf, filters, paging, traceId } from "../arguments.js";
import { type Collected, collectChanges, type Position, type WaitFor } from "../collect-changes.js";
import { jsonFit, jsonText, shortened } from "../json-answer.js";
import { ChangeStatus, toLiveFilter } from "../live-filter.js";
import { changeLegend, changeLine } from "../render/changes.js";
import { callText, coverageText } from "../render/coverage.js";
import { inline } from "../render/fence.js";
import { resolveTrace } from "../resolve.js";
import { defineTool, type ToolContext } from "../tool.js";

const { service, session_id, agent, model } = filters;

const waitingFor: Record<WaitFor, string> = {
  match: "waiting for a match",
  idle: "waiting for a quiet second",
  trace_end: "waiting for the trace to end",
};

type Arguments = { wait_ms: number; limit: number; max_tokens?: number | undefined; format: "text" | "json" };

export const tailSpans = defineTool({
  name: "tail_spans",
  title: "Tail spans",
  description:
    "Wait for spans to start and end, live. No cursor: from now. wait_for idle: until 1 s of quiet; trace_end: until a matching run is over.",
  effect: "read",
  arguments: z.strictObject({
    cursor: z.string().optional(),
    wait_ms: z.int().min(0).max(25_000).default(10_000),
    wait_for: z.enum(["match", "idle", "trace_end"]).default("match"),
    kind: SpanKind.optional(),
    service,
    session_id,
    agent,
    model,
    status: ChangeStatus.optional(),
    trace_id: traceId.optional(),
    limit: paging.limit,
    ...answerForm,
  }),
  answer: z.object({
    spans: z.array(LiveSpan),
    next_cursor: z.string(),
    /** `wait_ms` were over before what was waited for happened */
    timed_out: z.boolean(),
    /** more lies after `next_cursor` already */
    has_more: z.boolean(),
    coverage: Coverage,
  }),
  run: async (args, context) => {
    const { cursor, wait_ms, wait_for, limit, max_tokens: _, format, trace_id, ...wanted } = args;
    const trace = trace_id === undefined ? undefined : await resolveTrace(context.reader, trace_id);
    const found = await collectChanges({
      reader: context.reader,
      live: context.live,
      filter: toLiveFilter({ ...wanted, trace_id: trace }),
      from: readCursor(cursor),
      limit,
      waitMs: wait_ms,
      waitFor: wait_for,
      signal: context.signal,
      report: (count) => context.progress(`${plural(count, "span")}, ${waitingFor[wait_for]}`),
    });
    if (found.dropped > 0) found.notes.push(`recorders left out ${plural(found.dropped, "span")} meanwhile`);
    if (found.position.store === "") found.notes.push(await context.nothingRecorded());
    return format === "json" ? jsonAnswer(found, args) : textAnswer(found, args, context);
  },
});

/** Opaque to callers: where in the count, and in which store's. Errors: bad_argument. */
function readCursor(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const [, seq, store = ""] = /^t(\d{1,15})(?:\.([0-9a-f]{1,8}))?$/.exec(cursor) ?? [];
  if (seq !== undefined) return { store, seq: Number(seq) };
  throw new AgensightError("bad_argument", "cursor is not one of tail_spans.", {
    hint: "Leave it out to begin now, or give the next_cursor of an earlier answer.",
  });
}

function writeCursor({ store, seq }: Position): string {
  const mark = /^[0-9a-f]{1,8}/.exec(store)?.[0];
  return `t${seq}${mark === undefined ? "" : `.${mark}`}`;
}

/** The answer with its first `n` changes only; the cursor then stands behind the last of these. */
function within(found: Collected, n: number): { next_cursor: string; has_more: boolean; coverage: Coverage } {
  const last = found.changes[n - 1];
  const cut = n < found.changes.length;
  const next_cursor = writeCursor(cut && last ? { ...found.position, seq: last.span.seq } : found.position);
  const has_more = cut || found.more;
  const coverage: Coverage = {
    matched: found.changes.length,
    matched_is_minimum: found.more,
    returned: n,
    next_cursor: has_more ? next_cursor : null,
    as_of_seq: found.as_of_seq,
    notes: found.notes,
  };
  return { next_cursor, has_more, coverage };
}

function jsonAnswer(found: Collected, args: Arguments): string {
  const room = budgetOf(args) - 120 - estimateTokens(jsonText(found.notes));
  const all = found.changes.map(liveSpan);
  const fit = jsonFit(all, room);
  const spans = fit === 0 ? all.slice(0, 1).map((span) => shortened(span, room)) : all.slice(0, fit);
  const { next_cursor, has_more, coverage } = within(found, spans.length);
  return jsonText({ spans, next_cursor, timed_out: found.timedOut, has_more, coverage });
}

function textAnswer(found: Collected, args: Arguments, context: ToolContext): string {
  const budget = budgetOf(args);
  const notes = found.notes.map((note) => `note: ${inline(note, 1500)}`);
  const room = budget - estimateTokens(changeLegend + notes.join("\n") + JSON.stringify(context.given)) - 100;
  const lines: string[] = [];
  let used = 0;
  for (const change of found.changes) {
    const line = changeLine(change, context.now);
    used += estimateTokens(line) + 1;
    if (used > room && lines.length > 0) break;
    lines.push(line);
  }
  const { next_cursor, has_more, coverage } = within(found, lines.length);
  const parts = [
    lines.length === 0 ? "no matching change" : plural(lines.length, "change"),
    lines.length < found.changes.length && `cut by max_tokens ${budget}`,
    has_more && "more at once with the next call",
    found.timedOut && `waited ${duration(args.wait_ms)}`,
    `as of seq ${coverage.as_of_seq}`,
  ];
  const next = callText("tail_spans", { ...context.given, cursor: next_cursor });
  return [lines.length > 0 && changeLegend, ...lines, ...notes, coverageText(parts, next)].filter(Boolean).join("\n");
}
