/** What a client of `/live` asks for in the address. */
import * as z from "zod";
import { parseArguments } from "../../mcp/arguments.js";
import { liveQuery, readQuery, toLiveFilter } from "../../mcp/live-filter.js";
import type { LiveFilter } from "../../model/live.js";

const Query = z.strictObject({
  cursor: z
    .string()
    .regex(/^(now|\d{1,15})$/, "must be the seq of an event, or now")
    .optional(),
  ...liveQuery,
});

/** `cursor`: null = from now on; `now` = the same, and the client wants to know its position. */
export type LiveQuery = { cursor: number | "now" | null; filter: LiveFilter };

/** Empty values count as not given. Errors: bad_argument with what is valid. */
export function readLiveQuery(url: URL): LiveQuery {
  const { access_token: _, ...given } = readQuery(url.searchParams, "/live");
  const { cursor, ...wanted } = parseArguments("/live", Query, given);
  return {
    cursor: cursor === undefined ? null : cursor === "now" ? cursor : Number(cursor),
    filter: toLiveFilter(wanted),
  };
}
