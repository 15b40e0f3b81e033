// Runs with results that look like failures and are none.
import { answer, ask, ordinary } from "../made/play.mjs";

/** Ordinary steps around one call whose result is fine. */
const around = (name, args, result, thinks) => (run) => {
  ask(run);
  ordinary(run, 2);
  run.step([[name, args, { result }]]);
  if (thinks) run.step([[`${name}_details`, args, { result: "ok" }]], { thinks });
  ordinary(run, 1);
  answer(run);
};

export const looksFailed = [
  {
    shape: "a field error that is null",
    domains: ["support", "analytics", "operations"],
    play: around("fetch_account", { id: "c-8812" }, { data: { id: "c-8812", tier: "gold" }, error: null, errors: [] }),
  },
  {
    shape: "no errors found",
    domains: ["coding", "operations"],
    play: around("lint", { path: "src" }, "Checked 214 files in 340ms. 0 errors, 0 warnings. No fixes applied."),
  },
  {
    shape: "grep without a match ends with 1",
    domains: ["coding"],
    times: 2,
    play: around("run_shell", { command: "grep -rn legacyTotal src" }, "exit 1\n"),
  },
  {
    shape: "it is asked whether something exists, and it does not",
    domains: ["support", "analytics"],
    play: around(
      "find_customer",
      { email: "new.customer@mail.example" },
      { found: false, matches: 0 },
      "No such customer yet, so I create one.",
    ),
  },
  {
    shape: "a count of failed payments",
    domains: ["support", "analytics"],
    play: around("payment_stats", { week: 45 }, { paid: 1204, failed: 17, error_rate: 0.014, retries: 9 }),
  },
];
