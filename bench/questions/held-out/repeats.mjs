// Loops and mis-routed hand-offs, held out.
import { answer, ask, ordinary } from "../made/play.mjs";

/** `before` ordinary steps, the calls one after the other, what the agent says then. */
const calling =
  (before, calls, says, after = 0) =>
  (run) => {
    ask(run);
    ordinary(run, before);
    const spans = calls(run).map((call) => run.step([call], { thinks: "" }).tools[0]);
    ordinary(run, after);
    if (says) run.say(says);
    else answer(run);
    return { spans };
  };
const times = (count, call) => Array.from({ length: count }, (_, i) => call(i));

/** Delegates to each of `to` in turn, who say that it is not theirs. */
const refusals = (to, task, says) => (run) => {
  ask(run);
  ordinary(run, 1);
  const spans = to.flatMap((agent) => {
    const { chat, tools } = run.step(
      [[`ask_${agent}`, { task }, { inside: { agent, task, work: () => void run.say(says) } }]],
      { thinks: "" },
    );
    return [chat, ...tools];
  });
  run.say("I could not find out who is responsible. Please assign this case by hand.");
  return { spans };
};

export const loop = {
  fault: "loop",
  kinds: ["loop"],
  variants: [
    {
      shape: "one account number written six ways, never found",
      domain: "bank",
      dialect: "otel",
      model: "gpt-5-mini",
      play: calling(
        1,
        () =>
          [
            "DE21500105170648489890",
            "DE21 5001 0517 0648 4898 90",
            "de21500105170648489890",
            "DE21-5001-0517-0648-4898-90",
            "DE 21500105170648489890",
            "DE21 50010517 0648489890",
          ].map((iban) => ["konto_abfragen", { iban }, { result: { konto: null, hinweis: "Kein Konto gefunden" } }]),
        "Leider finde ich das Konto nicht.",
      ),
    },
    {
      shape: "the same question for free slots, seven times",
      domain: "clinic",
      dialect: "langgraph",
      model: "gpt-4o",
      play: calling(
        2,
        () =>
          times(7, () => [
            "huecos_libres",
            { especialidad: "dermatología", semana: 48, centro: "norte" },
            { result: { huecos: [] } },
          ]),
        "No encuentro huecos esa semana. ¿Le llamamos por teléfono?",
      ),
    },
    {
      shape: "search and price in turn, nothing new",
      domain: "letting",
      dialect: "traceloop",
      play: calling(2, () =>
        times(5, () => [
          ["chercher_biens", { secteur: "Croix-Rousse", loyer_max: 750 }, { result: [{ bien: "b-40118", m2: 31 }] }],
          ["calculer_loyer", { bien: "b-40118" }, { result: { bien: "b-40118", loyer: 742.5, charges: 60 } }],
        ]).flat(),
      ),
    },
    {
      shape: "the same refused arguments again and again",
      domain: "freight",
      dialect: "vercel7",
      model: "claude-haiku-4-5",
      play: calling(
        2,
        () =>
          times(7, () => [
            "customs_check",
            { shipment: "SH-481120" },
            { fails: { type: "ValidationError", message: "必須項目 hs_code がありません" } },
          ]),
        "申し訳ございません。通関の確認ができませんでした。担当者からご連絡いたします。",
      ),
    },
    {
      shape: "the same task to the same helper five times",
      domain: "security",
      dialect: "nested",
      model: "claude-sonnet-4-5",
      play: (run) => {
        ask(run);
        ordinary(run, 2);
        const task = "Hunt for traces of the driver on lap-4471";
        const work = () => void run.say("No traces found. The index for lap-4471 is empty.");
        const spans = times(5, () =>
          run.step([["ask_hunter", { task }, { inside: { agent: "hunter", task, work } }]]),
        ).flatMap(({ chat, tools }) => [chat, ...tools]);
        run.say("I could not confirm anything about lap-4471.");
        return { spans };
      },
    },
    {
      shape: "a button that does not answer",
      domain: "letting",
      dialect: "vercel",
      model: "gpt-4.1-mini",
      play: calling(
        2,
        () =>
          times(9, () => [
            "browser_click",
            { selector: "#page-suivante" },
            { result: { url: "https://annonces.example/lyon?page=1", titre: "Annonces 1 à 20 sur 74" } },
          ]),
        "Je n'ai pas pu lire les pages suivantes.",
      ),
    },
    {
      shape: "pages one and two over and over",
      domain: "security",
      dialect: "openllmetry",
      play: calling(
        2,
        () =>
          times(10, (i) => [
            "list_alerts",
            { page: (i % 2) + 1 },
            {
              result: {
                page: (i % 2) + 1,
                of: 6,
                alerts: i % 2 ? ["7720114", "7720118", "7720131"] : ["7719802", "7719844", "7719870"],
              },
            },
          ]),
        "I could not read all alerts.",
      ),
    },
    {
      shape: "a file looked for with the same command, Gemini",
      domain: "coding",
      dialect: "openinference",
      model: "gemini-2.5-flash",
      play: calling(
        5,
        () => times(8, () => ["run_shell", { command: "find . -name 'tariff*.yml'" }, { result: "" }]),
        "I was not able to locate the tariff file.",
      ),
    },
  ],
};

/** Along `path` ([agent, steps] where it works) by hand-offs called `tool`, which give `result`. */
const along =
  (path, { tool, thinks, result }) =>
  (run) => {
    const [first, ...rest] = path.map((entry) => (Array.isArray(entry) ? entry : [entry, 0]));
    ask(run);
    ordinary(run, first[1]);
    const spans = [];
    for (const [to, steps] of rest) {
      const hop = run.handOff(to, { name: tool(to), thinks: run.random.pick(thinks), result: result?.(to) });
      spans.push(hop.tool, hop.chat, { spanId: hop.from }, { spanId: hop.to });
      ordinary(run, steps);
    }
    answer(run);
    return { spans };
  };

export const handOff = {
  fault: "mis-routed hand-off",
  kinds: ["loop"],
  variants: [
    {
      shape: "reception and loans, three times to and fro",
      domain: "bank",
      agent: "empfang",
      root: "anliegen",
      dialect: "langgraph",
      play: along(["empfang", "kredite", "empfang", "kredite", "empfang", "kredite", ["empfang", 2]], {
        tool: (to) => `transfer_to_${to}`,
        thinks: ["Dafür bin ich nicht zuständig.", "Das kann die andere Stelle."],
      }),
    },
    {
      shape: "each of three sends it back to the desk",
      domain: "clinic",
      agent: "recepcion",
      root: "conversacion",
      dialect: "vercel7",
      play: along(
        [
          "recepcion",
          "facturacion",
          "recepcion",
          "laboratorio",
          "recepcion",
          "facturacion",
          "recepcion",
          ["agenda", 3],
        ],
        { tool: (to) => `transfer_to_${to}`, thinks: ["Esto no es lo mío.", "No me corresponde."] },
      ),
    },
    {
      shape: "customs and back, twice, in Japanese",
      domain: "freight",
      agent: "uketsuke",
      root: "POST /inquiry",
      dialect: "otel",
      model: "claude-sonnet-4-5",
      play: along([["uketsuke", 1], "tsukan", "uketsuke", "tsukan", "uketsuke", ["haisha", 3]], {
        tool: (to) => `handoff_to_${to}`,
        thinks: ["担当外です。", "担当に引き継ぎます。"],
        result: (to) => `${to} に引き継ぎました`,
      }),
    },
    {
      shape: "files and repairs, neither takes it",
      domain: "letting",
      agent: "accueil",
      root: "demande",
      dialect: "traceloop",
      model: "gpt-5-mini",
      play: along(
        [["accueil", 2], "dossiers", "travaux", "dossiers", "travaux", "dossiers", "travaux", ["accueil", 1]],
        {
          tool: (to) => `transfer_to_${to}`,
          thinks: ["Ce n'est pas de mon ressort.", ""],
        },
      ),
    },
    {
      shape: "round four agents twice",
      domain: "bank",
      agent: "empfang",
      root: "anliegen",
      dialect: "openinference",
      model: "gpt-4o",
      play: along(["empfang", "konten", "karten", "kredite", "empfang", "konten", "karten", "kredite", ["konten", 3]], {
        tool: (to) => `transfer_to_${to}`,
        thinks: ["Bitte an die Kollegen.", ""],
        result: (to) => `Übergeben an ${to}.`,
      }),
    },
    {
      shape: "helpers that are called and refuse",
      domain: "security",
      dialect: "nested",
      play: refusals(
        ["reporter", "containment", "reporter", "containment", "reporter"],
        "Find out whether the account was used from abroad",
        "This is not a task for me, please ask another team member.",
      ),
    },
    {
      shape: "to and fro after long work, streamed",
      domain: "security",
      agent: "analyst",
      root: "case",
      dialect: "otel",
      streams: true,
      model: "gpt-4.1-mini",
      play: along([["analyst", 6], "containment", "analyst", "containment", "analyst", "containment", ["hunter", 3]], {
        tool: (to) => `handoff_to_${to}`,
        thinks: ["Not mine to decide.", "The other team has to look at this."],
      }),
    },
  ],
};
