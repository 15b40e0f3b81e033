/** The filter that options ask for. */
import { parseTime } from "../../mcp/arguments.js";
import { AgensightError } from "../../model/error.js";
import type { ExportFilter } from "../../store/export.js";
import type { filterOptions, OptionValues } from "../command.js";

/** Errors: bad_argument. */
export function readFilter(values: OptionValues<typeof filterOptions>, now = Date.now()): ExportFilter {
  const filter: ExportFilter = {};
  for (const key of ["since", "until"] as const) {
    const text = values[key];
    if (text === undefined) continue;
    const time = parseTime(text, now);
    if (time === null)
      throw new AgensightError("bad_argument", `--${key} "${text}" is no time`, {
        hint: "Write it as 2026-11-22T09:00:00Z, or relative: 90m, 24h, 7d.",
      });
    filter[key] = time;
  }
  if (filter.since !== undefined && filter.until !== undefined && filter.since >= filter.until)
    throw new AgensightError("bad_argument", "--since is not before --until");
  if (values.service !== undefined) filter.service = values.service;
  if (values.session !== undefined) filter.session_id = values.session;
  if (values.trace !== undefined) filter.trace_id = values.trace;
  return filter;
}
