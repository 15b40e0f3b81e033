/** list_sessions: which conversations there are, one line each. */
import * as z from "zod";
import { Coverage, SessionSummary } from "../../model/summary.js";
import { answerForm, filters, paging, textFilter, toFilter } from "../arguments.js";
import { emptyNote } from "../empty-note.js";
import { answerPage } from "../page-answer.js";
import { sessionLine } from "../render/session-line.js";
import { defineTool } from "../tool.js";

export const listSessions = defineTool({
  name: "list_sessions",
  title: "List sessions",
  description: "Which sessions (conversations over one or more traces) there are, latest first.",
  effect: "read",
  arguments: z.strictObject({ ...filters, user_id: z.string().optional(), ...textFilter, ...paging, ...answerForm }),
  answer: z.object({ sessions: z.array(SessionSummary), coverage: Coverage }),
  run: (args, context) => {
    const filter = toFilter(args, context.now);
    return answerPage({
      tool: "list_sessions",
      args,
      context,
      noun: "session",
      key: "sessions",
      fetch: async (page) => {
        const { sessions, coverage } = await context.reader.listSessions({ ...filter, ...page });
        return { items: sessions, coverage };
      },
      line: (session) => sessionLine(session, context.now),
      unpriced: (shown) => shown.reduce((sum, { unpriced_calls }) => sum + unpriced_calls, 0),
      empty: () => emptyNote("session", context),
    });
  },
});
