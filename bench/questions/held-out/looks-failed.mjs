// Held out: runs in which nothing is wrong, although something in them looks as if it had failed.
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

/** Ordinary steps around one call with a given result, and what is said then (the domain's answer). */
const around = (call, says) => (run) => {
  ask(run);
  ordinary(run, 2);
  run.step([call]);
  ordinary(run, 1);
  if (says) run.say(says);
  else answer(run);
};

export const looksFailed = [
  {
    shape: "the word for error in results that are none",
    domains: ["bank"],
    times: 2,
    play: around([
      "bericht_lesen",
      { monat: "10/2026" },
      {
        result:
          "Fehlerquote im Oktober: 0,2 %. Fehlgeschlagene Lastschriften: 14 von 7.120, alle erneut eingezogen. Keine offenen Fehler.",
      },
    ]),
  },
  {
    shape: "the word for error in results that are none",
    domains: ["clinic"],
    times: 2,
    play: around([
      "leer_manual",
      { tema: "citas" },
      {
        result:
          "Si aparece «Error 503», espere un minuto y repita. Sin errores conocidos en esta versión. Error típico: confundir centro norte y sur.",
      },
    ]),
  },
  {
    shape: "the word for error in results that are none",
    domains: ["letting"],
    times: 2,
    play: around([
      "lire_rapport",
      { bien: "b-20117" },
      {
        result:
          "Aucune erreur relevée. Marge d'erreur de la mesure : 2 %. L'ancien chauffe-eau, en échec en 2023, a été remplacé.",
      },
    ]),
  },
  {
    shape: "the word for error in results that are none",
    domains: ["freight"],
    times: 2,
    play: around([
      "read_manual",
      { 章: 4 },
      { result: "エラー率は0.1%未満です。失敗した場合の再配達は無料。異常なし。" },
    ]),
  },
  {
    shape: "429 and 500 as data of a log",
    domains: ["security"],
    times: 3,
    play: around([
      "http_log",
      { host: "shop", minutes: 10 },
      {
        result:
          "GET /cart 200\nPOST /login 429 Too Many Requests\nPOST /login 429 Too Many Requests\nGET /pay 500\nPOST /login 401",
      },
    ]),
  },
  {
    shape: "the thing asked about has failed, and the answer says so",
    domains: ["freight"],
    times: 2,
    play: around(
      [
        "get_shipment",
        { shipment: "SH-551209" },
        { result: { shipment: "SH-551209", 状態: "配達失敗", 理由: "不在", 再配達: "2026-11-12" } },
      ],
      "SH-551209 は不在のため配達できず、2026-11-12 に再配達の予定です。",
    ),
  },
  {
    shape: "the thing asked about has failed, and the answer says so",
    domains: ["bank"],
    times: 2,
    play: around(
      [
        "auftrag_status",
        { auftrag: "ue-77120" },
        { result: { auftrag: "ue-77120", status: "failed", grund: "Empfängerkonto erloschen", zurueckgebucht: true } },
      ],
      "Die Überweisung ue-77120 kam nicht an: Das Konto des Empfängers ist erloschen. Der Betrag ist wieder bei Ihnen.",
    ),
  },
  {
    shape: "nothing known of an indicator, which is good news",
    domains: ["security"],
    times: 2,
    play: around(
      [
        "lookup_ioc",
        { indicator: "198.51.100.7" },
        { result: { indicator: "198.51.100.7", listed_in: 0, of: 62, message: "not found in any feed" } },
      ],
      "198.51.100.7 is in none of the 62 feeds. Verdict P4, nothing to do.",
    ),
  },
  {
    shape: "a tool that was away, another way found and told",
    domains: ["freight"],
    times: 2,
    play: (run) => {
      ask(run);
      const [name, args] = freshCall(run, "find_carrier");
      run.step([[name, args, { fails: { type: "ServiceUnavailable", message: "配車システムは保守中です" } }]]);
      run.step([["carrier_phone_list", { port: "神戸" }, { result: [{ 会社: "山田運送", 電話: "078-000-1180" }] }]]);
      ordinary(run, 1, { without: ["find_carrier"] });
      run.say("配車システムが保守中のため、電話帳から山田運送をご案内します。空き状況はまだ確認できておりません。");
    },
  },
  {
    shape: "what could not be done is told in their language",
    domains: ["clinic"],
    times: 2,
    play: (run) => {
      ask(run);
      ordinary(run, 2, { without: ["reservar_cita"] });
      const [name, args] = freshCall(run, "reservar_cita");
      run.step([[name, args, { result: { ok: false, error: "El hueco ya está ocupado" } }]]);
      run.say("Lo siento: ese hueco se acaba de ocupar y no he podido reservar la cita. ¿Le busco otro día?");
    },
  },
  {
    shape: "a retry that worked, in another domain",
    domains: ["bank", "clinic", "letting", "freight", "security"],
    play: (run) => {
      ask(run);
      ordinary(run, 2);
      const [name, args] = freshCall(run, run.domain.tools[1].name);
      run.step([
        [name, args, { fails: { type: "ConnectionResetError", message: "connection reset by peer" }, ms: 900 }],
      ]);
      run.step([[name, args]], { thinks: "" });
      ordinary(run, 2);
      answer(run);
    },
  },
  {
    shape: "one throttled request and a quick success",
    domains: ["clinic", "freight", "security"],
    play: (run) => {
      ask(run);
      ordinary(run, 2);
      run.chat({
        fails: {
          status: 429,
          type: "ThrottlingException",
          message: "Too many requests, please wait before trying again.",
        },
      });
      run.wait(900);
      ordinary(run, 2);
      answer(run);
    },
  },
];
