// A context blow-up: one result is huge, and every later call carries it along.
import { source } from "../domains/coding.mjs";
import { logLines } from "../domains/operations.mjs";
import { report, sentence } from "../domains/words.mjs";
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

/** `name` gives `big(run)` after `before` steps; `after` steps carry it: both may be named for it. */
const carried = (name, big, before, after, args) => (run) => {
  ask(run);
  ordinary(run, before, { without: [name] });
  const [tool, given] = freshCall(run, name);
  const { tools } = run.step([[tool, args ?? given, { result: big(run) }]]);
  const asked = run.chats.length;
  ordinary(run, after, { without: [name] });
  answer(run);
  return { spans: [...tools, ...run.chats.slice(asked)], names: [name] };
};

const rows = (run, count) =>
  ["order_id,country,net_eur,ordered_at,customer"]
    .concat(
      Array.from(
        { length: count },
        () =>
          `${run.random.digits(8)},${run.random.pick(["DE", "IT", "FR"])},${run.random.between(5, 900)}.${run.random.digits(2)},2026-10-${run.random.between(10, 30)},${run.random.hex(10)}`,
      ),
    )
    .join("\n");
const html = (run, count) =>
  `<!doctype html><html><body>${Array.from({ length: count }, () => `<div class="row c-${run.random.hex(6)}" data-id="${run.random.hex(12)}"><p>${sentence(run.random)}</p></div>`).join("\n")}</body></html>`;
const records = (run, count) =>
  JSON.stringify(
    Array.from({ length: count }, () => ({
      id: run.random.hex(12),
      name: sentence(run.random).slice(0, 40),
      eur: run.random.between(1, 900),
      tags: [run.random.hex(4), run.random.hex(4)],
    })),
  );
const picture = (run, chars) =>
  `data:image/png;base64,${Array.from({ length: chars / 24 }, () => Buffer.from(run.random.hex(36), "hex").toString("base64")).join("")}`;

export const contextBlowUp = {
  fault: "context blow-up",
  kinds: ["context_growth"],
  variants: [
    {
      shape: "a table dump of 110 KB",
      domain: "analytics",
      dialect: "otel",
      play: carried("run_sql", (run) => rows(run, 2000), 3, 8),
    },
    {
      shape: "a page as HTML",
      domain: "research",
      dialect: "openinference",
      model: "gpt-4o",
      play: carried("fetch_page", (run) => html(run, 800), 3, 7),
    },
    {
      shape: "a generated file",
      domain: "coding",
      dialect: "anthropic",
      model: "claude-sonnet-4-5",
      play: carried("read_file", (run) => source(run.random, 3400), 4, 12, { path: "src/api/schema.gen.ts" }),
    },
    {
      shape: "a day of logs",
      domain: "operations",
      dialect: "vercel",
      model: "gpt-4.1",
      play: carried("search_logs", (run) => logLines(run.random, 2200), 3, 9),
    },
    {
      shape: "all orders as JSON",
      domain: "support",
      dialect: "openllmetry",
      play: carried("lookup_order", (run) => records(run, 1200), 2, 8),
    },
    {
      shape: "a picture as base64",
      domain: "analytics",
      dialect: "vercel7",
      play: carried("make_chart", (run) => picture(run, 120_000), 4, 7),
    },
    {
      shape: "at the very start",
      domain: "research",
      dialect: "otel",
      model: "claude-sonnet-4-5",
      play: carried("fetch_page", (run) => report(run.random, 150_000), 0, 11),
    },
    {
      shape: "two of them",
      domain: "operations",
      dialect: "otel",
      play: (run) => {
        ask(run);
        ordinary(run, 2, { without: ["search_logs"] });
        const big = () => {
          const [name, args] = freshCall(run, "search_logs");
          return run.step([[name, args, { result: logLines(run.random, 1100) }]]).tools[0];
        };
        const one = big();
        const asked = run.chats.length;
        ordinary(run, 3, { without: ["search_logs"] });
        const two = big();
        ordinary(run, 4, { without: ["search_logs"] });
        answer(run);
        return { spans: [one, two, ...run.chats.slice(asked)], names: ["search_logs"] };
      },
    },
    {
      shape: "a listing of everything",
      domain: "coding",
      dialect: "otel",
      model: "gpt-4.1-mini",
      play: carried(
        "list_dir",
        (run) =>
          Array.from({ length: 4200 }, () => `node_modules/${run.random.hex(6)}/dist/${run.random.hex(5)}.js`).join(
            "\n",
          ),
        2,
        14,
        { path: "." },
      ),
    },
    {
      shape: "streamed, all hotels",
      domain: "travel",
      dialect: "otel",
      streams: true,
      model: "claude-haiku-4-5",
      play: carried("search_hotels", (run) => records(run, 1500), 2, 7),
    },
    {
      shape: "what an agent brought back",
      domain: "research",
      dialect: "openinference",
      play: (run) => {
        ask(run);
        ordinary(run, 2);
        const text = report(run.random, 130_000);
        const { tools } = run.step([
          [
            "delegate_to_reader",
            { task: "Read all pages about heat pumps" },
            {
              inside: {
                agent: "reader",
                task: "Read all pages about heat pumps",
                work: () => {
                  ordinary(run, 2);
                  run.say("I read them all.");
                  return text;
                },
              },
            },
          ],
        ]);
        const asked = run.chats.length;
        ordinary(run, 8);
        answer(run);
        return { spans: [...tools, ...run.chats.slice(asked)], names: ["delegate_to_reader"] };
      },
    },
    {
      shape: "a long test log",
      domain: "coding",
      dialect: "vercel",
      model: "gpt-4o",
      play: carried(
        "run_tests",
        (run) =>
          Array.from(
            { length: 2600 },
            (_, i) => ` ✓ case ${i}: ${sentence(run.random).slice(0, 40)} ${run.random.between(1, 90)}ms`,
          ).join("\n"),
        5,
        9,
      ),
    },
    {
      shape: "early in a long run",
      domain: "support",
      dialect: "vercel7",
      model: "gpt-4.1-mini",
      play: carried("search_kb", (run) => records(run, 1000), 1, 6),
    },
  ],
};
