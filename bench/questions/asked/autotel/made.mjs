// What a sensible assistant calls of autotel-mcp for the questions about made runs.
import {
  addUp,
  agents,
  chats,
  dearest,
  failed,
  firstTrace,
  getTrace,
  inSession,
  inTrace,
  none,
  rootCause,
  rootless,
  searchSpans,
  searchTraces,
  slowest,
  spansOf,
  summarize,
  tools,
  usage,
  whole,
} from "./reading.mjs";

const tool = (name) => ({ operationName: `execute_tool ${name}` });
const isFailed = ({ spans }) => spans.some(({ statusCode }) => statusCode === "ERROR");
const dropped = "it drops events, where the error's type and message stand";

/** By question; each gets the ids that the question gives to every system: `{calls, reads, cannot}`. */
export const madePaths = {
  "refund-slow": ({ service }) => ({ calls: [searchSpans(service, { minDurationMs: 10_000 })] }),
  "refund-usual": ({ service }) => ({ calls: [searchSpans(service, tool("issue_refund"))] }),
  "refund-slowest": ({ service }) => ({ calls: [slowest(service)] }),
  "refund-cost": ({ service }) => ({ calls: [usage(service)] }),
  "refund-case": ({ session_id }) => ({ calls: [searchTraces(null, { ...inSession(session_id), ...whole })] }),
  "refund-minute": ({ service }) => ({
    calls: [searchTraces(service, { minDurationMs: 60_000 })],
    reads: { 0: null },
  }),
  "refund-order": ({ service }) => ({
    calls: [searchSpans(service, tools)],
    reads: { 0: spansOf("execute_tool lookup_order", 8), 1: spansOf("execute_tool issue_refund", 8) },
  }),

  "invoice-worst-tool": ({ service }) => ({
    calls: [searchSpans(service, failed)],
    reads: { 0: spansOf("list_payments", 5), 1: spansOf("send_email", 2) },
  }),
  "invoice-errors": ({ service }) => ({
    calls: [searchTraces(service, { ...failed, ...whole })],
    reads: { 1: spansOf("list_payments", 5), 3: spansOf("send_email", 2) },
  }),
  "invoice-one-cause": ({ service }) => ({ calls: [searchSpans(service, failed)], cannot: dropped }),
  "invoice-ended": ({ service }) => ({ calls: [searchTraces(service, { ...failed, ...whole })] }),
  "invoice-why": ({ service }) => ({
    calls: [searchTraces(service, failed), ["get_trace", ([list]) => firstTrace(list, isFailed)]],
    cannot: dropped,
  }),
  "invoice-since": ({ service }) => ({ calls: [searchTraces(service, { ...failed, ...whole, from: "now-24h" })] }),
  "invoice-sessions": ({ service }) => ({ calls: [searchTraces(service, failed)], reads: { 1: /"hasError": true/ } }),
  "invoice-mailbox": ({ service }) => ({ calls: [searchTraces(service, { ...failed, ...whole })] }),
  "invoice-no-error": ({ service }) => ({
    calls: [searchTraces(service, failed)],
    reads: { 0: null, 1: /"totalCount": 7\b/ },
  }),

  "delete-unasked": ({ service }) => ({
    calls: [searchSpans(service, tools)],
    reads: { 0: spansOf("execute_tool ask_approval") },
  }),
  "delete-asked": ({ trace_id }) => ({
    calls: [inTrace(trace_id, tools)],
    reads: { 0: spansOf("execute_tool ask_approval") },
  }),
  "delete-what": () => ({ calls: [searchSpans("cleanup-agent", tool("delete_records"))] }),
  "delete-when": ({ service }) => ({ calls: [searchSpans(service, tool("delete_records"))] }),
  approval: ({ trace_id }) => ({ calls: [rootCause(trace_id)] }),

  "briefing-hand-over": () => ({
    calls: [searchSpans("briefing-crew", agents), searchSpans("briefing-crew", tools)],
    reads: { 1: spansOf("execute_tool transfer_to_reader"), 2: spansOf("execute_tool transfer_to_writer") },
  }),
  "briefing-pages": () => ({
    calls: [searchSpans("briefing-crew", agents), searchSpans("briefing-crew", tools)],
    reads: { 0: spansOf("execute_tool fetch_page", 3) },
  }),
  "briefing-steps": () => ({ calls: [searchSpans("briefing-crew", tools)] }),
  "briefing-agents": () => ({
    calls: [searchSpans("briefing-crew", agents), searchSpans("briefing-crew", chats)],
    reads: { 2: /"gen_ai\.usage\.input_tokens": \d+/ },
  }),
  "briefing-order": ({ trace_id }) => ({
    calls: [inTrace(trace_id, tools)],
    reads: { 0: spansOf("execute_tool save_note") },
  }),
  "briefing-clean": ({ trace_id }) => ({ calls: [inTrace(trace_id, failed)], reads: { 0: none } }),

  "orders-context": ({ trace_id }) => ({ calls: [inTrace(trace_id, tools)] }),
  "orders-why-dear": () => ({
    calls: [dearest("order-chat"), searchSpans("order-chat", tools)],
    cannot: "its costs leave out what cached tokens cost less",
  }),
  "orders-cost": (_, has) => ({ calls: [dearest("order-chat")], reads: { 0: addUp("costUsd", has[0].value) } }),
  "orders-tokens": () => ({ calls: [dearest("order-chat")] }),
  "orders-last-call": ({ trace_id }) => ({ calls: [getTrace(trace_id)] }),
  "orders-compare": ({ a, b }) => ({ calls: [dearest("order-chat"), inTrace(a, tools), inTrace(b, tools)] }),
  "orders-said": ({ session_id }) => ({ calls: [searchTraces(null, inSession(session_id))] }),
  "orders-budget": () => ({ calls: [dearest("order-chat")], reads: { 0: /"costUsd"/ } }),

  "killed-why": ({ service }) => ({ calls: [searchTraces(service)], reads: { 0: rootless, 1: null } }),
  "killed-last": ({ trace_id }) => ({ calls: [getTrace(trace_id)] }),

  "loop-why": ({ trace_id }) => ({
    calls: [inTrace(trace_id, tools)],
    reads: { 1: spansOf("execute_tool lookup_order", 5) },
  }),
  "loop-pair": ({ trace_id }) => ({ calls: [summarize(trace_id)] }),
  "hand-off-why": ({ trace_id }) => ({ calls: [summarize(trace_id)] }),
  "hand-off-graph": ({ trace_id }) => ({
    calls: [summarize(trace_id)],
    reads: { 0: /transfer_to_billing",\s*"count": 3/, 1: /transfer_to_triage",\s*"count": 3/ },
  }),
  "refund-claimed": ({ trace_id }) => ({ calls: [rootCause(trace_id)] }),
  "cache-why": ({ trace_id }) => ({ calls: [getTrace(trace_id)] }),
  "cache-time": ({ trace_id }) => ({ calls: [getTrace(trace_id)] }),
  "storm-why": ({ trace_id }) => ({ calls: [inTrace(trace_id, failed)] }),
  "growth-why": ({ trace_id }) => ({ calls: [inTrace(trace_id, tools)] }),
  "slow-why": ({ trace_id }) => ({ calls: [rootCause(trace_id)] }),

  "version-slow": ({ group_b: { service, since } }) => ({
    calls: [searchSpans(service, { from: since, to: "now", minDurationMs: 5000 })],
  }),
  "version-model": ({ group_b: { service } }) => ({ calls: [searchSpans(service, failed)] }),
  "version-die": ({ group_b: { service, since } }) => ({
    calls: [searchTraces(service, { ...failed, from: since, to: "now" })],
    cannot: "it drops status messages, where the reason stands",
  }),
  "version-same": ({ group_a, group_b }) => ({
    calls: [usage(group_a.service, { endTime: group_a.until }), usage(group_b.service, { startTime: group_b.since })],
    reads: { 0: /"totalPromptTokens": \d+/ },
  }),
};
