/** Resources: the answers of the tools under addresses that a user can attach and a host can list. */
import { AgensightError } from "../model/error.js";
import { ago, dotted } from "../model/format.js";
import { answer, contextOf } from "./call.js";
import { recentChanges } from "./render/changes.js";
import { inline, nameText, quoted } from "./render/fence.js";
import { liveFilterOf, liveTemplate, scheme, segments } from "./resource-address.js";
import type { ServerOptions } from "./server-options.js";
import { getSession } from "./tools/get-session.js";
import { getSpan } from "./tools/get-span.js";
import { getTrace } from "./tools/get-trace.js";
import { getUsage } from "./tools/get-usage.js";

const markdown = "text/markdown";

export const templates = [
  {
    uriTemplate: liveTemplate,
    name: "live changes",
    title: "Latest changes",
    description: "The spans that changed last, of one session, service, agent, kind or status",
    mimeType: markdown,
  },
  {
    uriTemplate: `${scheme}traces/{traceId}`,
    name: "trace",
    title: "Trace",
    description: "One run as a tree of spans",
    mimeType: markdown,
  },
  {
    uriTemplate: `${scheme}traces/{traceId}/spans/{spanId}`,
    name: "span",
    title: "Span",
    description: "One step with its messages",
    mimeType: markdown,
  },
  {
    uriTemplate: `${scheme}sessions/{sessionId}`,
    name: "session",
    title: "Session",
    description: "One conversation across traces",
    mimeType: markdown,
  },
  {
    uriTemplate: `${scheme}usage/{window}`,
    name: "usage",
    title: "Usage",
    description: "Tokens, cost, calls, errors by model over 1h, 24h, 7d, 30d … or all",
    mimeType: markdown,
  },
];

const fixed = [
  {
    uri: `${scheme}live`,
    name: "live",
    title: "Latest changes",
    description: "The spans that changed last",
    mimeType: markdown,
  },
  { uri: `${scheme}usage/24h`, name: "usage 24h", title: "Usage of the last 24 hours", mimeType: markdown },
  { uri: `${scheme}usage/7d`, name: "usage 7d", title: "Usage of the last 7 days", mimeType: markdown },
  {
    uri: `${scheme}schema`,
    name: "schema",
    title: "Database schema",
    description: "The store's tables, for SQL clients",
    mimeType: "text/plain",
  },
];

/** The fixed resources, the newest traces and the latest sessions. */
export async function listResources(options: ServerOptions, signal: AbortSignal) {
  const context = await contextOf(options, signal);
  const [{ traces }, { sessions }] = await Promise.all([
    context.reader.listTraces({ limit: 10 }),
    context.reader.listSessions({ limit: 5 }),
  ]);
  return [
    ...fixed,
    ...traces.map((trace) => ({
      uri: `${scheme}traces/${encodeURIComponent(trace.trace_id)}`,
      name: `trace ${inline(trace.name, 60)}`,
      description: dotted([
        trace.status,
        ago(Date.parse(trace.start), context.now),
        trace.service !== null && nameText(trace.service, 40),
      ]),
      mimeType: markdown,
    })),
    ...sessions.map((session) => ({
      uri: `${scheme}sessions/${encodeURIComponent(session.session_id)}`,
      name: `session ${inline(session.session_id, 60)}`,
      description: `active ${ago(Date.parse(session.end), context.now)}`,
      mimeType: markdown,
    })),
  ];
}

/** Errors: not_found for an address or an id that does not exist. */
export async function readResource(
  options: ServerOptions,
  uri: string,
  signal: AbortSignal,
): Promise<{ text: string; mimeType: string }> {
  const [kind, id, ...rest] = segments(uri);
  const context = await contextOf(options, signal);
  const markdownOf = async (text: Promise<string>) => ({ text: await text, mimeType: markdown });
  if (kind === "schema" && id === undefined)
    return { text: await schemaText(options.storePath), mimeType: "text/plain" };
  if (kind === "live" && id === undefined) return markdownOf(recentChanges(context, liveFilterOf(uri)));
  if (kind === "traces" && id && rest.length === 0) return markdownOf(answer(getTrace, { trace_id: id }, context));
  if (kind === "traces" && id && rest[0] === "spans" && rest[1] && rest.length === 2) {
    return markdownOf(answer(getSpan, { trace_id: id, span_id: rest[1] }, context));
  }
  if (kind === "sessions" && id && rest.length === 0)
    return markdownOf(answer(getSession, { session_id: id }, context));
  if (kind === "usage" && id && rest.length === 0) {
    return markdownOf(answer(getUsage, id === "all" ? {} : { since: id }, context));
  }
  throw new AgensightError("not_found", `There is no resource ${quoted(uri, 200)}.`, {
    hint: `Addresses: ${[...templates.map((t) => t.uriTemplate), `${scheme}schema`].join(", ")}.`,
  });
}

/** The tables, for people who open the file with an SQL client. */
async function schemaText(storePath: string): Promise<string> {
  const { schema } = await import("../store/schema.js");
  return `-- The store: ${inline(storePath, 300)}\n-- Open it read-only (sqlite3 -readonly); every program that records writes to it.\n${schema}`;
}
