// Questions about a company's figures, answered with SQL.
import { cities, day, person } from "./words.mjs";

const measures = ["revenue_eur", "orders", "returns", "active_customers", "margin_eur"];

export const analytics = {
  service: "data-analyst",
  agents: ["analyst", "charter"],
  system: `You answer questions of the sales team about the warehouse database "mart" (PostgreSQL 16, read only).
Look at the schema before you write SQL. Use CTEs, name columns explicitly, never SELECT *. Limit to 200 rows.
Revenue is net of taxes and returns (mart.orders.net_eur). A customer counts as active with one order in 90 days.
Weeks start on Monday. The fiscal year starts in October. Times are UTC; shops report in their local time.
Countries: use ISO codes. Regions: north, south, west, east; the mapping is in mart.region.
Always say which period and which filter a figure refers to, and how fresh the data is (mart.load_log).
If a figure looks odd (more than 30 % from the week before), check it a second way before you report it.
Charts: line for time, bars for comparison, never pies. Round in the text, not in SQL.`,
  users: [
    (r) => `How did ${r.pick(measures)} develop in ${r.pick(cities)} over the last eight weeks?`,
    (r) => `Which ten products had the most returns since ${day(r)}, and why?`,
    () => "Compare the north and the south region for October, with a chart.",
    (r) => `${person(r)} says our margin fell. Is that true, and since when?`,
  ],
  thinks: [
    "First the schema of the tables I need.",
    "I check the load log so that I can say how fresh this is.",
    "That is a jump of 34 %; I compute it a second way.",
    "Now the chart.",
  ],
  answers: [
    (r) =>
      `Revenue in the north rose from ${r.between(210, 300)} k to ${r.between(300, 420)} k EUR (weeks 38 to 45, net of returns, loaded ${day(r)}). The south stayed at ${r.between(180, 240)} k. The chart shows both.`,
    (r) =>
      `The margin fell by ${r.between(2, 7)} points since ${day(r)}, because freight cost rose; without freight it is unchanged.`,
  ],
  tools: [
    {
      name: "describe_table",
      says: "Columns of a table",
      needs: ["table"],
      ms: 35,
      args: (r) => ({ table: r.pick(["mart.orders", "mart.region", "mart.returns", "mart.load_log"]) }),
      result: (_, r) =>
        r
          .shuffled([
            "order_id bigint",
            "net_eur numeric(12,2)",
            "country char(2)",
            "region text",
            "ordered_at timestamptz",
            "customer_id bigint",
          ])
          .slice(0, 4)
          .join("\n"),
    },
    {
      name: "run_sql",
      says: "Run a read-only query",
      needs: ["sql"],
      ms: 720,
      sigma: 0.4,
      args: (r) => ({
        sql: `SELECT date_trunc('week', ordered_at) AS week, sum(${r.pick(measures)}) AS value FROM mart.orders WHERE country = '${r.pick(["DE", "IT", "FR", "PL"])}' AND ordered_at >= '${day(r)}' GROUP BY 1 ORDER BY 1`,
      }),
      result: (_, r) =>
        [
          "week,value",
          ...Array.from({ length: r.between(5, 9) }, (_, i) => `2026-W${38 + i},${r.between(20000, 400000)}`),
        ].join("\n"),
    },
    {
      name: "make_chart",
      says: "Draw a chart from rows",
      needs: ["kind", "rows"],
      ms: 260,
      args: (r) => ({ kind: r.pick(["line", "bar"]), rows: r.between(5, 40), title: `${r.pick(measures)} by week` }),
      result: (_, r) => ({ chart: `https://charts.example/${r.hex(8)}.png` }),
    },
    {
      name: "check_freshness",
      says: "When a table was last loaded",
      needs: ["table"],
      ms: 30,
      args: () => ({ table: "mart.orders" }),
      result: (_, r) => ({
        table: "mart.orders",
        loaded_at: `${day(r)}T04:1${r.between(0, 9)}:00Z`,
        rows: r.between(900000, 1100000),
      }),
    },
  ],
};
