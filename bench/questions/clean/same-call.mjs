// Runs that make the very same call several times because its answer changes.
import { sentence } from "../domains/words.mjs";
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

const screen = (run) => ({
  url: `https://shop.example/admin/${run.random.hex(4)}`,
  title: sentence(run.random).slice(0, 40),
  buttons: run.random.between(2, 14),
});

export const sameCall = [
  {
    shape: "a screenshot after every click",
    domains: ["support", "operations", "travel"],
    play: (run) => {
      ask(run);
      for (let i = 0; i < 7; i++) {
        run.step([["take_screenshot", {}, { result: screen(run) }]]);
        run.step([["click", { x: run.random.between(20, 1200), y: run.random.between(20, 800) }, { result: "ok" }]]);
      }
      answer(run);
    },
  },
  {
    shape: "waiting for a build that goes on",
    domains: ["coding", "operations"],
    times: 2,
    play: (run) => {
      ask(run);
      ordinary(run, 1);
      const run_id = run.random.digits(8);
      for (let i = 1; i <= 5; i++) {
        run.step([["sleep", { seconds: 30 }, { result: "", ms: 30_004 }]], { thinks: "" });
        run.step([
          [
            "ci_status",
            { run_id },
            {
              result: {
                run_id,
                done: i,
                of: 5,
                state: i === 5 ? "success" : "in_progress",
                job: ["install", "lint", "types", "unit", "package"][i - 1],
              },
            },
          ],
        ]);
      }
      answer(run);
    },
  },
  {
    shape: "the next page, without arguments",
    domains: ["research", "analytics"],
    times: 2,
    play: (run) => {
      ask(run);
      for (let i = 0; i < 6; i++)
        run.step([["next_page", {}, { result: Array.from({ length: 5 }, () => sentence(run.random)).join("\n") }]]);
      answer(run);
    },
  },
  {
    shape: "a list of things to do, written anew after every step",
    domains: ["coding", "research"],
    times: 2,
    play: (run) => {
      ask(run);
      const steps = ["read the code", "find the cause", "change it", "run the tests", "sum up"];
      for (let i = 0; i <= steps.length; i++) {
        run.step([["write_todos", { todos: steps.map((text, at) => ({ text, done: at < i })) }, { result: "saved" }]], {
          thinks: "",
        });
        if (i < steps.length) ordinary(run, 1);
      }
      answer(run);
    },
  },
  {
    shape: "the time is asked at each turn of a conversation",
    domains: ["travel", "support"],
    play: (run) => {
      for (let i = 0; i < 4; i++) {
        ask(run);
        run.step([["current_time", {}, { result: { now: new Date(run.now).toISOString() } }]]);
        run.step([freshCall(run, run.domain.tools[i % 3].name)]);
        answer(run);
        if (i < 3) run.wait(run.random.between(8, 40) * 1000);
      }
    },
  },
];
