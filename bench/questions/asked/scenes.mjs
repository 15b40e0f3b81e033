// Runs made for the questions in plain words: small desks of which everything is known.
import { domains } from "../domains/all.mjs";
import { beginRun } from "../made/agent-run.mjs";
import { draws } from "../made/draws.mjs";
import { answer, freshCall, ordinary } from "../made/play.mjs";

const hour = 3_600_000;

function scene(words, at, options, play) {
  const random = draws("scene", ...words);
  const run = beginRun({ random, at, ...options, domain: domains[options.domain] });
  if (options.root) run.openRoot(options.root);
  const known = play(run) ?? {};
  return { ...run.end(known.status, known), known };
}

/** Yesterday's refunds: eight runs, one of them waits 71 s for the payment provider. */
function refundDesk(now) {
  return Array.from({ length: 8 }, (_, i) =>
    scene(
      ["refund", String(i)],
      now - (26 - i) * hour,
      { domain: "support", service: "refund-desk", agent: "refunds", model: "gpt-4o", session: `refund-case-${i + 1}` },
      (run) => {
        run.hear(`Please refund order A-4400${i}.`);
        run.step([["lookup_order", { order_id: `A-4400${i}` }]]);
        const { tools } = run.step([
          [
            "issue_refund",
            { order_id: `A-4400${i}`, amount_eur: 20 + i, reason: "returned unused" },
            i === 5 ? { ms: 71_300 } : undefined,
          ],
        ]);
        answer(run);
        return { refund: tools[0] };
      },
    ),
  );
}

/** Invoices over two days: one tool fails five times, another twice, one run ends with an error. */
function invoiceBot(now) {
  return Array.from({ length: 14 }, (_, i) =>
    scene(
      ["invoice", String(i)],
      now - (46 - 3 * i) * hour,
      {
        domain: "support",
        service: "invoice-bot",
        agent: "invoicer",
        dialect: "openinference",
        model: "gpt-4o-mini",
        session: `invoice-batch-${Math.floor(i / 5)}`,
      },
      (run) => {
        run.hear(`Send the invoice for order A-5${String(i).padStart(4, "0")}.`);
        const fails = [1, 4, 6, 9, 12].includes(i)
          ? {
              fails: {
                type: "ConnectionError",
                message: `ledger.internal refused the connection (attempt from worker ${i})`,
              },
            }
          : undefined;
        const order = { order_id: `A-5${String(i).padStart(4, "0")}` };
        run.step([["list_payments", order, fails]]);
        if (i === 9) return { status: { code: 2, message: "ledger.internal refused the connection" } };
        if (fails) run.step([["list_payments", order]], { thinks: "Once more." });
        const bounced = [3, 8].includes(i)
          ? { fails: { type: "SmtpError", message: "550 mailbox unavailable" } }
          : undefined;
        run.step([
          [
            "send_email",
            { to: `customer${i}@mail.example`, subject: "Invoice", body: "Please find it attached." },
            bounced,
          ],
        ]);
        if (bounced)
          run.step([
            ["send_email", { to: `customer${i}@post.example`, subject: "Invoice", body: "Please find it attached." }],
          ]);
        answer(run);
      },
    ),
  );
}

/** Two clean-ups: the first asks a person before it deletes, the second does not. */
function cleanUp(now) {
  return [true, false].map((asks, i) =>
    scene(
      ["clean", String(i)],
      now - (9 - i) * hour,
      {
        domain: "operations",
        service: "cleanup-agent",
        agent: "janitor",
        model: "gpt-4.1",
        session: `cleanup-${i + 1}`,
      },
      (run) => {
        run.hear(`Free some space on the ${i ? "archive" : "staging"} volume.`);
        run.step([["query_metrics", { service: "archive", metric: "disk_used", window: "2h" }]]);
        if (asks)
          run.step([
            [
              "ask_approval",
              { action: "delete_records older than 90 days" },
              { result: { approved: true, by: "i.moreau" }, ms: 42_000 },
            ],
          ]);
        const { tools } = run.step([
          [
            "delete_records",
            { volume: i ? "archive" : "staging", older_than_days: asks ? 90 : 7 },
            { result: { deleted: 18_204 + i }, ms: 2300 },
          ],
        ]);
        run.say(`Deleted ${18_204 + i} records.`);
        return { deletion: tools[0] };
      },
    ),
  );
}

/** Agents that hand on to each other: planner, reader, writer. */
function briefing(now) {
  return [
    scene(
      ["briefing"],
      now - 5 * hour,
      {
        domain: "research",
        service: "briefing-crew",
        agent: "planner",
        root: "briefing_workflow",
        model: "gpt-4.1",
        session: "briefing-monday",
      },
      (run) => {
        run.openAgent("planner");
        run.hear("A briefing on night trains in Europe, please.");
        run.step([["web_search", { query: "night trains Europe 2026" }]]);
        run.handOff("reader");
        for (let i = 0; i < 3; i++) run.step([freshCall(run, "fetch_page")]);
        run.handOff("writer");
        run.step([["save_note", { text: "Three new lines since 2024", source: "transport-weekly.example" }]]);
        answer(run);
      },
    ),
  ];
}

/** One session of three runs; the second one exports all orders and carries them along. */
function orderChat(now) {
  return [0, 1, 2].map((i) =>
    scene(
      ["orders", String(i)],
      now - (7 - i) * hour,
      {
        domain: "analytics",
        service: "order-chat",
        agent: "analyst",
        model: "gpt-4.1",
        session: "chat-lena-77",
        user: "lena",
      },
      (run) => {
        run.hear(
          [
            "How many orders came in last week?",
            "Export all orders of October and find the odd ones.",
            "Thanks. And the returns?",
          ][i],
        );
        ordinary(run, 2);
        let big = null;
        if (i === 1) {
          const rows = Array.from(
            { length: 1500 },
            (_, row) => `${810_000 + row},DE,${run.random.between(5, 900)}.00,2026-10-${run.random.between(10, 30)}`,
          );
          big = run.step([["export_orders", { month: "2026-10" }, { result: rows.join("\n") }]]).tools[0];
          ordinary(run, 4);
        }
        answer(run);
        return { big };
      },
    ),
  );
}

/** A run whose root never arrived: the process was killed. */
function killed(now) {
  const options = {
    domain: "operations",
    service: "night-sync",
    agent: "syncer",
    root: "nightly_sync",
    model: "gpt-4.1-mini",
    session: "sync-20",
  };
  return [
    scene(["killed"], now - 30 * hour, options, (run) => {
      run.hear("Sync the catalogue.");
      ordinary(run, 3);
      return { isKilled: true };
    }),
  ];
}

/** `{refunds, invoices, cleanUps, briefing, orders, killed}`, each a list of runs with what is `known` of them. */
export function scenes(now) {
  return {
    refunds: refundDesk(now),
    invoices: invoiceBot(now),
    cleanUps: cleanUp(now),
    briefing: briefing(now),
    orders: orderChat(now),
    killed: killed(now),
  };
}
