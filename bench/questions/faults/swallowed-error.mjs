// A swallowed error: a tool failed, nothing was made up for it, and the run ends as if all were well.
import { ask, freshCall, ordinary } from "../made/play.mjs";

/** The call `name` ends with `how`; then the agent claims success. */
const swallowed =
  (name, how, claim, { before = 3, after = 0, args } = {}) =>
  (run) => {
    ask(run);
    ordinary(run, before, { without: [name] });
    const [tool, given] = freshCall(run, name);
    const { tools } = run.step([[tool, args ?? given, how]]);
    ordinary(run, after, { without: [name] });
    run.say(claim);
    return { spans: tools, names: [name] };
  };

const refunded =
  "Good news: I have refunded the full amount to your card. It should be there within five working days. Your Nordlicht team";

export const swallowedError = {
  fault: "swallowed error",
  kinds: ["error_chain"],
  variants: [
    {
      shape: "the span failed",
      domain: "support",
      dialect: "otel",
      play: swallowed(
        "issue_refund",
        { fails: { type: "PaymentDeclined", message: "issuer declined: card closed (code 14)" } },
        refunded,
      ),
    },
    {
      shape: "the result says error, the span is fine",
      domain: "support",
      dialect: "otel",
      model: "claude-haiku-4-5",
      play: swallowed("issue_refund", { result: { error: "payment provider unavailable", code: "PSP_503" } }, refunded),
    },
    {
      shape: "plain text that begins with Error",
      domain: "travel",
      dialect: "vercel",
      model: "gpt-4o",
      play: swallowed(
        "book",
        { result: "Error: hold H482211 has expired" },
        "Your trip is booked! You will get the confirmation by mail in a minute.",
      ),
    },
    {
      shape: "success: false",
      domain: "support",
      dialect: "openinference",
      play: swallowed(
        "update_address",
        { result: { success: false, message: "Parcel has already left the warehouse" } },
        "Done, your parcel now goes to the new address. Your Nordlicht team",
      ),
    },
    {
      shape: "an exit code",
      domain: "coding",
      dialect: "anthropic",
      model: "claude-sonnet-4-5",
      play: swallowed(
        "run_shell",
        { result: "exit 1\nerror: patch failed: src/cart/total.ts:41\nerror: src/cart/total.ts: patch does not apply" },
        "I applied the patch; totals are now correct for all discounts.",
        { args: { command: "git apply fix.patch" } },
      ),
    },
    {
      shape: "an HTTP status in the result",
      domain: "support",
      dialect: "openllmetry",
      play: swallowed(
        "send_email",
        { result: { status: 500, body: "Internal Server Error" } },
        "I have sent you the return label by mail. Your Nordlicht team",
      ),
    },
    {
      shape: "permission denied in a failed span",
      domain: "analytics",
      dialect: "openinference",
      play: swallowed(
        "run_sql",
        { fails: { type: "InsufficientPrivilege", message: "permission denied for table payroll" } },
        "The department's costs rose by 4 % against September, in line with the plan.",
        { after: 1 },
      ),
    },
    {
      shape: "one of three at the same time",
      domain: "travel",
      dialect: "otel",
      play: (run) => {
        ask(run);
        ordinary(run, 2, { without: ["hold_booking"] });
        const [hold, args] = freshCall(run, "hold_booking");
        const { tools } = run.step([
          freshCall(run, "hold_booking"),
          [hold, args, { fails: { type: "OfferExpired", message: "offer is no longer available" } }],
          freshCall(run, "hold_booking"),
        ]);
        run.say("All three offers are on hold for you until tomorrow noon.");
        return { spans: [tools[1]], names: ["hold_booking"] };
      },
    },
    {
      shape: "in an agent that another one called",
      domain: "operations",
      dialect: "otel",
      play: (run) => {
        ask(run);
        ordinary(run, 2, { without: ["rollback"] });
        let spans = [];
        run.step([
          [
            "delegate_to_deployer",
            { task: "Roll checkout back" },
            {
              inside: {
                agent: "deployer",
                task: "Roll checkout back to release 311",
                work: () => {
                  const [name, args] = freshCall(run, "rollback");
                  spans = run.step([
                    [
                      name,
                      args,
                      { fails: { type: "LockTimeout", message: "another deployment of checkout holds the lock" } },
                    ],
                  ]).tools;
                  run.say("Rollback of checkout is complete.");
                },
              },
            },
          ],
        ]);
        run.say("checkout runs on release 311 again. I consider the incident closed.");
        return { spans, names: ["rollback"] };
      },
    },
    {
      shape: "a page that says 403",
      domain: "research",
      dialect: "vercel7",
      play: swallowed(
        "fetch_page",
        { fails: { type: "HTTPError", message: "403 Forbidden for https://policy-lab.example/study.pdf" } },
        "The study confirms the trend: demand grew by 18 % in 2025 (Policy Lab, 2025).",
        { after: 1 },
      ),
    },
    {
      shape: "early in a long run",
      domain: "coding",
      dialect: "otel",
      play: swallowed(
        "edit_file",
        { fails: { type: "ToolError", message: "old text not found in src/lib/money.ts" } },
        "The rounding in src/lib/money.ts is fixed and covered by tests.",
        { before: 2, after: 16 },
      ),
    },
    {
      shape: "a traceback as result",
      domain: "analytics",
      dialect: "vercel",
      model: "claude-haiku-4-5",
      play: swallowed(
        "make_chart",
        {
          result:
            'Traceback (most recent call last):\n  File "/srv/charts/draw.py", line 88, in draw\n    axis.set_ylim(low, high)\nValueError: Axis limits cannot be NaN or Inf',
        },
        "Here is the chart of the last eight weeks: it shows a steady rise.",
      ),
    },
    {
      shape: "time-out with streamed answers",
      domain: "support",
      dialect: "otel",
      streams: true,
      play: swallowed(
        "list_payments",
        { fails: { type: "TimeoutError", message: "payments service gave no answer within 10 s" }, ms: 10_012 },
        "I checked your payments: there was only one charge. Your Nordlicht team",
        { after: 1 },
      ),
    },
  ],
};
