/** The last line of every answer: how much of what there is was shown, why not all, and the call that shows the rest. */

import { count, dotted, plural, plurals } from "../../model/format.js";
import type { Coverage } from "../../model/summary.js";
import { escapeUnseen, inline } from "./fence.js";

/** A tool call as a reader can repeat it. Long arguments are left to the reader's memory. */
export function callText(tool: string, args: Record<string, unknown>): string {
  const json = escapeUnseen(JSON.stringify(args));
  if (json.length <= 400) return `${tool} ${json}`;
  const short = Object.fromEntries(
    Object.entries(args).map(([k, v]) => [k, typeof v === "string" && v.length > 100 ? "(as before)" : v]),
  );
  return inline(`${tool} ${escapeUnseen(JSON.stringify(short))}`, 600);
}

/** A coverage line of parts that the caller words. */
export function coverageText(parts: (string | null | false | undefined)[], next: string | null): string {
  return `coverage: ${dotted(parts)}${next === null ? "" : `\nnext: ${next}`}`;
}

/** `noun` is singular. `next` is the call that continues; `cut` says why something was left out. */
export function coverageLine(of: {
  coverage: Coverage;
  noun: string;
  cut?: string | null;
  unpriced?: number;
  next?: string | null;
}): string {
  const { coverage } = of;
  const matched = coverage.matched_is_minimum
    ? `${count(coverage.matched)}+ ${plurals(of.noun)}`
    : plural(coverage.matched, of.noun);
  const parts = [
    coverage.returned === coverage.matched && !coverage.matched_is_minimum
      ? `${coverage.matched > 1 ? "all " : ""}${matched}`
      : `${count(coverage.returned)} of ${matched}`,
    of.cut,
    of.unpriced ? `${plural(of.unpriced, "call")} unpriced` : null,
    `as of seq ${coverage.as_of_seq}`,
  ];
  const notes = coverage.notes.map((note) => `note: ${inline(note, 1500)}\n`).join("");
  return notes + coverageText(parts, of.next ?? null);
}
