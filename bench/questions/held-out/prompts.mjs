// Cache breaks and context blow-ups, held out.
import { report, sentence } from "../domains/words.mjs";
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

const withRules = ({ domain, random }, chars) =>
  `${domain.system}\n\n# Anhang / Anexo / Annexe\n${report(random, chars)}`;

/** `steps` steps whose system prompt is `system({at, calls}, base, random)`. */
const changing = (steps, chars, system) => ({
  system: (options) => {
    const base = withRules(options, chars);
    return (call) => system(call, base, options.random);
  },
  play: (run) => {
    ask(run);
    ordinary(run, steps);
    answer(run);
    return { spans: run.chats.slice(1) };
  },
});

const germanTime = (ms) =>
  new Date(ms).toLocaleString("de-DE", { dateStyle: "full", timeStyle: "medium", timeZone: "Europe/Berlin" });

export const cacheBreak = {
  fault: "cache break",
  kinds: ["cache_break"],
  variants: [
    {
      shape: "the day and time in German on top",
      domain: "bank",
      dialect: "otel",
      model: "gpt-5-mini",
      ...changing(9, 20_000, ({ at }, base) => `Heute ist ${germanTime(at)} Uhr.\n\n${base}`),
    },
    {
      shape: "a new token of the session on top",
      domain: "clinic",
      dialect: "langgraph",
      model: "gpt-4o",
      ...changing(10, 24_000, (_, base, random) => `<sesion token="${random.hex(24)}"/>\n${base}`),
    },
    {
      shape: "a tool's description holds the rate of the hour",
      domain: "freight",
      dialect: "vercel7",
      model: "claude-sonnet-4-5",
      system: (options) => withRules(options, 22_000),
      tools: (options) => () =>
        options.domain.tools.map((tool, i) =>
          i === 0
            ? { ...tool, says: `${tool.says} (1 USD = ${options.random.between(14_000, 16_000) / 100} 円)` }
            : tool,
        ),
      play: (run) => {
        ask(run);
        ordinary(run, 9);
        answer(run);
        return { spans: run.chats.slice(1) };
      },
    },
    {
      shape: "another language is set on top halfway",
      domain: "letting",
      dialect: "traceloop",
      model: "gpt-4.1",
      system: (options) => {
        const base = withRules(options, 70_000);
        return ({ calls }) => (calls < 9 ? `Langue : français\n${base}` : `Language: English\n${base}`);
      },
      play: (run) => {
        ask(run);
        ordinary(run, 14);
        answer(run);
        return { spans: [run.chats[9]] };
      },
    },
    {
      shape: "the user's profile on top, its fields in another order each time",
      domain: "security",
      dialect: "nested",
      model: "claude-haiku-4-5",
      ...changing(11, 26_000, (_, base, random) => {
        const fields = ["shift", "team", "site", "clearance", "language", "tier"];
        const profile = Object.fromEntries(random.shuffled(fields).map((field) => [field, field.length]));
        return `${JSON.stringify(profile)}\n${base}`;
      }),
    },
    {
      shape: "the age of the user's document, put right before every call",
      domain: "bank",
      dialect: "anthropic",
      model: "claude-sonnet-4-5",
      play: (run) => {
        const text = report(run.random, 48_000);
        const began = run.now ?? 0;
        const aged = () => `[Dokument, hochgeladen vor ${Math.round((run.now - began) / 1000)} s]\n${text}`;
        run.hear(aged());
        for (let i = 0; i < 10; i++) {
          ordinary(run, 1);
          run.agent.messages[0] = { role: "user", text: aged() };
        }
        answer(run);
        return { spans: run.chats.slice(1) };
      },
    },
    {
      shape: "one more tool before every call",
      domain: "letting",
      dialect: "vercel",
      model: "gpt-4o",
      system: (options) => withRules(options, 24_000),
      tools: (options) => (agent) => [
        ...Array.from({ length: agent.calls }, (_, i) => ({
          name: `competence_${agent.calls - i}`,
          says: "Chargée à la demande",
          needs: [],
        })),
        ...options.domain.tools,
      ],
      play: (run) => {
        ask(run);
        ordinary(run, 9);
        answer(run);
        return { spans: run.chats.slice(1) };
      },
    },
  ],
};

/** `name` gives `big(run)` after `before` steps; `after` steps carry it along. */
const carried =
  (name, big, before, after, args = null) =>
  (run) => {
    ask(run);
    ordinary(run, before, { without: [name] });
    const [tool, given] = args ? [name, args] : freshCall(run, name);
    const { tools } = run.step([[tool, given, { result: big(run) }]]);
    const asked = run.chats.length;
    ordinary(run, after, { without: [name] });
    answer(run);
    return { spans: [...tools, ...run.chats.slice(asked)], names: [name] };
  };
const lines = (count, line) => (run) => Array.from({ length: count }, (_, i) => line(run.random, i)).join("\n");

const logins = lines(
  700,
  (r) =>
    `2026-11-0${r.between(1, 9)}T0${r.between(0, 9)}:14:${r.digits(2)}Z user=${r.hex(6)} from=203.0.113.${r.between(1, 250)} mfa=yes`,
);

export const contextBlowUp = {
  fault: "context blow-up",
  kinds: ["context_growth"],
  variants: [
    {
      shape: "ten years of bookings with semicolons",
      domain: "bank",
      dialect: "langgraph",
      model: "gpt-4o",
      play: carried(
        "umsaetze_suchen",
        lines(
          2600,
          (r) =>
            `2026-${r.digits(2)};${r.between(1, 900)},${r.digits(2)};${r.pick(["Miete", "Strom", "Gehalt"])};${r.hex(16)}`,
        ),
        2,
        8,
      ),
    },
    {
      shape: "a laboratory's raw message",
      domain: "clinic",
      dialect: "otel",
      model: "claude-sonnet-4-5",
      play: carried(
        "resultado_laboratorio",
        lines(
          2400,
          (r, i) =>
            `OBX|${i}|NM|${r.digits(5)}-${r.between(1, 9)}^PARAM ${r.hex(4)}||${r.between(1, 300)}|mg/dL|${r.between(1, 9)}-${r.between(90, 300)}|N`,
        ),
        3,
        7,
      ),
    },
    {
      shape: "all shipments of the year in Japanese",
      domain: "freight",
      dialect: "vercel",
      play: carried(
        "get_shipment",
        lines(
          2600,
          (r, i) =>
            `${i}件目 貨物番号SH-${r.digits(6)} 横浜から神戸へ輸送中 荷受人${r.digits(6)} 数量${r.between(1, 40)}パレット`,
        ),
        2,
        9,
      ),
    },
    {
      shape: "events as JSON lines",
      domain: "security",
      dialect: "traceloop",
      play: carried(
        "query_siem",
        lines(1500, (r) =>
          JSON.stringify({
            at: r.digits(10),
            host: r.hex(8),
            image: `C:\\Windows\\${r.hex(6)}.exe`,
            pid: r.digits(5),
            hash: r.hex(16),
          }),
        ),
        3,
        8,
      ),
    },
    {
      shape: "a scanned file as base64",
      domain: "letting",
      dialect: "nested",
      model: "claude-haiku-4-5",
      play: carried(
        "lire_dossier",
        (run) =>
          JSON.stringify({
            mime: "application/pdf",
            data: Array.from({ length: 4200 }, () => Buffer.from(run.random.hex(36), "hex").toString("base64")).join(
              "",
            ),
          }),
        2,
        7,
      ),
    },
    {
      shape: "four lists of log-ins of 45 KB each",
      domain: "security",
      dialect: "anthropic",
      model: "claude-sonnet-4-5",
      play: (run) => {
        ask(run);
        ordinary(run, 2, { without: ["list_logins"] });
        const asked = run.chats.length;
        const big = () => {
          const [name, args] = freshCall(run, "list_logins");
          return run.step([[name, args, { result: logins(run) }]]).tools[0];
        };
        const tools = [1, 2, 3, 4].map(() => {
          const tool = big();
          ordinary(run, 1, { without: ["list_logins"] });
          return tool;
        });
        ordinary(run, 4, { without: ["list_logins"] });
        answer(run);
        return { spans: [...tools, ...run.chats.slice(asked)], names: ["list_logins"] };
      },
    },
    {
      shape: "a whole page's accessibility tree",
      domain: "travel",
      dialect: "openinference",
      model: "gemini-2.5-flash",
      play: carried(
        "browser_snapshot",
        lines(1900, (r, i) => `${" ".repeat(i % 7)}- link "${sentence(r).slice(0, 44)}" [ref=e${i}]`),
        2,
        7,
        { full: true },
      ),
    },
  ],
};
