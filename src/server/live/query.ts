/** What a client of `/live` asks for in the address. */
import * as z from "zod";
import { parseArguments } from "../../mcp/arguments.js";
import { AgensightError } from "../../model/error.js";
import { SpanKind } from "../../model/kind.js";
import type { LiveFilter } from "../../model/live.js";
import { SpanStatus } from "../../model/summary.js";

const Query = z.strictObject({
  cursor: z
    .string()
    .regex(/^(now|\d{1,15})$/, "must be the seq of an event, or now")
    .optional(),
  session: z.string().optional(),
  service: z.string().optional(),
  agent: z.string().optional(),
  kind: SpanKind.optional(),
  status: SpanStatus.optional(),
});

/** `cursor`: null = from now on; `now` = the same, and the client wants to know its position. */
export type LiveQuery = { cursor: number | "now" | null; filter: LiveFilter };

/** Empty values count as not given. Errors: bad_argument with what is valid. */
export function readLiveQuery(url: URL): LiveQuery {
  const given = new Map<string, string>();
  for (const [key, value] of url.searchParams) {
    if (key === "access_token" || value === "") continue;
    if (given.has(key))
      throw new AgensightError("bad_argument", "An argument of /live was given twice.", {
        hint: "Open a connection for each value, or filter what arrives.",
      });
    given.set(key, value);
  }
  const { cursor, session, service, agent, kind, status } = parseArguments("/live", Query, Object.fromEntries(given));
  return {
    cursor: cursor === undefined ? null : cursor === "now" ? cursor : Number(cursor),
    filter: {
      ...(session === undefined ? {} : { session_id: session }),
      ...(service === undefined ? {} : { service }),
      ...(agent === undefined ? {} : { agent }),
      ...(kind === undefined ? {} : { kind }),
      ...(status === undefined ? {} : { status }),
    },
  };
}
