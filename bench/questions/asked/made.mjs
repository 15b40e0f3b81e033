// Questions about made runs: the scenes here, what was planted in planted.mjs.
import { traceId } from "./ids.mjs";
import { count, money, time } from "./near.mjs";
import { plantedQuestions } from "./planted.mjs";
import { cost, modelCalls, sum } from "./sums.mjs";

const ask = (id, words, calls, has, lacks) => ({ id, words, over: "made", calls: { agensight: calls }, has, lacks });

export const madeQuestions = (data) => [
  ...refunds(data.scenes.refunds),
  ...invoices(data.scenes.invoices),
  ...cleanUps(data.scenes.cleanUps),
  ...briefing(data.scenes.briefing[0]),
  ...orders(data.scenes.orders),
  ...killed(data.scenes.killed[0]),
  ...plantedQuestions(data),
];

function refunds(runs) {
  const service = "refund-desk";
  const slow = runs[5];
  const calls = runs.flatMap(({ spans }) => modelCalls(spans));
  return [
    ask(
      "refund-slow",
      "Why was yesterday's refund run so slow?",
      [
        ["list_traces", { service, sort: "slowest", limit: 1 }],
        ["diagnose_trace", ([list]) => ({ trace_id: traceId(list) })],
      ],
      [/issue_refund/, time(71_300), slow.known.refund.spanId],
    ),
    ask(
      "refund-usual",
      "How long does issue_refund usually take, and how long at worst?",
      [["get_usage", { service, group_by: ["tool"] }]],
      [/issue_refund/, time(71_300, 0.06), time(420, 0.6)],
    ),
    ask(
      "refund-slowest",
      "Which refund run took longest, and how long?",
      [["list_traces", { service, sort: "slowest", limit: 3 }]],
      [slow.traceId, time(slow.end - slow.start)],
    ),
    ask(
      "refund-cost",
      "What does the refund desk cost me?",
      [["get_usage", { service }]],
      [money(cost(calls)), count(sum(calls, "input"))],
    ),
    ask(
      "refund-case",
      "What happened in refund case 4?",
      [["get_session", { session_id: "refund-case-4" }]],
      [/A-44003/, /lookup_order/, /issue_refund/],
    ),
    ask(
      "refund-minute",
      "Did any refund take longer than a minute?",
      [["check_trace", { service, rules: [{ rule: "limit", of: "duration_ms", max: 60_000 }] }]],
      [/fail/i, slow.traceId],
    ),
    ask(
      "refund-order",
      "Was the order always looked up before a refund was issued?",
      [["check_trace", { service, rules: [{ rule: "order", tools: ["lookup_order", "issue_refund"] }] }]],
      [/pass/i, /\b8\b/],
    ),
  ];
}

function invoices(runs) {
  const service = "invoice-bot";
  const ended = runs[9];
  const failing = ended.spans.find(({ status, name }) => status?.code === 2 && name === "list_payments");
  return [
    ask(
      "invoice-worst-tool",
      "Which tool of the invoice bot fails most?",
      [["get_usage", { service, group_by: ["tool"] }]],
      [/list_payments[^\n]*\b5\b/, /send_email[^\n]*\b2\b/],
    ),
    ask(
      "invoice-errors",
      "What keeps going wrong at the invoice bot, and how often?",
      [["find_errors", { service }]],
      [/refused the connection/, /\b5\b/, /mailbox unavailable/, /\b2\b/],
    ),
    ask(
      "invoice-one-cause",
      "Five invoice runs hit a refused connection: one cause or several?",
      [["find_errors", { service, text: "refused the connection" }]],
      [/list_payments/, /ConnectionError/, /\b5\b/],
    ),
    ask(
      "invoice-ended",
      "Which of the invoice errors really ended a run?",
      [["find_errors", { service, status: "error" }]],
      [/refused the connection/, ended.traceId],
    ),
    ask(
      "invoice-why",
      "Why did that invoice run fail?",
      [
        ["list_traces", { service, status: "error" }],
        ["diagnose_trace", ([list]) => ({ trace_id: traceId(list) })],
      ],
      [/list_payments/, /ledger\.internal refused/, failing.spanId],
    ),
    ask(
      "invoice-since",
      "Anything new since yesterday at the invoice bot?",
      [["find_errors", { service, since: "24h" }]],
      [/ConnectionError|refused/],
    ),
    ask(
      "invoice-sessions",
      "In which batches did invoices fail?",
      [["list_sessions", { service }]],
      [/invoice-batch-1/, /FAILED|failed/],
    ),
    ask(
      "invoice-mailbox",
      "Which customer's mailbox was unavailable?",
      [["search_spans", { query: "550 mailbox unavailable", service }]],
      [/550 mailbox unavailable/, /send_email/],
    ),
    ask(
      "invoice-no-error",
      "Did every invoice run pass without an error?",
      [["check_trace", { service, rules: [{ rule: "no_errors" }] }]],
      [/fail/i, /\b7\b/],
    ),
  ];
}

function cleanUps([asked, unasked]) {
  const service = "cleanup-agent";
  const rules = [{ rule: "order", tools: ["ask_approval", "delete_records"] }];
  return [
    ask(
      "delete-unasked",
      "Did it ever call delete without asking?",
      [["check_trace", { service, rules }]],
      [/fail/i, unasked.traceId, unasked.known.deletion.spanId],
    ),
    ask(
      "delete-asked",
      "Did the first clean-up ask before it deleted?",
      [["check_trace", { trace_id: asked.traceId, rules }]],
      [/pass/i],
    ),
    ask(
      "delete-what",
      "What exactly was deleted without asking?",
      [["get_span", { span_id: unasked.known.deletion.spanId }]],
      [/archive/, /older_than_days\W+7\b/, /18205/],
    ),
    ask(
      "delete-when",
      "When was delete_records called?",
      [["search_spans", { query: "delete_records", service, kind: "tool" }]],
      [asked.known.deletion.spanId, unasked.known.deletion.spanId],
    ),
    ask(
      "approval",
      "How long did it wait for the approval?",
      [["get_trace", { trace_id: asked.traceId }]],
      [/ask_approval/, time(42_000)],
    ),
  ];
}

function briefing(run) {
  const trace_id = run.traceId;
  const writer = modelCalls(run.spans).at(-1);
  return [
    ask(
      "briefing-hand-over",
      "Who handed over to whom in Monday's briefing?",
      [["get_agent_graph", { session_id: "briefing-monday" }]],
      [/planner/, /reader ×1 hand-off/, /writer ×1 hand-off/],
    ),
    ask(
      "briefing-pages",
      "Who read the pages, and how many?",
      [["get_agent_graph", { trace_id }]],
      [/reader[\s\S]*fetch_page ×3/],
    ),
    ask(
      "briefing-steps",
      "Show me the briefing step by step.",
      [["get_trace", { trace_id }]],
      [/web_search/, /transfer_to_reader/, /fetch_page/, /save_note/],
    ),
    ask(
      "briefing-agents",
      "Which agent of the briefing used most tokens?",
      [["get_usage", { session_id: "briefing-monday", group_by: ["agent"] }]],
      [/writer/, /reader/, count(writer.input + modelCalls(run.spans).at(-2).input)],
    ),
    ask(
      "briefing-order",
      "Was anything written before it was read?",
      [["check_trace", { trace_id, rules: [{ rule: "order", tools: ["fetch_page", "save_note"] }] }]],
      [/pass/i],
    ),
    ask(
      "briefing-clean",
      "Was there anything wrong with the briefing?",
      [["diagnose_trace", { trace_id }]],
      [/clean/i],
    ),
  ];
}

function orders(runs) {
  const session_id = "chat-lena-77";
  const big = runs[1];
  const calls = runs.flatMap(({ spans }) => modelCalls(spans));
  const second = modelCalls(big.spans);
  return [
    ask(
      "orders-context",
      "What made the context so big in Lena's chat?",
      [["explain_context", { trace_id: big.traceId }]],
      [/export_orders/, big.known.big.spanId],
    ),
    ask(
      "orders-why-dear",
      "Why did Lena's chat cost that much?",
      [
        ["list_traces", { session_id, sort: "costliest", limit: 1 }],
        ["diagnose_trace", ([list]) => ({ trace_id: traceId(list) })],
      ],
      [/export_orders/, big.traceId, money(cost(second), 0.03)],
    ),
    ask(
      "orders-cost",
      "What did session chat-lena-77 cost?",
      [["get_usage", { session_id, group_by: ["session"] }]],
      [money(cost(calls))],
    ),
    ask(
      "orders-tokens",
      "How many tokens did Lena's three requests take?",
      [["list_traces", { session_id }]],
      runs.map(({ spans }) => count(sum(modelCalls(spans), "input"), 0.01)),
    ),
    ask(
      "orders-last-call",
      "How large was the last prompt of Lena's export?",
      [["explain_context", { trace_id: big.traceId }]],
      [count(second.at(-1).input, 0.02)],
    ),
    ask(
      "orders-compare",
      "What is different between Lena's first and second request?",
      [["compare_traces", { a: runs[0].traceId, b: big.traceId }]],
      [/export_orders/, count(sum(second, "input"), 0.02)],
    ),
    ask(
      "orders-said",
      "What did Lena ask?",
      [["get_session", { session_id }]],
      [/How many orders came in last week/, /Export all orders of October/],
    ),
    ask(
      "orders-budget",
      "Did any of Lena's requests cost more than five cents?",
      [["check_trace", { session_id, rules: [{ rule: "limit", of: "cost_usd", max: 0.05 }] }]],
      [/fail/i, big.traceId],
    ),
  ];
}

function killed(run) {
  return [
    ask(
      "killed-why",
      "The night sync never finished. What can be said about it?",
      [
        ["list_traces", { service: "night-sync" }],
        ["diagnose_trace", { trace_id: run.traceId }],
      ],
      [/incomplete/i, /root|parent|never arrived|missing/i],
    ),
    ask(
      "killed-last",
      "What was the last thing the night sync did?",
      [["get_trace", { trace_id: run.traceId }]],
      [
        run.spans
          .filter(({ name }) => !name.startsWith("invoke_agent"))
          .sort((a, b) => a.end - b.end)
          .at(-1).spanId,
      ],
    ),
  ];
}
