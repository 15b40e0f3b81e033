// Questions about made runs.
import { traceId } from "./ids.mjs";
import { time } from "./near.mjs";

const over = "made";

export function madeQuestions({ scenes }) {
  const slow = scenes.refunds[5];
  return [
    {
      id: "refund-slow",
      words: "Why was yesterday's refund run so slow?",
      over,
      calls: {
        agensight: [
          ["list_traces", { service: "refund-desk", sort: "slowest", limit: 3 }],
          ["diagnose_trace", ([list]) => ({ trace_id: traceId(list) })],
        ],
      },
      has: [/issue_refund/, time(71_300), slow.known.refund.spanId],
    },
  ];
}
