import { describe, expect, test } from "vitest";
import { failureIn } from "../../src/model/result-text.js";
import { span } from "../store/otlp.js";
import { agentRun, dialects, findingsOf, type Turn, withError } from "./agent-runs.js";

const of = (spans: Parameters<typeof findingsOf>[1]) => findingsOf("error_chain", spans);

const declined = { type: "PaymentDeclined", message: "card closed (code 14)" };
const ask = (tool: string, args: Record<string, unknown> = { order: "FW-17" }): Turn => ({ asks: [{ tool, args }] });

describe.each(dialects)("recorded by %s", (dialect) => {
  test("what ended a run is told from the first failing span to the root", async () => {
    const turns: Turn[] = [ask("refund"), { tool: "refund", error: declined }];
    const [finding, ...others] = await of(agentRun(dialect, turns, { error: declined }));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: "critical",
      summary:
        "tool refund failed after 100 ms and ended the run through agent helper: PaymentDeclined card closed (code 14).",
      spans: [3, 1],
    });
  });

  test("a failure that an answer passes over is a warning", async () => {
    const turns: Turn[] = [ask("refund"), { tool: "refund", error: declined }, { says: "Your money is on its way." }];
    const [finding] = await of(agentRun(dialect, turns));
    expect(finding).toMatchObject({ severity: "warning", spans: [3] });
    expect(finding?.summary).toContain("nothing made up for it");
  });

  test("a failure that the answer admits is none to worry about", async () => {
    const turns: Turn[] = [ask("refund"), { tool: "refund", error: declined }, { says: "The refund was declined." }];
    expect(await of(agentRun(dialect, turns))).toMatchObject([{ severity: "info" }]);
  });

  test("a failure that a later call made up for is none to worry about", async () => {
    const turns: Turn[] = [
      ask("find_order"),
      { tool: "find_order", error: { message: "socket hang up" } },
      ask("find_order"),
      { tool: "find_order", result: '{"order":"FW-17","paid":176}' },
      { says: "You paid 176." },
    ];
    expect((await of(agentRun(dialect, turns))).filter(({ severity }) => severity !== "info")).toEqual([]);
  });

  test.each([
    ['{"error":"inventory service unavailable"}', "inventory service unavailable"],
    ['{"success":false,"message":"quota of orders used up"}', "quota of orders used up"],
    ["Error: connect ECONNREFUSED 10.0.0.4:5432", "ECONNREFUSED"],
    ['{"isError":true,"content":[{"type":"text","text":"no such customer"}]}', "no such customer"],
    ['{"status":503,"message":"Service Unavailable"}', "Service Unavailable"],
    ['Traceback (most recent call last):\n  File "t.py", line 3\nKeyError: "FW-17"', "KeyError"],
    ['{"error":"stock service down","code":"STK_9","item":"lamp","quantity":4}', "stock service down"],
    ['{"error":{"code":"E_LOCKED","message":"row is locked"},"row_id":88}', "row is locked"],
    ['{"status":502,"headers":{"via":"proxy"},"body":"Bad Gateway"}', "Bad Gateway"],
    ["exit 128\nfatal: not a git repository", "fatal: not a git repository"],
    ["Exit code: 2\ncp: cannot stat 'a.txt': No such file or directory", "cannot stat"],
    ['{"exit_code":1,"stdout":"","stderr":"permission denied: /etc/hosts"}', "permission denied"],
    ['"{\\"status\\":500,\\"body\\":\\"boom\\"}"', "boom"],
  ])("an error that only the result %s tells of is found", async (result, message) => {
    const turns: Turn[] = [ask("reserve_stock"), { tool: "reserve_stock", result }, { says: "Done, it is reserved." }];
    const [finding] = await of(agentRun(dialect, turns));
    expect(finding).toMatchObject({ severity: "warning", spans: [3] });
    expect(finding?.summary).toContain(message);
  });

  test.each([
    ["search_docs", '{"results":[{"title":"Error: what it means","text":"Error 503 is …"}]}'],
    ["read_file", `Error: disk full\n${"at 10:00 the disk was full again\n".repeat(40)}`],
    ["get_logs", "Error: connect ECONNREFUSED"],
    ["find_order", '{"order":"FW-17","error":null,"status":"shipped"}'],
    ["get_job", '{"job":"b-17","status":"failed"}'],
    ["fetch_page", "<h1>HTTP 404 explained</h1>"],
    ["find_order", '{"order":"FW-17","errors":[],"paid":176}'],
    ["weather", '{"city":"Porto","degrees":21,"error":"none"}'],
    ["weather", '{"city":"Porto","hours":[{"at":9,"degrees":18}],"error":"no data for the night","code":"PARTIAL"}'],
    ["convert", '{"success":true,"error":"rounded to cents","amount":12}'],
    ["get_job", '{"job":"b-17","state":"failed","error":"out of memory","code":137}'],
    ["check_site", '{"status":503,"url":"https://shop.example"}'],
    ["find_order", '{"status":404,"message":"no such order"}'],
    ["run", "exit 0\nerror: none"],
    ["run", "exit 1\n"],
    ["run", '{"exit_code":1,"stdout":"","stderr":""}'],
    ["run_tests", "exit 1\n2 failed, 12 passed"],
  ])("what %s brings about errors of other things is no failure", async (tool, result) => {
    const turns: Turn[] = [ask(tool), { tool, result }, { says: "Here is what it says." }];
    expect(await of(agentRun(dialect, turns))).toEqual([]);
  });
});

describe("whatever the failure", () => {
  test.each(["grep -rn legacy src", "npx vitest run", "npm run lint", "diff a b"])(
    "%s ends with another code than 0 to tell what it found",
    async (command) => {
      const result = "exit 1\nsrc/a.ts: error: 2 failed";
      const turns: Turn[] = [
        ask("shell", { command }),
        { tool: "shell", args: { command }, result },
        { says: "I see." },
      ];
      expect(await of(agentRun("otel", turns))).toEqual([]);
    },
  );

  const gone = { type: "HTTPError", message: "404 for https://a.example" };
  const reads = (says: string, then: string): Turn[] => [
    ask("fetch_page", { url: "https://a.example" }),
    { tool: "fetch_page", error: gone },
    { says, asks: [{ tool: then, args: { key: "other" } }] },
    { tool: then, args: { key: "other" }, result: '{"text":"Cells last 4,000 cycles."}' },
    { says: "Cells last 4,000 cycles." },
  ];
  test.each([
    "That page does not exist; I take the next hit.",
    "I could not read it, so I look elsewhere.",
    "Instead I use the archive.",
  ])("a failed reading that the model spoke of (%s) and replaced is none to worry about", async (says) => {
    expect(await of(agentRun("otel", reads(says, "query_archive")))).toMatchObject([{ severity: "info" }]);
  });
  test.each([
    ["it went on without a word", reads("", "query_archive")],
    ["it only spoke of what comes next", reads("Next I look up the price.", "query_archive")],
    ["what it did then changed something", reads("Instead I write it down.", "save_note")],
  ])("a failed reading stays a warning where %s", async (_, turns) => {
    expect(await of(agentRun("otel", turns))).toMatchObject([{ severity: "warning" }]);
  });
  test("each change of type or message on its way up is told", async () => {
    const turns: Turn[] = [
      ask("query"),
      { tool: "query", error: { type: "PgError", message: "relation users is missing" } },
    ];
    const root = { type: "AgentError", message: "step 2 failed" };
    const [finding] = await of(agentRun("otel", turns, { error: root }));
    expect(finding?.summary).toMatchInlineSnapshot(
      `"tool query failed after 100 ms and ended the run through agent helper as AgentError step 2 failed: PgError relation users is missing."`,
    );
  });

  test("equal causes are one finding that counts them", async () => {
    const turns: Turn[] = [1, 2, 3].map((n) => ({
      tool: "fetch",
      args: { n },
      error: { message: `host ${n} is gone` },
    }));
    const found = await of(
      agentRun("otel", turns, { error: { message: "host 1 is gone, host 2 is gone, host 3 is gone" } }),
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ severity: "critical", spans: [2, 3, 4, 1] });
    expect(found[0]?.summary).toContain("(and 2 more failures like it)");
  });

  test("a failure that was dealt with before another one ended the run is not blamed", async () => {
    const turns: Turn[] = [
      ask("search_flights", { to: "Lisbon" }),
      { tool: "search_flights", error: { type: "TimeoutError", message: "no answer in 450 ms" } },
      ask("refund"),
      { tool: "refund", error: declined },
    ];
    const found = await of(agentRun("otel", turns, { error: declined }));
    expect(found.map(({ severity, spans }) => [severity, spans[0]])).toEqual([
      ["critical", 5],
      ["info", 3],
    ]);
  });

  test("a failure inside a tool that answered all the same is not reported above info", async () => {
    const turns: Turn[] = [ask("find_order"), { tool: "find_order", result: '{"order":"FW-17"}' }, { says: "Found." }];
    const spans = agentRun("otel", turns);
    spans.push(
      span({
        trace: 1,
        id: 20,
        parent: 3,
        name: "GET /cache",
        start: spans[2] ? Number(spans[2].startTimeUnixNano) / 1e6 : 0,
        ms: 5,
        error: "cache miss",
      }),
    );
    expect((await of(spans)).filter(({ severity }) => severity !== "info")).toEqual([]);
  });

  test("hand-overs and interrupts that frameworks throw are none", async () => {
    const turns: Turn[] = [{ says: "Please confirm." }];
    const spans = agentRun("openinference", turns);
    const interrupt = { type: "GraphInterrupt", message: "waiting" };
    spans.push(
      withError(
        span({ trace: 1, id: 20, parent: 1, name: "confirm", attributes: { "openinference.span.kind": "CHAIN" } }),
        interrupt,
      ),
    );
    expect(await of(spans)).toEqual([]);
  });

  test("a tool that stands in for a failed one makes up for it", async () => {
    const turns: Turn[] = [
      ask("web_search", { query: "weather in Lisbon" }),
      { tool: "web_search", error: { message: "HTTP 500" } },
      ask("backup_search", { query: "weather in Lisbon" }),
      { tool: "backup_search", result: "19 degrees and sunny in Lisbon" },
      { says: "19 degrees." },
    ];
    expect((await of(agentRun("otel", turns))).map(({ severity }) => severity)).toEqual(["info"]);
  });

  test("another item's success does not make up for one that failed", async () => {
    const turns: Turn[] = [
      ask("cancel_order", { order: "FW-17" }),
      { tool: "cancel_order", args: { order: "FW-17" }, error: { message: "upstream broke off" } },
      ask("cancel_order", { order: "FW-18" }),
      { tool: "cancel_order", args: { order: "FW-18" }, result: '{"cancelled":true}' },
      { says: "Both orders are cancelled." },
    ];
    expect(await of(agentRun("vercel", turns))).toMatchObject([{ severity: "warning", spans: [3] }]);
  });
});

describe("an answer in another language", () => {
  const failedBooking = (says: string) =>
    agentRun("otel", [
      { asks: [{ tool: "book_room", args: { day: "Monday" } }] },
      { tool: "book_room", result: '{"ok":false,"mensaje":"sin conexión","sede":"Lugo"}' },
      { says },
    ]);

  test.each([
    "Leider hat die Buchung nicht geklappt.",
    "Ich konnte das Zimmer für Montag nicht buchen.",
    "No se pudo reservar la sala.",
    "La réservation n’a pas pu être faite.",
    "Purtroppo la sala non è stata prenotata.",
    "Não foi possível reservar a sala.",
    "Het boeken van de kamer is mislukt.",
    "申し訳ありません。予約できませんでした。",
    "预订失败，请稍后再试。",
    "예약에 실패했습니다.",
  ])("%s is honest", async (says) => {
    const found = await findingsOf("error_chain", failedBooking(says));
    expect(found.filter(({ severity }) => severity !== "info")).toEqual([]);
  });

  test.each([
    "Das Zimmer ist gebucht, die Kleider sind im Schrank.",
    "La sala está reservada, sin errores.",
    "La salle est réservée pour lundi.",
    "予約しました。エラーはありません。",
    "房间已经订好了。",
    "I am storing the booking: the room is yours on Monday.",
  ])("%s hides it", async (says) => {
    const found = await findingsOf("error_chain", failedBooking(says));
    expect(found.filter(({ severity }) => severity === "warning")).toHaveLength(1);
  });

  test.each([
    "Fehler: keine Verbindung",
    "Fehler 503 vom Lager",
    "Erreur : connexion refusée",
    "Error al reservar: sin conexión",
    "Erro interno: sem ligação",
    "エラー：接続できません",
    "错误：没有连接",
  ])("the result %s is a failure", (result) => {
    expect(failureIn("book_room", result, null)).not.toBeNull();
  });

  test.each([
    "Fehlerquote: 3 %",
    "Felix: 12 Tage",
    "Fel eller fejl er uddannelse",
    "Hatay: güneşli",
    "Fallout 4: 12 EUR",
  ])("the result %s is none", (result) => {
    expect(failureIn("book_room", result, null)).toBeNull();
  });
});
