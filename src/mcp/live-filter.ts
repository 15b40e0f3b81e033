/** Which changes are asked for: in an address (`?session=…&kind=…`), or by a tool's arguments. */
import * as z from "zod";
import { AgensightError } from "../model/error.js";
import { SpanKind } from "../model/kind.js";
import type { LiveFilter } from "../model/live.js";
import { SpanStatus } from "../model/summary.js";

/** `incomplete` is what traces call it, and means `abandoned`. */
export const ChangeStatus = z.enum([...SpanStatus.options, "incomplete"]);

/** What may stand in an address. */
export const liveQuery = {
  session: z.string().optional(),
  service: z.string().optional(),
  agent: z.string().optional(),
  kind: SpanKind.optional(),
  status: ChangeStatus.optional(),
};

type Wanted = {
  [key in Exclude<keyof LiveFilter, "status">]?: LiveFilter[key] | undefined;
} & { session?: string | undefined; status?: z.infer<typeof ChangeStatus> | undefined };

export function toLiveFilter({ session, status, ...others }: Wanted): LiveFilter {
  const filter = { session_id: session, ...others, status: status === "incomplete" ? "abandoned" : status };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as LiveFilter;
}

/** Empty values count as not given. Errors: bad_argument for a key that stands there twice. */
export function readQuery(parameters: URLSearchParams, address: string): Record<string, string> {
  const given = new Map<string, string>();
  for (const [key, value] of parameters) {
    if (value === "") continue;
    if (given.has(key))
      throw new AgensightError("bad_argument", `An argument of ${address} was given twice.`, {
        hint: "Ask once for each value, or filter what arrives.",
      });
    given.set(key, value);
  }
  return Object.fromEntries(given);
}
