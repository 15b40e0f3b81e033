// A loop: the agent goes on calling the same thing and learns nothing from it.
import { report } from "../domains/words.mjs";
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";
import { around, gaveUp, same } from "./around.mjs";

const noHits = "[]";
const wordings = [
  "refund policy EU",
  "EU refund policy",
  "refund policy in the EU",
  "policy for refunds EU",
  "EU policy refund",
  "refund policy (EU)",
  "refunds policy EU",
];

export const loop = {
  fault: "loop",
  kinds: ["loop"],
  variants: [
    {
      shape: "the same call five times",
      domain: "support",
      dialect: "otel",
      play: around(
        2,
        same("lookup_order", { order_id: "A-10233" }, { order_id: "A-10233", status: "unknown" }, 5),
        0,
        gaveUp,
      ),
    },
    {
      shape: "the same call until the steps are used up",
      domain: "coding",
      dialect: "vercel",
      model: "gpt-4o",
      play: around(
        3,
        same(
          "read_file",
          { path: "src/cart/total.ts" },
          "export function sumLines(lines: Line[]) {\n  return lines.length;\n}",
          9,
        ),
        0,
        () => {},
      ),
      status: { code: 2, message: "Maximum number of steps (12) reached" },
    },
    {
      shape: "one search in other words, nothing found",
      domain: "support",
      dialect: "openinference",
      play: around(
        1,
        (run) => wordings.map((query) => run.step([["search_kb", { query }, { result: noHits }]]).tools[0]),
        0,
        gaveUp,
      ),
    },
    {
      shape: "two tools in turn",
      domain: "coding",
      dialect: "otel",
      model: "claude-sonnet-4-5",
      play: around(2, (run) =>
        Array.from({ length: 6 }, () => [
          run.step([
            [
              "grep",
              { pattern: "applyDiscount\\(", path: "src" },
              { result: "src/cart/discount.ts:41:export function applyDiscount(" },
            ],
          ]).tools[0],
          run.step([
            [
              "read_file",
              { path: "src/cart/discount.ts" },
              {
                result:
                  "export function applyDiscount(cents: number, share: number) {\n  return cents - cents * share;\n}",
              },
            ],
          ]).tools[0],
        ]).flat(),
      ),
    },
    {
      shape: "editing there and back",
      domain: "coding",
      dialect: "anthropic",
      model: "claude-sonnet-4-5",
      play: around(4, (run) => {
        const [a, b] = ["Math.round(cents * share)", "Math.floor(cents * share)"];
        return Array.from(
          { length: 10 },
          (_, i) =>
            run.step([
              [
                "edit_file",
                { path: "src/cart/discount.ts", old: i % 2 ? b : a, new: i % 2 ? a : b },
                { result: "edited src/cart/discount.ts: 1 replacement" },
              ],
            ]).tools[0],
        );
      }),
    },
    {
      shape: "polling that never ends",
      domain: "operations",
      dialect: "openllmetry",
      play: around(
        2,
        (run) =>
          Array.from({ length: 16 }, () => {
            const { tools } = run.step(
              [
                [
                  "job_status",
                  { job_id: "job-48120" },
                  { result: { job_id: "job-48120", state: "queued", progress: 0 } },
                ],
              ],
              { thinks: "" },
            );
            run.wait(900);
            return tools[0];
          }),
        0,
        (run) => run.say("The job has not started. I stop here."),
      ),
    },
    {
      shape: "in an agent that another one called",
      domain: "research",
      dialect: "otel",
      play: (run) => {
        ask(run);
        ordinary(run, 1);
        let spans = [];
        run.step([
          [
            "delegate_to_reader",
            { task: "Read the study itself" },
            {
              inside: {
                agent: "reader",
                task: "Find and read the study on sodium-ion cells",
                work: () => {
                  spans = same(
                    "fetch_page",
                    { url: "https://standards.example/sodium-ion-7781" },
                    "This page needs JavaScript. Please enable it and reload.",
                    7,
                  )(run);
                  run.say("I could not read the study.");
                },
              },
            },
          ],
        ]);
        ordinary(run, 1);
        answer(run);
        return { spans };
      },
    },
    {
      shape: "late in a long run",
      domain: "coding",
      dialect: "vercel7",
      play: around(
        26,
        same(
          "run_shell",
          { command: "pnpm tsc --noEmit" },
          "exit 2\nsrc/api/orders.ts(41,9): error TS2322: Type 'string' is not assignable to type 'number'.",
          7,
        ),
      ),
    },
    {
      shape: "only a request id differs",
      domain: "analytics",
      dialect: "otel",
      play: around(
        2,
        (run) =>
          Array.from(
            { length: 6 },
            () =>
              run.step([
                [
                  "run_sql",
                  { sql: "SELECT week, sum(net_eur) FROM mart.orders GROUP BY week", request_id: run.random.hex(12) },
                  { result: "week,value" },
                ],
              ]).tools[0],
          ),
        0,
        gaveUp,
      ),
    },
    {
      shape: "the same pair side by side",
      domain: "travel",
      dialect: "openinference",
      play: around(
        1,
        (run) =>
          Array.from(
            { length: 5 },
            () =>
              run.step([
                ["search_flights", { from: "Graz", to: "Porto", date: "2026-11-14" }, { result: noHits }],
                ["search_hotels", { city: "Porto", checkin: "2026-11-14", nights: 2 }, { result: noHits }],
              ]).tools,
          ).flat(),
        0,
        gaveUp,
      ),
    },
    {
      shape: "a page whose clock ticks",
      domain: "research",
      dialect: "openllmetry",
      model: "gpt-4o-mini",
      play: around(2, (run) => {
        const text = report(run.random, 1400);
        return Array.from(
          { length: 6 },
          (_, i) =>
            run.step([
              [
                "fetch_page",
                { url: "https://gridnews.example/night-trains-4410" },
                { result: `${text}\nServed at 10:${20 + i}:07` },
              ],
            ]).tools[0],
        );
      }),
    },
    {
      shape: "three tools in turn",
      domain: "operations",
      dialect: "vercel",
      model: "claude-haiku-4-5",
      play: around(
        2,
        (run) =>
          Array.from({ length: 5 }, () => [
            run.step([
              [
                "query_metrics",
                { service: "search", metric: "p99_ms", window: "5m" },
                { result: { points: [2210, 2190, 2204] } },
              ],
            ]).tools[0],
            run.step([["search_logs", { service: "search", query: "timeout", minutes: 15 }, { result: "no lines" }]])
              .tools[0],
            run.step([["list_deployments", { service: "search" }, { result: { service: "search", deployments: [] } }]])
              .tools[0],
          ]).flat(),
        0,
        gaveUp,
      ),
    },
    {
      shape: "white space and case differ",
      domain: "analytics",
      dialect: "vercel7",
      play: around(
        1,
        (run) =>
          [
            "SELECT count(*) FROM mart.returns",
            "select count(*) from mart.returns",
            "SELECT COUNT(*)  FROM mart.returns",
            "SELECT count(*)\nFROM mart.returns",
            "select COUNT(*) from mart.returns;",
            "SELECT count( * ) FROM mart.returns",
          ].map((sql) => run.step([["run_sql", { sql }, { result: "count\n0" }]]).tools[0]),
        1,
      ),
    },
    {
      shape: "saving the same note again and again",
      domain: "research",
      dialect: "anthropic",
      model: "claude-haiku-4-5",
      play: around(3, (run) => {
        const [name, args] = freshCall(run, "save_note");
        return same(name, args, { saved: "note-118" }, 8)(run);
      }),
    },
  ],
};
