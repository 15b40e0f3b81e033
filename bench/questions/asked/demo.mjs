// Questions about the run of `agensight demo`: three agents of a travel agency, two customers.
import { traceId } from "./ids.mjs";

const service = "travel-desk-demo";
const over = "demo";

export const demoQuestions = () => [
  {
    id: "demo-why-failed",
    words: "One of the travel desk's runs failed. Why?",
    over,
    calls: {
      agensight: [
        ["list_traces", { service, status: "error" }],
        ["diagnose_trace", ([list]) => ({ trace_id: traceId(list) })],
      ],
    },
    has: [/PaymentDeclined|declined the refund/, /\brefund\b/, /FW-4711|card closed/],
  },
  {
    id: "demo-errors",
    words: "What went wrong in the travel desk today, and what of it mattered?",
    over,
    calls: { agensight: [["find_errors", { service }]] },
    has: [/PaymentDeclined/, /TimeoutError|did not answer/, /rate.?limit/i, /recover/i],
  },
];
