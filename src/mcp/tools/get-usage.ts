/** get_usage: tokens, cost, calls, errors and latency, summed by group. */
import * as z from "zod";
import { AgensightError } from "../../model/error.js";
import { Coverage, UsageDimension, UsageFigures, type UsageGroup } from "../../model/summary.js";
import type { UsageResult } from "../../store/reader.js";
import { answerForm, filters, paging, textFilter, toFilter } from "../arguments.js";
import { emptyNote } from "../empty-note.js";
import { answerPage } from "../page-answer.js";
import { usageColumns, usageHead, usageRow } from "../render/usage-table.js";
import { defineTool } from "../tool.js";

const keys = Object.fromEntries(UsageDimension.options.map((name) => [name, z.string().nullable().optional()]));

export const getUsage = defineTool({
  name: "get_usage",
  title: "Get usage",
  description: "Sums of tokens, cost, calls, errors, latency (p50/p95) by group, costliest first.",
  effect: "read",
  arguments: z.strictObject({
    group_by: z.array(UsageDimension).min(1).default(["model"]),
    ...filters,
    ...textFilter,
    ...paging,
    ...answerForm,
  }),
  answer: z.object({ groups: z.array(UsageFigures.extend(keys)), total: UsageFigures, coverage: Coverage }),
  run: (args, context) => {
    const by = [...new Set(args.group_by)];
    const query = { ...toFilter(args, context.now), group_by: by };
    const offset = readCursor(args.cursor);
    let usage: UsageResult | undefined;
    const columns = () => usageColumns(usage === undefined ? [] : [...usage.groups, usage.total]);
    return answerPage<UsageGroup>({
      tool: "get_usage",
      args,
      context,
      noun: "group",
      key: "groups",
      fetch: async ({ limit }) => {
        usage = await context.reader.getUsage({ ...query, limit: offset + limit });
        const groups = usage.groups.slice(offset, offset + limit);
        const more = usage.coverage.matched_is_minimum || usage.coverage.matched > offset + groups.length;
        const next_cursor = more && groups.length > 0 ? `g${offset + groups.length}` : null;
        return { items: groups, coverage: { ...usage.coverage, returned: groups.length, next_cursor } };
      },
      head: () => usageHead(by, columns()),
      line: (group) =>
        usageRow(
          by.map((name) => group[name] ?? null),
          group,
          columns(),
        ),
      foot: () =>
        usage === undefined ? "" : usageRow(["total", ...by.slice(1).map(() => "")], usage.total, columns()),
      unpriced: () => usage?.total.unpriced_calls ?? 0,
      extra: () => (usage === undefined ? {} : { total: usage.total }),
      empty: () => emptyNote("call", context),
    });
  },
});

/** Cursors of this tool count groups. */
function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^g\d{1,9}$/.test(cursor)) return Number(cursor.slice(1));
  throw new AgensightError("bad_argument", "cursor is not one of get_usage.", {
    hint: "Leave it out to start with the first group.",
  });
}
