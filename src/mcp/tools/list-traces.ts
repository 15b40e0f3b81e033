/** list_traces: which runs there are, one line each. */
import * as z from "zod";
import { Coverage, TraceSummary } from "../../model/summary.js";
import { traceSorts } from "../../store/reader.js";
import { answerForm, filters, paging, textFilter, toFilter } from "../arguments.js";
import { emptyNote } from "../empty-note.js";
import { answerPage } from "../page-answer.js";
import { traceLine } from "../render/trace-line.js";
import { defineTool } from "../tool.js";

export const listTraces = defineTool({
  name: "list_traces",
  title: "List traces",
  description: "Which agent runs (traces) there are, one line each.",
  effect: "read",
  arguments: z.strictObject({
    ...filters,
    ...textFilter,
    sort: z.enum(traceSorts).default("newest"),
    min_duration_ms: z.number().min(0).optional(),
    min_cost_usd: z.number().min(0).optional(),
    ...paging,
    ...answerForm,
  }),
  answer: z.object({ traces: z.array(TraceSummary), coverage: Coverage }),
  run: (args, context) => {
    const query = { ...toFilter(args, context.now), sort: args.sort, ...minima(args) };
    return answerPage({
      tool: "list_traces",
      args,
      context,
      noun: "trace",
      key: "traces",
      fetch: async (page) => {
        const { traces, coverage } = await context.reader.listTraces({ ...query, ...page });
        return { items: traces, coverage };
      },
      line: (trace) => traceLine(trace, context.now),
      unpriced: (shown) => shown.reduce((sum, { unpriced_calls }) => sum + unpriced_calls, 0),
      empty: () => emptyNote("trace", context),
    });
  },
});

function minima(args: { min_duration_ms?: number | undefined; min_cost_usd?: number | undefined }) {
  return {
    ...(args.min_duration_ms !== undefined && { min_duration_ms: args.min_duration_ms }),
    ...(args.min_cost_usd !== undefined && { min_cost_usd: args.min_cost_usd }),
  };
}
