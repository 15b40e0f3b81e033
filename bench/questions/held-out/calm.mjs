// Held out: runs in which nothing is wrong, although they wait, grow, read nothing from a cache or tell little.
import { innocent } from "../clean/all.mjs";
import { report, sentence } from "../domains/words.mjs";
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

const abroad = ["bank", "clinic", "letting", "freight", "security"];
const withRules = ({ domain, random }, chars) => `${domain.system}\n\n# Rules\n${report(random, chars)}`;
const plain = (steps) => (run) => {
  ask(run);
  ordinary(run, steps);
  answer(run);
};

const fresh = [
  {
    shape: "a scanner that always takes its time",
    domains: ["letting"],
    service: "numerisation",
    times: 6,
    play: (run) => {
      ask(run);
      ordinary(run, 1);
      for (let i = 0; i < 2; i++)
        run.step([
          [
            "ocr_document",
            { page: run.random.between(1, 400) },
            { result: report(run.random, 700), ms: run.random.logNormal(26_000, 0.12) },
          ],
        ]);
      ordinary(run, 1);
      answer(run);
    },
  },
  {
    shape: "a customer on the line",
    domains: ["bank", "clinic"],
    play: (run) => {
      ask(run);
      ordinary(run, 1);
      run.step([
        [
          "ask_user",
          { question: "TAN?" },
          { result: { answer: run.random.digits(6) }, ms: run.random.between(25_000, 160_000) },
        ],
      ]);
      ordinary(run, 2);
      answer(run);
    },
  },
  {
    shape: "a result of 9 KB and few steps after it",
    domains: ["letting", "security", "freight"],
    play: (run) => {
      ask(run);
      ordinary(run, 2);
      run.step([["read_contract", { id: run.random.hex(6) }, { result: report(run.random, 9000) }]]);
      ordinary(run, 2);
      answer(run);
    },
  },
  {
    shape: "a long text fetched last and summed up at once",
    domains: ["security", "bank"],
    times: 2,
    play: (run) => {
      ask(run);
      ordinary(run, 2);
      run.step([["get_transcript", { id: run.random.hex(6) }, { result: report(run.random, 20_000) }]]);
      answer(run);
    },
  },
  {
    shape: "four helpers at the same time",
    domains: ["security", "letting", "freight"],
    play: (run) => {
      ask(run);
      run.step(
        [1, 2, 3, 4].map((part) => {
          const task = `Part ${part} of 4: ${sentence(run.random)}`;
          const work = () => {
            ordinary(run, 2);
            answer(run);
          };
          return ["start_helper", { task }, { inside: { agent: run.domain.agents[1 + (part % 3)], task, work } }];
        }),
      );
      answer(run);
    },
  },
  {
    shape: "a prompt too short for the cache, with the day on top",
    domains: ["bank", "freight", "clinic"],
    model: "claude-sonnet-4-5",
    system: ({ domain }) => `2026-11-22\n${domain.system}`,
    tools: ({ domain }) => domain.tools.slice(0, 3),
    play: (run) => {
      ask(run);
      run.step([freshCall(run, run.domain.tools[0].name)]);
      run.step([freshCall(run, run.domain.tools[1].name)]);
      answer(run);
    },
  },
  {
    shape: "the time stands in each of the user's messages",
    domains: ["clinic", "letting", "security"],
    model: "claude-haiku-4-5",
    system: (options) => withRules(options, 20_000),
    play: (run) => {
      for (let i = 0; i < 3; i++) {
        run.hear(`[${new Date(run.now).toISOString()}] ${run.random.pick(run.domain.users)(run.random)}`);
        ordinary(run, 2);
        answer(run);
        if (i < 2) run.wait(run.random.between(10, 60) * 1000);
      }
    },
  },
  {
    shape: "each agent has its own prompt and tools",
    domains: ["bank", "security", "letting"],
    root: "request",
    model: "claude-sonnet-4-5",
    system: (options) => {
      const rules = Object.fromEntries(options.domain.agents.map((agent) => [agent, withRules(options, 14_000)]));
      return ({ agent }) => `You are ${agent}.\n${rules[agent]}`;
    },
    tools:
      ({ domain }) =>
      (agent) =>
        domain.tools.filter((_, i) => (i + domain.agents.indexOf(agent.name)) % 4 < 3),
    play: (run) => {
      const [first, second, third] = run.domain.agents;
      run.openAgent(first);
      ask(run);
      ordinary(run, 2);
      run.handOff(second);
      ordinary(run, 3);
      run.handOff(third);
      ordinary(run, 3);
      answer(run);
    },
  },
  {
    shape: "the user stops it",
    domains: ["freight", "bank"],
    play: (run) => {
      ask(run);
      ordinary(run, 3);
      run.hear(run.domain.service === "yusou-desk" ? "もう結構です。ありがとう。" : "Danke, das reicht mir schon.");
      answer(run);
    },
  },
  {
    shape: "no figures of the cache, Gemini",
    domains: ["freight", "security"],
    model: "gemini-2.5-flash",
    keeps: (key) => !/cache/i.test(key),
    system: (options) => withRules(options, 16_000),
    play: plain(7),
  },
  { shape: "an ordinary run, Gemini", domains: ["bank", "letting"], model: "gemini-2.5-flash", play: plain(6) },
  { shape: "an ordinary run, Opus", domains: ["clinic", "security"], model: "claude-opus-4-5", play: plain(6) },
  { shape: "an ordinary run", domains: abroad, times: 2, play: plain(5) },
];

/** Shapes of the first set, with other seeds in these domains. */
const again = {
  "a long but steady run": ["freight", "security"],
  "a large document from the user": ["letting", "clinic"],
  "a planner that calls many different tools": ["bank", "freight"],
  "streamed long answers": ["security", "clinic"],
  "a first call without a cache": ["bank", "freight"],
  "the cache ran out while the user was away": ["letting", "security"],
  "another model for the last part": ["clinic", "bank"],
  "the history was compacted": ["security"],
  "a person had to approve": ["letting"],
  "tools that return nothing": ["freight"],
  "paging with a cursor, the last page is empty": ["bank", "clinic"],
  "a screenshot after every click": ["letting"],
  "waiting for a build that goes on": ["security"],
  "a supervisor that calls its workers in turn": ["freight", "clinic"],
};

export const calm = [
  ...fresh,
  ...Object.entries(again).map(([shape, domains]) => ({
    ...innocent.find((look) => look.shape === shape),
    domains,
    times: 1,
  })),
];
