// A slow tool: one call (or all calls of one tool) takes far longer than it ever does, and the run waits for it.
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

/** One call of `name` takes `ms`, after `usual` calls of it that took what it takes. */
const once =
  (name, ms, { before = 3, usual = 2, after = 2, more = {} } = {}) =>
  (run) => {
    ask(run);
    ordinary(run, before, { without: [name] });
    for (let i = 0; i < usual; i++) run.step([freshCall(run, name)]);
    const [tool, args] = freshCall(run, name);
    const { tools } = run.step([[tool, args, { ms: run.random.logNormal(ms, 0.1), ...more }]]);
    ordinary(run, after, { without: [name] });
    answer(run);
    return { spans: tools, names: [name] };
  };

export const slowTool = {
  fault: "slow tool",
  kinds: ["slow_step"],
  variants: [
    { shape: "one order look-up of 34 s", domain: "support", dialect: "otel", play: once("lookup_order", 34_000) },
    {
      shape: "one search of 48 s, alone of its kind in the run",
      domain: "support",
      dialect: "vercel",
      model: "gpt-4o",
      play: once("search_kb", 48_000, { usual: 0 }),
    },
    {
      shape: "one page of 75 s",
      domain: "research",
      dialect: "openinference",
      play: once("fetch_page", 75_000, { usual: 3 }),
    },
    {
      shape: "a query of 95 s",
      domain: "analytics",
      dialect: "openllmetry",
      play: once("run_sql", 95_000, { usual: 4 }),
    },
    {
      shape: "a file that takes 22 s to be read",
      domain: "coding",
      dialect: "anthropic",
      model: "claude-sonnet-4-5",
      play: once("read_file", 22_000, { usual: 4 }),
    },
    {
      shape: "a chart of 61 s at the end",
      domain: "analytics",
      dialect: "otel",
      play: once("make_chart", 61_000, { usual: 1, after: 0 }),
    },
    {
      shape: "a flight search of 58 s at the start",
      domain: "travel",
      dialect: "vercel7",
      play: once("search_flights", 58_000, { before: 0, usual: 0, after: 4 }),
    },
    {
      shape: "one of three at the same time holds up the others",
      domain: "travel",
      dialect: "otel",
      model: "claude-haiku-4-5",
      play: (run) => {
        ask(run);
        ordinary(run, 2);
        const [hotel, args] = freshCall(run, "search_hotels");
        const { tools } = run.step([
          freshCall(run, "search_flights"),
          [hotel, args, { ms: 41_000 }],
          freshCall(run, "get_weather"),
        ]);
        ordinary(run, 1);
        answer(run);
        return { spans: [tools[1]], names: [hotel] };
      },
    },
    {
      shape: "every call of one tool takes 15 s",
      domain: "operations",
      dialect: "otel",
      play: (run) => {
        ask(run);
        ordinary(run, 2, { without: ["query_metrics"] });
        const spans = [];
        for (let i = 0; i < 4; i++) {
          const [name, args] = freshCall(run, "query_metrics");
          spans.push(run.step([[name, args, { ms: run.random.logNormal(15_000, 0.1) }]]).tools[0]);
        }
        answer(run);
        return { spans, names: ["query_metrics"] };
      },
    },
    {
      shape: "in an agent that another one called",
      domain: "research",
      dialect: "openinference",
      model: "gpt-4o",
      play: (run) => {
        ask(run);
        ordinary(run, 2);
        let spans = [];
        run.step([
          [
            "delegate_to_reader",
            { task: "Get the official figures" },
            {
              inside: {
                agent: "reader",
                task: "Official figures for DE and IT",
                work: () => {
                  run.step([freshCall(run, "query_statistics")]);
                  const [name, args] = freshCall(run, "query_statistics");
                  spans = run.step([[name, args, { ms: 66_000 }]]).tools;
                  run.say("Germany 41,200, Italy 18,900 (thousand, 2024).");
                },
              },
            },
          ],
        ]);
        answer(run);
        return { spans, names: ["query_statistics"] };
      },
    },
    {
      shape: "late in a long run",
      domain: "coding",
      dialect: "vercel7",
      model: "gpt-4.1-mini",
      play: once("grep", 88_000, { before: 18, usual: 3, after: 4 }),
    },
    {
      shape: "streamed answers around it",
      domain: "support",
      dialect: "otel",
      streams: true,
      play: once("track_parcel", 52_000, { usual: 1 }),
    },
    {
      shape: "a mail that takes 29 s to be sent",
      domain: "support",
      dialect: "openllmetry",
      model: "gpt-4o-mini",
      play: once("send_email", 29_000, { usual: 0, before: 2, after: 0 }),
    },
  ],
};
