// Runs that call the same tool again for a good reason.

import { person, sentence } from "../domains/words.mjs";
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

const page = (run, count) =>
  Array.from({ length: count }, () => ({ id: run.random.hex(8), by: person(run.random), text: sentence(run.random) }));

export const repeating = [
  {
    shape: "paging through results",
    domains: ["support", "research", "analytics", "operations"],
    play: (run) => {
      ask(run);
      const pages = run.random.between(6, 11);
      for (let i = 1; i <= pages; i++)
        run.step(
          [
            [
              "list_reviews",
              { query: "returns", page: i, per_page: 8 },
              { result: { page: i, of: pages, items: page(run, 8) } },
            ],
          ],
          { thinks: "" },
        );
      answer(run);
    },
  },
  {
    shape: "paging with a cursor, the last page is empty",
    domains: ["support", "research", "analytics"],
    play: (run) => {
      ask(run);
      let cursor = null;
      for (let i = 0; i < 7; i++) {
        const next = i < 6 ? run.random.hex(16) : null;
        run.step(
          [
            [
              "list_tickets",
              { state: "open", cursor },
              { result: { items: i < 6 ? page(run, 6) : [], next_cursor: next } },
            ],
          ],
          { thinks: "" },
        );
        cursor = next ?? run.random.hex(16);
      }
      answer(run);
    },
  },
  {
    shape: "reading one long file by offset",
    domains: ["coding"],
    times: 3,
    play: (run) => {
      ask(run);
      const path = "src/ui/checkout/form.tsx";
      for (let offset = 0; offset < 1600; offset += 200)
        run.step([
          [
            "read_file",
            { path, offset, limit: 200 },
            { result: run.domain.tools.find(({ name }) => name === "read_file").result({}, run.random) },
          ],
        ]);
      ordinary(run, 2);
      answer(run);
    },
  },
  {
    shape: "polling that ends",
    domains: ["operations"],
    times: 5,
    play: (run) => {
      ask(run);
      ordinary(run, 1, { without: ["job_status"] });
      const job_id = `job-${run.random.digits(5)}`;
      const polls = run.random.between(5, 9);
      for (let i = 0; i <= polls; i++) {
        const done = i === polls;
        run.step(
          [
            [
              "job_status",
              { job_id },
              {
                result: {
                  job_id,
                  state: done ? "done" : "running",
                  progress: done ? 100 : Math.round((100 * i) / polls),
                },
              },
            ],
          ],
          { thinks: "" },
        );
        if (!done) run.wait(4000);
      }
      answer(run);
    },
  },
  {
    shape: "test, fix, test",
    domains: ["coding"],
    times: 6,
    play: (run) => {
      ask(run);
      ordinary(run, 2, { without: ["run_tests", "edit_file"] });
      const files = ["test/cart/total.test.ts"];
      const rounds = run.random.between(3, 6);
      for (let failing = rounds; failing >= 0; failing--) {
        const result = failing
          ? ` ❯ ${files[0]} (14 tests | ${failing} failed)\n   × total > rounds case ${failing} once\n     → expected ${1000 + failing} to be ${999 + failing}\n\n      Tests  ${failing} failed | ${14 - failing} passed (14)`
          : ` ✓ ${files[0]} (14 tests) 412ms\n\n      Tests  14 passed (14)`;
        run.step([["run_tests", { files }, { result }]]);
        if (failing) run.step([freshCall(run, "edit_file")]);
      }
      answer(run);
    },
  },
  {
    shape: "reading a file again after it was edited",
    domains: ["coding"],
    times: 3,
    play: (run) => {
      ask(run);
      for (let i = 0; i < 3; i++) {
        run.step([
          [
            "read_file",
            { path: "src/lib/money.ts" },
            { result: run.domain.tools.find(({ name }) => name === "read_file").result({}, run.random) },
          ],
        ]);
        run.step([
          [
            "edit_file",
            { path: "src/lib/money.ts", old: `const r${i} = 1;`, new: `const r${i} = ${i + 2};` },
            { result: "edited src/lib/money.ts: 1 replacement" },
          ],
        ]);
      }
      run.step([freshCall(run, "run_tests")]);
      answer(run);
    },
  },
  {
    shape: "a metric watched before and after",
    domains: ["operations"],
    times: 3,
    play: (run) => {
      ask(run);
      const args = { service: "checkout", metric: "p99_ms", window: "5m" };
      const read = (low, high) =>
        run.step([
          [
            "query_metrics",
            args,
            { result: { ...args, points: Array.from({ length: 6 }, () => run.random.between(low, high)) } },
          ],
        ]);
      read(1900, 2600);
      ordinary(run, 2, { without: ["query_metrics", "rollback"] });
      run.step([freshCall(run, "rollback")]);
      read(300, 900);
      run.step([["sleep", { seconds: 10 }, { result: "", ms: 10_003 }]], { thinks: "" });
      read(180, 260);
      answer(run);
    },
  },
  {
    shape: "hand-offs that each do their part",
    domains: ["support", "travel", "operations"],
    root: "workflow",
    times: 2,
    play: (run) => {
      const [first, ...others] = run.domain.agents;
      run.openAgent(first);
      ask(run);
      ordinary(run, 1);
      for (const to of others.slice(0, 2)) {
        run.handOff(to);
        ordinary(run, 3);
      }
      run.handOff(first);
      ordinary(run, 1);
      answer(run);
    },
  },
  {
    shape: "a supervisor that calls its workers in turn",
    domains: ["research", "analytics", "operations"],
    play: (run) => {
      ask(run);
      const [, ...workers] = run.domain.agents;
      for (let i = 0; i < 4; i++) {
        const agent = workers[i % workers.length];
        const task = `Part ${i + 1}: ${run.random.pick(run.domain.users)(run.random)}`;
        run.step([
          [
            `delegate_to_${agent}`,
            { task },
            {
              inside: {
                agent,
                task,
                work: () => {
                  ordinary(run, 2);
                  answer(run);
                },
              },
            },
          ],
        ]);
      }
      answer(run);
    },
  },
];
