// Long, broad or expensive runs in which nothing is wrong.
import { report } from "../domains/words.mjs";
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

const plain = (steps) => (run) => {
  ask(run);
  ordinary(run, steps);
  answer(run);
};

export const steady = [
  {
    shape: "a short ordinary run",
    domains: ["support", "travel", "analytics", "coding", "research", "operations"],
    play: plain(3),
  },
  { shape: "a long but steady run", domains: ["coding", "research", "operations", "support"], play: plain(34) },
  {
    shape: "a large document from the user",
    domains: ["research", "analytics", "support", "coding"],
    play: (run) => {
      run.hear(`Please read this and tell me what matters.\n\n${report(run.random, 60_000)}`);
      ordinary(run, 4);
      answer(run);
    },
  },
  {
    shape: "one tool over many items at the same time",
    domains: ["research", "support", "travel", "analytics"],
    play: (run) => {
      ask(run);
      const names = { "research-desk": "fetch_page", helpdesk: "lookup_order", "travel-desk": "search_hotels" };
      const name = names[run.domain.service] ?? "run_sql";
      run.step(Array.from({ length: 12 }, () => freshCall(run, name)).filter(Boolean));
      ordinary(run, 1);
      answer(run);
    },
  },
  {
    shape: "a planner that calls many different tools",
    domains: ["support", "operations", "travel", "coding"],
    play: (run) => {
      ask(run);
      for (const { name } of run.domain.tools) run.step([freshCall(run, name)]);
      answer(run);
    },
  },
  {
    shape: "one tool over many items, one after the other",
    domains: ["support", "research", "analytics"],
    play: (run) => {
      ask(run);
      const name = run.domain.tools[run.domain.service === "data-analyst" ? 1 : 0].name;
      for (let i = 0; i < 14; i++) run.step([freshCall(run, name)].filter(Boolean));
      answer(run);
    },
  },
  {
    shape: "streamed long answers",
    domains: ["research", "support", "travel"],
    streams: true,
    play: (run) => {
      ask(run);
      ordinary(run, 2);
      run.say(report(run.random, 9000));
      run.hear("Thank you. Could you also write it as a letter?");
      run.say(report(run.random, 7000));
    },
  },
  {
    shape: "a single call without any tool",
    domains: ["support", "research", "travel"],
    play: (run) => {
      ask(run);
      answer(run);
    },
  },
  {
    shape: "many middle-sized results that add up slowly",
    domains: ["research", "coding", "operations"],
    play: (run) => {
      ask(run);
      const name = { "research-desk": "fetch_page", "code-agent": "read_file", "oncall-agent": "search_logs" }[
        run.domain.service
      ];
      for (let i = 0; i < 9; i++) {
        run.step([freshCall(run, name)].filter(Boolean));
        ordinary(run, 1, { without: [name] });
      }
      answer(run);
    },
  },
];
