// Runs in which something failed and was dealt with.
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

const everywhere = ["support", "travel", "research", "analytics"];
const limited = {
  status: 429,
  type: "RateLimitError",
  message: "429 Rate limit reached for requests per minute. Please try again in 600ms.",
};

export const failing = [
  {
    shape: "a retry that worked",
    domains: [...everywhere, "operations"],
    play: (run) => {
      ask(run);
      ordinary(run, 2);
      const [name, args] = freshCall(run, run.domain.tools[0].name);
      run.step([[name, args, { fails: { type: "TimeoutError", message: "no answer within 5 s" }, ms: 5004 }]]);
      run.step([[name, args]], { thinks: "That timed out; once more." });
      ordinary(run, 1);
      answer(run);
    },
  },
  {
    shape: "one 429 and a quick success",
    domains: [...everywhere, "coding"],
    play: (run) => {
      ask(run);
      ordinary(run, 1);
      run.chat({ fails: limited });
      run.wait(640);
      ordinary(run, 2);
      answer(run);
    },
  },
  {
    shape: "a failure that was honestly reported",
    domains: ["support", "travel"],
    times: 3,
    play: (run) => {
      ask(run);
      ordinary(run, 2);
      const name = { helpdesk: "issue_refund", "travel-desk": "book" }[run.domain.service];
      const [tool, args] = freshCall(run, name);
      run.step([[tool, args, { fails: { type: "ProviderError", message: "payment provider unavailable" } }]]);
      run.say(
        "I am sorry: our payment provider is unavailable right now, so I could not complete this. Nothing was charged or refunded. I have noted it and a colleague will try again today.",
      );
    },
  },
  {
    shape: "wrong arguments, put right at once",
    domains: ["analytics", "support", "travel"],
    times: 2,
    play: (run) => {
      ask(run);
      ordinary(run, 1);
      const [name, args] = freshCall(run, run.domain.tools[1].name);
      run.step([
        [
          name,
          { ...args, when: "yesterday" },
          { fails: { type: "ValidationError", message: "unknown argument: when" } },
        ],
      ]);
      run.step([[name, args]], { thinks: "The tool does not know that argument." });
      ordinary(run, 2);
      answer(run);
    },
  },
  {
    shape: "a page that is missing, another one found",
    domains: ["research"],
    times: 5,
    play: (run) => {
      ask(run);
      run.step([freshCall(run, "web_search")]);
      const [name, args] = freshCall(run, "fetch_page");
      run.step([[name, args, { fails: { type: "HTTPError", message: `404 Not Found for ${args.url}` } }]]);
      run.step([freshCall(run, "fetch_page")], { thinks: "That page is gone; I take the second hit." });
      ordinary(run, 2);
      answer(run);
    },
  },
  {
    shape: "another tool where the first one failed",
    domains: ["operations"],
    times: 4,
    play: (run) => {
      ask(run);
      const [name, args] = freshCall(run, "search_logs");
      run.step([
        [name, args, { fails: { type: "BackendError", message: "log store is read only during maintenance" } }],
      ]);
      run.step([freshCall(run, "query_metrics"), freshCall(run, "list_deployments")], {
        thinks: "No logs; I use metrics and deployments instead.",
      });
      ordinary(run, 2, { without: ["search_logs"] });
      run.say(
        "The log store is in maintenance, so I worked from metrics: p99 rose with release 311 at 13:52 UTC. I rolled nothing back yet; please decide.",
      );
    },
  },
  {
    shape: "words like error in results that are none",
    domains: ["operations", "support", "coding", "research"],
    play: (run) => {
      ask(run);
      const results = {
        "oncall-agent": [
          "search_logs",
          "2026-11-02T10:11:12Z ERROR checkout-3 req=77ab0c1d upstream timed out\n2026-11-02T10:11:15Z ERROR checkout-1 req=0a0a31ff pool exhausted (40/40)",
        ],
        helpdesk: [
          "search_kb",
          [
            {
              id: "kb-404",
              title: "Error 500 at checkout: what customers can do",
              excerpt: "If the payment failed, the reservation is released.",
            },
          ],
        ],
        "code-agent": [
          "grep",
          'src/lib/retry.ts:12:  throw new Error("failed after three tries");\nsrc/api/orders.ts:88:  if (error) return { error: "not found" };',
        ],
        "research-desk": [
          "fetch_page",
          "Standard error of the estimate: 0.4 points. The first pilot failed in 2023 and was repeated; failure rates fell to 2 %.",
        ],
      };
      const [name, result] = results[run.domain.service];
      const [, args] = freshCall(run, name);
      run.step([[name, args, { result }]]);
      ordinary(run, 3);
      answer(run);
    },
  },
  {
    shape: "a request the gateway lost, sent again by the client",
    domains: ["support", "coding", "analytics"],
    play: (run) => {
      ask(run);
      ordinary(run, 2);
      run.chat({ fails: { status: 502, type: "APIConnectionError", message: "502 Bad gateway", ms: 300 } });
      run.wait(500);
      ordinary(run, 2);
      answer(run);
    },
  },
];
