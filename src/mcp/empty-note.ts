/** What to say when nothing matched: what the store does hold, or where else spans may be. */

import { plural, second } from "../model/format.js";
import { inline, nameText } from "./render/fence.js";
import type { ToolContext } from "./tool.js";

/** One paragraph that tells how to get a better answer. `noun` is singular. */
export async function emptyNote(noun: string, context: ToolContext): Promise<string> {
  const info = await context.reader.info();
  if (info.spans === 0 && info.pruned_traces > 0)
    return inline(
      `no ${noun} matches: all ${plural(info.pruned_traces, "trace")} of the store ${info.path} were pruned by retention. get_usage still sums their calls.`,
      500,
    );
  if (info.spans === 0) return context.nothingRecorded();
  const services = info.services.slice(0, 8).map(({ service }) => nameText(service, 40));
  return inline(
    `no ${noun} matches. The store ${info.path} holds ${plural(info.traces, "trace")}, the last span from ${second(info.last_span ?? "unknown")}` +
      `${services.length > 0 ? `, of ${services.join(", ")}` : ""}. Widen since/until or drop a filter.`,
    500,
  );
}
