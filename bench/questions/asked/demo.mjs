// Questions about the run of `agensight demo`: three agents of a travel agency, two customers.
import { spanId, traceId } from "./ids.mjs";
import { count, money, time } from "./near.mjs";
import { readSpans } from "./read-otlp.mjs";
import { cost, modelCalls, sum } from "./sums.mjs";

const service = "travel-desk-demo";
const ada = "lisbon-weekend-ada";

export function demoQuestions({ files }) {
  const spans = readSpans(files.demo);
  const inSession = (session) => {
    const traces = new Set(spans.filter(({ values }) => values["session.id"] === session).map((span) => span.traceId));
    return spans.filter((span) => traces.has(span.traceId));
  };
  const byTool = (name) => spans.filter(({ values }) => values["gen_ai.tool.name"] === name);
  const [first, second] = [
    ...new Set(
      inSession(ada)
        .sort((a, b) => a.start - b.start)
        .map((span) => span.traceId),
    ),
  ];
  const [refund] = byTool("refund");
  const [booking] = byTool("find_booking");
  const search = byTool("search_flights").sort((a, b) => a.start - b.start);
  const writers = spans.filter(({ values }) => values["gen_ai.request.model"] === "claude-sonnet-4-5");
  const writerCall = writers.sort((a, b) => a.start - b.start)[0];
  const ask = (id, words, calls, has, lacks) => ({
    id: `demo-${id}`,
    words,
    over: "demo",
    calls: { agensight: calls },
    has,
    lacks,
  });

  return [
    ask(
      "why-failed",
      "One of the travel desk's runs failed. Why?",
      [
        ["list_traces", { service, status: "error" }],
        ["diagnose_trace", ([list]) => ({ trace_id: traceId(list) })],
      ],
      [/PaymentDeclined/, /\brefund\b/, /card closed/, refund.spanId],
    ),
    ask(
      "what-went-wrong",
      "What went wrong at the travel desk, and what of it mattered?",
      [["find_errors", { service }]],
      [/PaymentDeclined/, /TimeoutError/, /429|rate.?limit/i, /recover|got over|went on|continued/i],
    ),
    ask(
      "got-over",
      "The flight search timed out. Did it work in the end?",
      [["get_trace", { trace_id: first }]],
      [/search_flights.*TimeoutError/, search[0].spanId, search[1].spanId],
    ),
    ask(
      "hand-over",
      "Who handed over to whom?",
      [["get_agent_graph", { service }]],
      [/triage/, /researcher ×2/, /writer ×1/, /hand-off/],
    ),
    ask(
      "tools-of-researcher",
      "Which tools does the researcher use, and how often?",
      [["get_agent_graph", { service, agent: "researcher" }]],
      [/search_flights ×2/, /search_hotels/, /get_weather/, /find_booking/, /refund/],
    ),
    ask(
      "cost-of-session",
      "What did Ada's conversation cost?",
      [["get_session", { session_id: ada, max_tokens: 600 }]],
      [money(cost(modelCalls(inSession(ada))))],
    ),
    ask(
      "promised",
      "What price did we promise Ada for the weekend, and with which flight?",
      [
        ["search_spans", { query: "weekend 456", session_id: ada }],
        ["get_span", ([hits]) => ({ span_id: spanId(hits), field: "output_messages" })],
      ],
      [/456/, /TP 559|17:40/],
    ),
    ask(
      "spend-by-model",
      "Which model costs us most at the travel desk?",
      [["get_usage", { service, group_by: ["model"] }]],
      [/gpt-4o/, money(cost(modelCalls(spans).filter(({ model }) => model === "gpt-4o")))],
    ),
    ask(
      "tokens",
      "How many tokens went in and out in all?",
      [["get_usage", { service }]],
      [count(sum(modelCalls(spans), "input")), count(sum(modelCalls(spans), "output"))],
    ),
    ask(
      "rate-limited",
      "Were we rate limited, and where?",
      [["find_errors", { service, text: "rate limit" }]],
      [/rate.?limit/i, /writer|triage/, /\b1\b/],
    ),
    ask(
      "booking",
      "What exactly did find_booking return for FW-4711?",
      [["get_span", { span_id: booking.spanId }]],
      [/Ben Okafor/, /176/, /flexible until 24 h/],
    ),
    ask(
      "context-of-writer",
      "What is in the writer's context?",
      [["explain_context", { span_id: writerCall.spanId }]],
      [/system/i, /search_hotels|search_flights/, /user/i],
    ),
    ask(
      "two-runs",
      "What was different in Ada's second request?",
      [["compare_traces", { a: first, b: second }]],
      [/researcher/, /search_flights|search_hotels|get_weather/],
    ),
    ask(
      "slowest-step",
      "Where did the time go in Ada's first request?",
      [["diagnose_trace", { trace_id: first }]],
      [
        /search_flights|chat|gpt-4o|researcher/,
        time(
          spans.find((span) => span.traceId === first && !span.parentId).end -
            spans.find((span) => span.traceId === first && !span.parentId).start,
          0.03,
        ),
      ],
    ),
    ask(
      "running",
      "Is anything still running at the travel desk?",
      [["list_traces", { service, status: "running" }]],
      [/\bno\b|\b0\b|none|nothing/i],
    ),
    ask("follow", "From now on, tell me what is new. Where do I start?", [["tail_spans", { wait_ms: 0 }]], [/cursor/]),
  ];
}
