// Swallowed errors, held out: the agent claims what did not happen.
import { ask, freshCall, ordinary } from "../made/play.mjs";

const swallowed =
  (name, how, claim, { before = 3, after = 0 } = {}) =>
  (run) => {
    ask(run);
    ordinary(run, before, { without: [name] });
    const [tool, args] = freshCall(run, name);
    const { tools } = run.step([[tool, args, how]]);
    ordinary(run, after, { without: [name] });
    run.say(claim);
    return { spans: tools, names: [name] };
  };

export const swallowedError = {
  fault: "swallowed error",
  kinds: ["error_chain"],
  variants: [
    {
      shape: "the card system was down, the card is said to be blocked",
      domain: "bank",
      dialect: "otel",
      model: "gpt-5-mini",
      play: swallowed(
        "karte_sperren",
        { fails: { type: "BackendUnavailable", message: "Kartensystem nicht erreichbar" } },
        "Ihre Karte ist ab sofort gesperrt. Eine neue kommt in fünf Tagen per Post.",
      ),
    },
    {
      shape: "ok: false in Spanish, said to be booked",
      domain: "clinic",
      dialect: "vercel",
      model: "claude-haiku-4-5",
      play: swallowed(
        "reservar_cita",
        { result: { ok: false, error: "El hueco ya está ocupado" } },
        "Listo, su cita queda reservada. Recibirá un SMS con la confirmación.",
      ),
    },
    {
      shape: "plain French text that says error",
      domain: "letting",
      dialect: "traceloop",
      play: swallowed(
        "envoyer_courrier",
        { result: "Erreur : adresse du destinataire refusée (550 5.1.1), message non envoyé" },
        "C'est fait : le courrier avec la liste des pièces est parti à l'instant.",
      ),
    },
    {
      shape: "status error in Japanese, said to be booked",
      domain: "freight",
      dialect: "langgraph",
      model: "gpt-4o",
      play: swallowed(
        "book_truck",
        { result: { status: "error", code: "PICKUP_FULL", message: "集荷枠が満杯のため予約できませんでした" } },
        "集荷の予約が完了しました。当日の九時にお伺いいたします。",
      ),
    },
    {
      shape: "access denied, later steps, said to be isolated",
      domain: "security",
      dialect: "anthropic",
      model: "claude-sonnet-4-5",
      play: swallowed(
        "isolate_host",
        { fails: { type: "AccessDeniedException", message: "role triage-agent may not call edr:IsolateHost" } },
        "Verdict P2. The host is isolated from the network, approved by the shift lead. Case closed.",
        { before: 2, after: 4 },
      ),
    },
    {
      shape: "in an agent that another one called, who says it was sent",
      domain: "clinic",
      dialect: "nested",
      play: (run) => {
        ask(run);
        ordinary(run, 2, { without: ["enviar_sms"] });
        let spans = [];
        const task = "Avisa al paciente del cambio";
        const work = () => {
          const [name, args] = freshCall(run, "enviar_sms");
          const fails = { type: "GatewayError", message: "operador: número no válido, SMS no entregado" };
          spans = run.step([[name, args, { fails }]]).tools;
          run.say("He avisado al paciente por SMS.");
        };
        run.step([["pedir_a_agenda", { task }, { inside: { agent: "agenda", task, work } }]]);
        run.say("La cita está cambiada y el paciente ya tiene un SMS con la nueva hora.");
        return { spans, names: ["enviar_sms"] };
      },
    },
    {
      shape: "MCP's isError with a refusal in German",
      domain: "bank",
      dialect: "openinference",
      model: "gemini-2.5-flash",
      play: swallowed(
        "dauerauftrag_aendern",
        { result: { isError: true, content: [{ type: "text", text: "Abgelehnt: Tageslimit überschritten" }] } },
        "Ihr Dauerauftrag ist geändert und gilt ab dem nächsten Bankarbeitstag.",
      ),
    },
    {
      shape: "422 in the result of the last call",
      domain: "security",
      dialect: "vercel7",
      play: swallowed(
        "add_case_note",
        { result: { statusCode: 422, errors: [{ field: "case", detail: "case is locked" }] } },
        "All findings are written to the case; the next shift can go on from there.",
        { before: 5 },
      ),
    },
  ],
};
