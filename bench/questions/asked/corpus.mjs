// Questions about the corpus: spans that sixteen instrumentations recorded of small support and weather agents.
import { traceId } from "./ids.mjs";
import { count } from "./near.mjs";
import { readSpans } from "./read-otlp.mjs";

export function corpusQuestions({ files }) {
  const spans = readSpans(files.corpus);
  const one = (start) => spans.find((span) => span.spanId.startsWith(start));
  const workflow = one("50ef9fe4").traceId;
  const again = "7f8a9eb2ea0a01916b92ad0a4d68111e";
  const graph = one("60844ae6").traceId;
  const offline = one("192f12e2");
  const weather = one("2cde").traceId;
  const ask = (id, words, calls, has, lacks) => ({
    id: `corpus-${id}`,
    words,
    over: "corpus",
    calls: { agensight: calls },
    has,
    lacks,
  });

  return [
    ask(
      "worst-tool",
      "Which tool fails most?",
      [["get_usage", { group_by: ["tool"] }]],
      [/calc\b[^\n]*\b4\b/, /search_docs[^\n]*\b1\b/],
    ),
    ask(
      "division",
      "What is wrong with the calculator?",
      [["find_errors", { text: "division by zero" }]],
      [/division by zero/, /calc/, /recover|got over|went on|continued/i],
    ),
    ask(
      "why-failed",
      "A support workflow of oi-app failed because something was offline. What was it, and how far did it get?",
      [
        ["find_errors", { service: "oi-app" }],
        ["diagnose_trace", { trace_id: offline.traceId }],
      ],
      [/index offline/, /search_docs/, offline.spanId],
    ),
    ask(
      "rate-limits",
      "Which of our services ran into rate limits?",
      [["find_errors", { text: "rate limit" }]],
      [/support-bot/, /vercel-app/, /claude-support/, /lc-app/],
    ),
    ask(
      "refused",
      "Was any request refused for its content?",
      [["find_errors", { text: "safety system" }]],
      [/safety system/],
    ),
    ask(
      "who-called-whom",
      "Who called whom in the support workflow?",
      [["get_agent_graph", { trace_id: workflow }]],
      [/supervisor/, /researcher ×2/, /writer/, /critic/],
    ),
    ask(
      "mermaid",
      "Draw me the agents of the support graph.",
      [["get_agent_graph", { trace_id: graph, format: "mermaid" }]],
      [/flowchart|graph (TD|LR)/, /billing_specialist/, /weather_specialist/],
    ),
    ask(
      "refund",
      "How much was refunded for A-1001?",
      [["search_spans", { query: "refunded A-1001", kind: "tool" }]],
      [/42\.5/],
    ),
    ask(
      "session",
      "What did the user of session sess-lc-4 want, and what became of it?",
      [["get_session", { session_id: "sess-lc-4" }]],
      [/weather in Tokyo and a refund/i, /refunded 42\.5/],
    ),
    ask(
      "dearest-session",
      "Which conversation of the vercel app's users took most tokens?",
      [["list_sessions", { service: "vercel-app" }]],
      [/v-sess-1/, count(1460)],
    ),
    ask(
      "incomplete",
      "Which traces are incomplete?",
      [["list_traces", { status: "incomplete" }]],
      [/eb5e8cc204cc1a1b5b390b690a3282ab/, /b98e2d091b4e64f646784bc999c87d89/],
    ),
    ask(
      "why-incomplete",
      "What is wrong with the newest incomplete trace?",
      [
        ["list_traces", { status: "incomplete", limit: 1 }],
        ["diagnose_trace", ([list]) => ({ trace_id: traceId(list) })],
      ],
      [/root|parent|incomplete|missing/i],
    ),
    ask(
      "unpriced",
      "Can I trust the costs, or are calls without a price among them?",
      [["get_usage", { group_by: ["service"] }]],
      [/unpriced/i, /support-bot/, /li-app/],
    ),
    ask(
      "reasoning",
      "How many reasoning tokens did gpt-5 use?",
      [["get_usage", { group_by: ["model"], model: "gpt-5-2025-08-07" }]],
      [count(704)],
    ),
    ask(
      "context",
      "What is the weather agent's last prompt made of?",
      [["explain_context", { trace_id: weather }]],
      [/get_weather/, /tool/i, /user/i],
    ),
    ask(
      "same-workflow",
      "Did the two support workflows take different steps?",
      [["compare_traces", { a: workflow, b: again }]],
      [/same|no .*differ|identical|aligned|equal/i],
    ),
    ask(
      "refund-once",
      "Did the support graph refund no more than once?",
      [["check_trace", { trace_id: graph, rules: [{ rule: "calls", tool: "issue_refund", max: 1 }] }]],
      [/pass/i],
    ),
  ];
}
