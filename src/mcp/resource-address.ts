/** The addresses of resources: their parts, and what a subscription to one watches. */
import * as z from "zod";
import { AgensightError } from "../model/error.js";
import type { LiveFilter } from "../model/live.js";
import type { TraceReader } from "../store/reader.js";
import { parseArguments } from "./arguments.js";
import { liveQuery, readQuery, toLiveFilter } from "./live-filter.js";
import { quoted } from "./render/fence.js";
import { resolveSession, resolveTrace } from "./resolve.js";

export const scheme = "agensight://";

export const liveTemplate = `${scheme}live{?${Object.keys(liveQuery).join(",")}}`;

/** The path's segments, decoded; none for what is no address of ours. */
export function segments(uri: string): string[] {
  const [path = ""] = uri.slice(scheme.length).split("?");
  try {
    return uri.startsWith(scheme) ? path.split("/").map(decodeURIComponent) : [];
  } catch {
    return [];
  }
}

const LiveQuery = z.strictObject(liveQuery);

/** The filter of an address below `agensight://live`. Errors: bad_argument that lists the valid keys. */
export function liveFilterOf(uri: string): LiveFilter {
  const query = uri.includes("?") ? uri.slice(uri.indexOf("?") + 1) : "";
  const given = readQuery(new URLSearchParams(query), `${scheme}live`);
  return toLiveFilter(parseArguments(`${scheme}live`, LiveQuery, given));
}

/** Which changes change the resource. Errors: not_found for an address that cannot be subscribed to, those of its filter or its id. */
export async function watchedBy(uri: string, reader: TraceReader): Promise<LiveFilter> {
  const [kind, id, ...rest] = segments(uri);
  if (kind === "live" && id === undefined) return liveFilterOf(uri);
  if (kind === "traces" && id && rest.length === 0) return { trace_id: await resolveTrace(reader, id) };
  if (kind === "sessions" && id && rest.length === 0) return { session_id: await resolveSession(reader, id) };
  throw new AgensightError("not_found", `${quoted(uri, 200)} cannot be subscribed to.`, {
    hint: `These can: ${liveTemplate}, ${scheme}traces/{traceId}, ${scheme}sessions/{sessionId}.`,
  });
}
