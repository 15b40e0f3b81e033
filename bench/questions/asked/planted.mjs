// Questions about some of the planted faults and pairs of versions.
import { count } from "./near.mjs";

const ask = (id, words, calls, has) => ({ id, words, over: "made", calls: { agensight: calls }, has });

export const plantedQuestions = ({ planted, pairs }) => [...faults(planted), ...versions(pairs)];

function faults(planted) {
  const run = (id) => planted.find((each) => each.id === id);
  const diagnosed = (id) => [["diagnose_trace", { trace_id: run(id).traceId }]];
  const broken = run("cache break 7");
  const swallowed = run("swallowed error 1");
  const storm = run("rate limit storm 1");
  return [
    ask("loop-why", "Why did it call the same tool over and over?", diagnosed("loop 1"), [
      /lookup_order/,
      /\b5\b/,
      /A-10233|same/,
    ]),
    ask("loop-pair", "It seems to be stuck between two tools. Which?", diagnosed("loop 4"), [/grep/, /read_file/]),
    ask(
      "hand-off-why",
      "Why did the customer have to wait before anybody did anything?",
      diagnosed("mis-routed hand-off 1"),
      [/triage/, /billing/],
    ),
    ask(
      "hand-off-graph",
      "How often did triage and billing pass the customer to and fro?",
      [["get_agent_graph", { trace_id: run("mis-routed hand-off 1").traceId }]],
      [/billing ×3/, /triage ×3/],
    ),
    ask("refund-claimed", "The agent says the refund was paid. Was it?", diagnosed("swallowed error 1"), [
      /issue_refund/,
      /PaymentDeclined|card closed/,
      swallowed.evidence[0],
    ]),
    ask(
      "cache-why",
      "Which message broke the prompt cache, and what did that cost?",
      [["explain_context", { trace_id: broken.traceId }]],
      [/tool|result|message/i, /cache/i, /\$|tok/],
    ),
    ask("cache-time", "Why is nothing read from the cache in that run?", diagnosed("cache break 1"), [
      /cache/i,
      /system/i,
    ]),
    ask("storm-why", "Why did that help-desk run take 40 seconds?", diagnosed("rate limit storm 1"), [
      /rate.?limit|429/i,
      count(storm.evidence.length, 0),
    ]),
    ask("growth-why", "What blew up the context?", diagnosed("context blow-up 1"), [
      /run_sql/,
      run("context blow-up 1").evidence[0],
    ]),
    ask("slow-why", "What held the customer up?", diagnosed("slow tool 1"), [
      /lookup_order/,
      run("slow tool 1").evidence[0],
    ]),
  ];
}

function versions(pairs) {
  const pair = (id) => pairs.find((each) => each.id === id);
  const compared = (id) => [["compare_traces", { group_a: pair(id).group_a, group_b: pair(id).group_b }]];
  return [
    ask("version-slow", "What changed since the new version went live?", compared("regression 1"), [/lookup_order/]),
    ask("version-model", "Is gpt-4o worse than gpt-4.1 for our analyst?", compared("regression 5"), [
      /run_sql/,
      /SyntaxError|syntax error|fail/i,
    ]),
    ask("version-die", "Why do more runs fail than the day before?", compared("regression 7"), [
      /fail|error/i,
      /context_length|maximum context|%/,
    ]),
    ask("version-same", "Did anything change at this desk between the two days?", compared("alike 1"), [
      /nothing|no .*difference|not enough/i,
    ]),
  ];
}
