// Runs that are slow, wait, or read nothing from the cache for a good reason.
import { report } from "../domains/words.mjs";
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

const handbook = ({ domain, random }) => `${domain.system}\n\n# Handbook\n${report(random, 18_000)}`;

export const waiting = [
  {
    shape: "a tool that is always slow",
    domains: ["analytics"],
    service: "forecasting",
    times: 6,
    play: (run) => {
      ask(run);
      ordinary(run, 2);
      for (let i = 0; i < run.random.between(2, 3); i++)
        run.step([
          [
            "train_forecast",
            { horizon_weeks: 4 + i * 4, seed: run.random.between(1, 999) },
            {
              result: { model: `fc-${run.random.hex(6)}`, mape: run.random.between(4, 12) },
              ms: run.random.logNormal(38_000, 0.12),
            },
          ],
        ]);
      answer(run);
    },
  },
  {
    shape: "a first call without a cache",
    domains: ["support", "coding", "research", "analytics"],
    model: "claude-sonnet-4-5",
    system: handbook,
    play: (run) => {
      ask(run);
      ordinary(run, 5);
      answer(run);
    },
  },
  {
    shape: "the cache ran out while the user was away",
    domains: ["support", "research", "travel", "coding"],
    model: "claude-sonnet-4-5",
    system: handbook,
    play: (run) => {
      ask(run);
      ordinary(run, 4);
      answer(run);
      run.wait(run.random.between(9, 25) * 60_000);
      run.hear("Thank you! One more thing: could you check that again for the second one?");
      ordinary(run, 3);
      answer(run);
    },
  },
  {
    shape: "another model for the last part",
    domains: ["research", "coding", "analytics"],
    model: "gpt-4.1-mini",
    system: handbook,
    play: (run) => {
      ask(run);
      ordinary(run, 5);
      run.model = "gpt-4.1";
      ordinary(run, 2);
      answer(run);
    },
  },
  {
    shape: "the history was compacted",
    domains: ["coding", "research", "operations"],
    times: 2,
    model: "claude-sonnet-4-5",
    system: handbook,
    play: (run) => {
      ask(run);
      ordinary(run, 22);
      run.say(`Summary of the work so far: ${report(run.random, 900)}`);
      const summary = run.agent.messages.at(-1).text;
      run.agent.messages.splice(0, run.agent.messages.length, {
        role: "user",
        text: `This conversation was compacted. ${summary}`,
      });
      ordinary(run, 6);
      answer(run);
    },
  },
  {
    shape: "a person had to approve",
    domains: ["operations", "support", "travel"],
    play: (run) => {
      ask(run);
      ordinary(run, 2);
      run.step([
        [
          "ask_approval",
          { action: "go ahead with the change", risk: "low" },
          { result: { approved: true, by: "m.lindqvist" }, ms: run.random.between(90_000, 400_000) },
        ],
      ]);
      ordinary(run, 2);
      answer(run);
    },
  },
  {
    shape: "the user took their time",
    domains: ["support", "travel", "research"],
    play: (run) => {
      for (let i = 0; i < 3; i++) {
        ask(run);
        ordinary(run, 2);
        answer(run);
        if (i < 2) run.wait(run.random.between(20, 140) * 1000);
      }
    },
  },
  {
    shape: "tools that return nothing",
    domains: ["operations", "support", "coding"],
    play: (run) => {
      ask(run);
      ordinary(run, 1);
      run.step([["set_status", { state: "working" }, { result: "" }]]);
      ordinary(run, 1);
      run.step([["notify_channel", { channel: "#desk", text: "on it" }, { result: "null" }]]);
      run.step([["log_event", { event: "checked" }, { result: "{}" }]]);
      ordinary(run, 1);
      answer(run);
    },
  },
  {
    shape: "a search without hits, and the answer says so",
    domains: ["support", "research", "travel"],
    play: (run) => {
      ask(run);
      ordinary(run, 1);
      const name = { helpdesk: "search_kb", "research-desk": "web_search", "travel-desk": "search_flights" }[
        run.domain.service
      ];
      const [tool, args] = freshCall(run, name);
      run.step([[tool, args, { result: "[]" }]]);
      ordinary(run, 1, { without: [name] });
      run.say(
        "I found nothing for that search, so I cannot tell you more about it. What I could confirm is in the records above.",
      );
    },
  },
  {
    shape: "batch work with one slow answer of the model",
    domains: ["research", "coding"],
    times: 2,
    play: (run) => {
      ask(run);
      ordinary(run, 3);
      run.say(report(run.random, 14_000));
    },
  },
];
