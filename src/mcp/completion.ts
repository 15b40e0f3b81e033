/** What could be meant by what was typed: ids and names that are there. */
import { SpanKind } from "../model/kind.js";
import { UsageDimension } from "../model/summary.js";
import type { TraceReader } from "../store/reader.js";
import { contextOf } from "./call.js";
import { ChangeStatus } from "./live-filter.js";
import { prompts } from "./prompts.js";
import type { ServerOptions } from "./server-options.js";

/** How many recent ones are looked through, and how many the protocol lets us offer. */
const recent = 200;
const mostOffered = 100;

const windows = ["1h", "24h", "7d", "30d"];

/** `beside`: the other arguments as far as they are filled in. */
type Values = (reader: TraceReader, beside: Record<string, string>) => readonly string[] | Promise<string[]>;

const traceIds = async (reader: TraceReader, filter: { status?: "error"; session_id?: string } = {}) =>
  (await reader.listTraces({ ...filter, limit: recent })).traces.map(({ trace_id }) => trace_id);

const sources = {
  /** newest first; one that is given beside it is not offered again */
  traces: async (reader, beside) =>
    (await traceIds(reader)).filter(
      (id) => !Object.values(beside).some((given) => given !== "" && id.startsWith(given)),
    ),
  "failed traces": async (reader) => [
    ...new Set([...(await traceIds(reader, { status: "error" })), ...(await traceIds(reader))]),
  ],
  /** of the trace that is given beside it, those that failed first */
  spans: async (reader, { traceId }) => {
    if (!traceId) return [];
    const { spans } = await reader.getTrace({ trace_id: traceId, max_spans: recent });
    const failed = spans.filter(({ status }) => status === "error");
    return [...new Set([...failed, ...spans].map(({ span_id }) => span_id))];
  },
  /** latest first */
  sessions: async (reader) =>
    (await reader.listSessions({ limit: recent })).sessions.map(({ session_id }) => session_id),
  services: async (reader) => (await reader.info()).services.map(({ service }) => service),
  /** by kind too: an agent that only passes control on calls no model */
  agents: async (reader) => {
    const { groups } = await reader.getUsage({ group_by: ["agent", "kind"], limit: recent });
    return [...new Set(groups.flatMap(({ agent }) => agent ?? []))];
  },
  windows: () => windows,
  "windows or all": () => [...windows, "all"],
  dimensions: () => UsageDimension.options,
  kinds: () => SpanKind.options,
  statuses: () => ChangeStatus.options,
} satisfies Record<string, Values>;

export type Completable = keyof typeof sources;

/** What stands in the addresses of resources. */
const inAddresses: Record<string, Completable> = {
  traceId: "traces",
  spanId: "spans",
  sessionId: "sessions",
  session: "sessions",
  service: "services",
  agent: "agents",
  kind: "kinds",
  status: "statuses",
  window: "windows or all",
};

type Reference = { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string };

/** In the protocol's shape; nothing for what is free, or unknown. */
export async function complete(
  options: ServerOptions,
  ref: Reference,
  argument: { name: string; value: string },
  beside: Record<string, string>,
  signal: AbortSignal,
) {
  const of =
    ref.type === "ref/prompt"
      ? prompts.find(({ name }) => name === ref.name)?.completed[argument.name]
      : inAddresses[argument.name];
  const { reader } = await contextOf(options, signal);
  const { [argument.name]: _, ...others } = beside;
  const known = of === undefined ? [] : await (sources[of] as Values)(reader, others);
  const values = known.filter((value) => value.startsWith(argument.value));
  return { values: values.slice(0, mostOffered), total: values.length, hasMore: values.length > mostOffered };
}
