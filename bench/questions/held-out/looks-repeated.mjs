// Held out: runs that call the same again, or hand to and fro, for a good reason.
import { person, report, sentence } from "../domains/words.mjs";
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

export const looksRepeated = [
  {
    shape: "the same small change for many, each answered ok",
    domains: ["bank", "clinic", "letting", "freight"],
    play: (run) => {
      ask(run);
      ordinary(run, 1);
      const first = run.random.between(1000, 8000);
      for (let i = 0; i < 9; i++)
        run.step([["set_reminder", { customer: `c-${first + i * 7}`, on: true }, { result: "ok" }]], { thinks: "" });
      answer(run);
    },
  },
  {
    shape: "one search made narrower, each time with other hits",
    domains: ["security", "letting", "clinic"],
    play: (run) => {
      ask(run);
      const words = [
        "contract 2026",
        "contract 2026 signed",
        "contract 2026 signed annex",
        "contract 2026 signed annex B",
      ];
      for (const [i, query] of words.entries())
        run.step([
          [
            "search_documents",
            { query },
            {
              result: Array.from({ length: 8 - 2 * i }, () => ({
                id: run.random.hex(8),
                title: sentence(run.random),
                by: person(run.random),
              })),
            },
          ],
        ]);
      ordinary(run, 1);
      answer(run);
    },
  },
  {
    shape: "progress told after every step",
    domains: ["security", "bank", "freight"],
    play: (run) => {
      ask(run);
      for (let i = 1; i <= 6; i++) {
        ordinary(run, 1);
        run.step([["report_progress", { percent: Math.round((100 * i) / 6) }, { result: "ok" }]], { thinks: "" });
      }
      answer(run);
    },
  },
  {
    shape: "read, changed, read again",
    domains: ["bank"],
    times: 2,
    play: (run) => {
      ask(run);
      const args = { auftrag: "da-40118" };
      run.step([["dauerauftrag_lesen", args, { result: { ...args, betrag_eur: 310 } }]]);
      run.step([
        [
          "dauerauftrag_aendern",
          { ...args, betrag_eur: 350 },
          { result: { ...args, betrag_eur: 350, gilt_ab: "2026-11-24" } },
        ],
      ]);
      run.step([["dauerauftrag_lesen", args, { result: { ...args, betrag_eur: 350 } }]]);
      run.say("Der Dauerauftrag beträgt ab dem 24.11.2026 nun 350,00 Euro.");
    },
  },
  {
    shape: "a payment on its way, asked for until it is there",
    domains: ["bank", "letting"],
    times: 2,
    play: (run) => {
      ask(run);
      ordinary(run, 1);
      const states = ["created", "submitted", "pending", "pending", "settled"];
      for (const [i, state] of states.entries()) {
        run.step([["payment_state", { payment: "pay_88120" }, { result: { payment: "pay_88120", state } }]], {
          thinks: "",
        });
        if (i < states.length - 1) run.wait(15_000);
      }
      answer(run);
    },
  },
  {
    shape: "the user asks the same again, later",
    domains: ["freight", "clinic"],
    times: 2,
    play: (run) => {
      const [name, args] = freshCall(run, run.domain.tools[0].name);
      for (let i = 0; i < 3; i++) {
        if (i === 0) ask(run);
        else run.hear(["And now, any news?", "Sorry to ask again: where does it stand now?"][i - 1]);
        run.step([[name, args]]);
        answer(run);
        if (i < 2) run.wait(run.random.between(40, 130) * 1000);
      }
    },
  },
  {
    shape: "two agents look at the same record, each for its own part",
    domains: ["security", "bank"],
    times: 2,
    play: (run) => {
      ask(run);
      const [name, args] = freshCall(run, run.domain.tools[0].name);
      const result = { ...args, note: sentence(run.random) };
      for (const agent of run.domain.agents.slice(1, 3)) {
        const work = () => {
          run.step([[name, args, { result }]]);
          ordinary(run, 2, { without: [name] });
          answer(run);
        };
        run.step([
          [`ask_${agent}`, { task: `Your part, ${agent}` }, { inside: { agent, task: `Your part, ${agent}`, work } }],
        ]);
      }
      answer(run);
    },
  },
  {
    shape: "a draft goes to and fro and gets better",
    domains: ["letting", "security"],
    times: 2,
    root: "drafting",
    play: (run) => {
      const [writer, , , critic] = run.domain.agents;
      run.openAgent(writer);
      ask(run);
      for (let i = 1; i <= 3; i++) {
        run.step([["save_draft", { version: i, text: report(run.random, 500) }, { result: { saved: `draft-${i}` } }]]);
        run.handOff(critic);
        run.step([
          [
            "add_comments",
            { version: i, comments: [sentence(run.random), sentence(run.random)] },
            { result: { comments: 2, open: 3 - i } },
          ],
        ]);
        run.handOff(writer);
      }
      run.step([["publish", { version: 3 }, { result: { published: true } }]]);
      answer(run);
    },
  },
  {
    shape: "handed on, worked on, handed back with the answer",
    domains: ["bank", "clinic", "freight"],
    root: "request",
    play: (run) => {
      const [desk, other] = run.domain.agents;
      run.openAgent(desk);
      ask(run);
      ordinary(run, 1);
      run.handOff(other, { name: `handoff_to_${other}` });
      ordinary(run, 4);
      run.handOff(desk, { name: `handoff_to_${desk}` });
      ordinary(run, 1);
      answer(run);
    },
  },
];
