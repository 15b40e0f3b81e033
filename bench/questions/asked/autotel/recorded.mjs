// What a sensible assistant calls of autotel-mcp for the questions about the corpus and the demo.
import {
  agents,
  failed,
  firstTrace,
  getTrace,
  rootCause,
  rootless,
  searchSpans,
  searchTraces,
  spansOf,
  summarize,
  tools,
  usage,
  whole,
} from "./reading.mjs";

const desk = "travel-desk-demo";
const ada = "lisbon-weekend-ada";

/** By question; each gets the ids that the question gives to every system: `{calls, reads, cannot}`. */
export const recordedPaths = {
  "corpus-worst-tool": () => ({
    calls: [searchSpans(null, failed)],
    reads: { 0: /"(execute_tool )?calc"/, 1: /"search_docs"/ },
  }),
  "corpus-division": () => ({
    calls: [
      searchSpans(null, failed),
      ["get_trace", ([list]) => firstTrace(list, ({ operationName }) => operationName === "execute_tool calc")],
    ],
    reads: { 2: /Here is what I found/ },
  }),
  "corpus-why-failed": ({ trace_id }) => ({
    calls: [searchTraces("oi-app", failed), rootCause(trace_id)],
    cannot: "it drops events and status messages, where the reason stands",
  }),
  "corpus-rate-limits": () => ({ calls: [searchSpans(null, failed)] }),
  "corpus-refused": () => ({
    calls: [searchSpans(null, failed)],
    cannot: "it drops events and status messages, where the refusal stands",
  }),
  "corpus-who-called-whom": ({ trace_id }) => ({
    calls: [getTrace(trace_id)],
    reads: { 1: spansOf("researcher.agent", 2) },
  }),
  "corpus-mermaid": ({ trace_id }) => ({ calls: [getTrace(trace_id)], reads: { 0: null } }),
  "corpus-refund": () => ({ calls: [searchTraces(null)] }),
  "corpus-session": ({ session_id }) => ({ calls: [searchTraces(null, { tags: { "session.id": session_id } })] }),
  "corpus-dearest-session": () => ({
    calls: [searchTraces("vercel-app")],
    reads: { 1: /"ai\.usage\.inputTokens": 421\b/ },
  }),
  "corpus-incomplete": () => ({ calls: [searchTraces(null)] }),
  "corpus-why-incomplete": () => ({
    calls: [searchTraces(null), ["get_trace", ([list]) => firstTrace(list, ({ spans }) => spans.length === 0)]],
    reads: { 0: rootless },
  }),
  "corpus-unpriced": () => ({ calls: [usage()] }),
  "corpus-reasoning": ({ model }) => ({ calls: [searchSpans(null, { genAiResponseModel: model })] }),
  "corpus-context": ({ trace_id }) => ({ calls: [getTrace(trace_id)] }),
  "corpus-same-workflow": ({ a, b }) => ({
    calls: [getTrace(a), getTrace(b)],
    reads: { 0: spansOf("support_workflow.workflow", 2) },
  }),
  "corpus-refund-once": ({ trace_id }) => ({ calls: [getTrace(trace_id)], reads: { 0: /issue_refund/ } }),

  "demo-why-failed": () => ({
    calls: [searchSpans(desk, failed)],
    cannot: "it drops events and status messages, where the reason stands",
  }),
  "demo-what-went-wrong": () => ({
    calls: [searchTraces(desk, whole)],
    reads: { 3: spansOf("search_flights", 2) },
  }),
  "demo-got-over": () => ({
    calls: [searchSpans(desk, { operationName: "search_flights" })],
    reads: { 0: /TimeoutError/ },
  }),
  "demo-hand-over": () => ({
    calls: [searchSpans(desk, agents)],
    reads: { 1: spansOf("researcher", 2), 2: spansOf("writer"), 3: null },
  }),
  "demo-tools-of-researcher": () => ({
    calls: [searchSpans(desk, agents), searchSpans(desk, tools)],
    reads: { 0: spansOf("search_flights", 2) },
  }),
  "demo-cost-of-session": () => ({
    calls: [searchTraces(null, { tags: { "session.id": ada } }), ["get_llm_expensive_traces", { serviceName: desk }]],
    cannot: "its costs leave out what cached tokens cost less",
  }),
  "demo-promised": () => ({
    calls: [searchSpans(null, { tags: { "session.id": ada, "gen_ai.operation.name": "chat" } })],
  }),
  "demo-spend-by-model": () => ({ calls: [usage(desk)] }),
  "demo-tokens": () => ({ calls: [usage(desk)] }),
  "demo-rate-limited": () => ({ calls: [searchSpans(desk, failed)] }),
  "demo-booking": () => ({ calls: [searchSpans(desk, { operationName: "find_booking" })] }),
  "demo-context-of-writer": () => ({ calls: [searchSpans(desk, { genAiRequestModel: "claude-sonnet-4-5" })] }),
  "demo-two-runs": ({ a, b }) => ({ calls: [summarize(a), summarize(b)] }),
  "demo-slowest-step": ({ trace_id }) => ({ calls: [summarize(trace_id), rootCause(trace_id)] }),
  "demo-running": () => ({
    calls: [searchTraces(desk)],
    cannot: "it does not tell a trace that is running from one that ended",
  }),
  "demo-follow": () => ({ calls: [["backend_health", {}]], reads: { 0: /"timestamp"/ } }),
};
