/** compare_traces: what differs between two runs, or what tells two groups of runs apart. */
import * as z from "zod";
import { GroupComparisonAnswer, RunComparisonAnswer } from "../../model/comparison.js";
import { AgensightError } from "../../model/error.js";
import { answerForm, budgetOf, filters, toFilter, traceId } from "../arguments.js";
import { groupJson, groupText } from "../render/group-comparison.js";
import { runJson, runText } from "../render/run-comparison.js";
import { defineTool } from "../tool.js";

/** The filters of list_traces, where they are described. */
const conditions = { ...filters, since: filters.until, text: z.string().optional() };
const group = z.strictObject(conditions, {
  error: ({ code }) => (code === "unrecognized_keys" ? `which takes ${Object.keys(conditions).join(", ")}` : undefined),
});

export const compareTraces = defineTool({
  name: "compare_traces",
  title: "Compare traces",
  description:
    "What differs between two runs (a, b: steps, prompts, arguments, results, time, cost), or what separates two groups of runs (filters: ok from failed, yesterday from today).",
  effect: "read",
  arguments: z.strictObject({
    a: traceId.optional(),
    b: traceId.optional(),
    group_a: group.optional(),
    // listed without its keys, which would be paid for twice
    group_b: z.looseObject({}).meta({ description: "keys of group_a" }).pipe(group).optional(),
    ...answerForm,
  }),
  answer: z.union([RunComparisonAnswer, GroupComparisonAnswer]),
  run: async (args, context) => {
    const { a, b, group_a, group_b, format } = args;
    const budget = budgetOf(args);
    if (a !== undefined && b !== undefined && group_a === undefined && group_b === undefined) {
      const found = await context.reader.compareTraces({ a, b });
      return format === "json" ? runJson(found, budget) : runText(found, budget, context);
    }
    if (group_a === undefined || group_b === undefined || a !== undefined || b !== undefined) {
      throw new AgensightError("bad_argument", "compare_traces takes either a and b, or group_a and group_b.", {
        hint: 'Two trace ids: {"a": "…", "b": "…"}. Two groups: {"group_a": {"status": "ok"}, "group_b": {"status": "error"}}; {} is every run.',
      });
    }
    const found = await context.reader.compareGroups({
      a: toFilter(group_a, context.now),
      b: toFilter(group_b, context.now),
    });
    return format === "json" ? groupJson(found, budget) : groupText(found, budget);
  },
});
