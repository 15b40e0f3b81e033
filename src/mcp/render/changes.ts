/** The latest changes of a store, newest last. */
import type { ToolContext } from "../tool.js";
import { coverageText } from "./coverage.js";
import { idText, nameText } from "./fence.js";
import { dotted, duration, tokenFigures } from "./format.js";
import { trouble } from "./span-line.js";

const shown = 20;

/** Counts back from the newest `seq`, which other changes of the same spans may thin out. */
export async function recentChanges(context: ToolContext): Promise<string> {
  const { as_of_seq } = await context.reader.changes({ after_seq: 0, limit: 1 });
  const after_seq = Math.max(0, as_of_seq - 4 * shown);
  const { changes } = await context.reader.changes({ after_seq, limit: 4 * shown });
  const latest = changes.slice(-shown).map((change) => change.span);
  if (latest.length === 0)
    return `No changes. ${await context.nothingRecorded()}\n${coverageText([`as of seq ${as_of_seq}`], null)}`;
  const lines = latest.map((span) =>
    dotted([
      `seq ${span.seq} ${span.kind === "other" ? "span" : span.kind} ${nameText(span.name)}`,
      trouble(span, 100) || "ended",
      span.start,
      span.duration_ms === null ? null : duration(span.duration_ms),
      span.counted && tokenFigures(span),
      `span ${idText(span.span_id)} trace ${idText(span.trace_id)}`,
    ]),
  );
  return `${lines.join("\n")}\n${coverageText([`the last ${latest.length} changed spans`, `as of seq ${as_of_seq}`], null)}`;
}
