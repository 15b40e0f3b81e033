/** get_session: the conversation, one timeline across traces, each message once. */
import * as z from "zod";
import { AgensightError } from "../../model/error.js";
import { Coverage, SessionSummary, SpanStatus, TraceSummary } from "../../model/summary.js";
import { estimateTokens } from "../../model/tokens.js";
import type { SessionDetail, TimelineEntry } from "../../store/reader.js";
import { answerForm, budgetOf, paging } from "../arguments.js";
import { jsonFit, shortened } from "../json-answer.js";
import { answerPage } from "../page-answer.js";
import { fenced, idText, quoted } from "../render/fence.js";
import { sessionLine } from "../render/session-line.js";
import { type EntryText, renderTimeline } from "../render/timeline.js";
import { MessageJson } from "../span-json.js";
import { defineTool } from "../tool.js";

const entry = {
  time: z.string(),
  trace_id: z.string(),
  span_id: z.string(),
  agent: z.string().nullable(),
  model: z.string().nullable(),
};
const Entry = z.union([
  z.object({ ...entry, type: z.literal("message"), message: MessageJson }),
  z.object({
    ...entry,
    type: z.literal("tool"),
    tool: z.string(),
    duration_ms: z.number().nullable(),
    status: SpanStatus,
    input: z.string().nullable(),
    output: z.string().nullable(),
  }),
  z.object({
    ...entry,
    type: z.literal("error"),
    name: z.string(),
    error_type: z.string().nullable(),
    error_message: z.string().nullable(),
  }),
]);

export const getSession = defineTool({
  name: "get_session",
  title: "Get a session",
  description: "One session as a conversation over its traces, each message once, oldest first.",
  effect: "read",
  arguments: z.strictObject({
    session_id: z.string().min(1),
    user_id: z.string().optional(),
    ...paging,
    ...answerForm,
  }),
  answer: z.object({
    session: SessionSummary,
    /** as many as fit; all of them: list_traces with session_id */
    traces: z.array(TraceSummary),
    timeline: z.array(Entry),
    coverage: Coverage,
  }),
  run: (args, context) => {
    const budget = budgetOf(args);
    let detail: SessionDetail | undefined;
    const title = (session: SessionSummary) => `session ${sessionLine(session, context.now)}`;
    // What the page adds around the timeline: fence, coverage, next call.
    const room = (session: SessionSummary) =>
      budget - estimateTokens(title(session) + JSON.stringify(context.given)) - 120;
    return answerPage<{ entry: TimelineEntry; text: EntryText | null }>({
      tool: "get_session",
      args,
      context,
      noun: "entry",
      key: "timeline",
      fetch: async (page) => {
        detail = await context.reader.getSession({ session_id: args.session_id, ...page });
        const { session, timeline, coverage } = detail;
        if (args.user_id !== undefined && !session.user_ids.includes(args.user_id)) {
          throw new AgensightError(
            "not_found",
            `Session ${idText(session.session_id)} has no user ${quoted(args.user_id, 80)}.`,
            {
              hint: "list_sessions takes user_id.",
            },
          );
        }
        const texts = args.format === "json" ? [] : await renderTimeline(timeline, context.reader, room(session));
        return { items: timeline.map((entry, i) => ({ entry, text: texts[i] ?? null })), coverage };
      },
      head: () => (detail === undefined ? "" : title(detail.session)),
      keepHead: true,
      line: ({ text }) => text ?? "",
      wrap: (lines) => fenced("conversation", lines),
      json: ({ entry }) => entry,
      extra: (budget) => (detail === undefined ? {} : withinShare(detail, budget * 0.3)),
      unpriced: () => detail?.session.unpriced_calls ?? 0,
      empty: async () => "nothing was said in this session: its spans hold no messages, tools or errors",
    });
  },
});

function withinShare({ session, traces }: SessionDetail, budget: number) {
  return { session: shortened(session, budget), traces: traces.slice(0, jsonFit(traces, budget)) };
}
