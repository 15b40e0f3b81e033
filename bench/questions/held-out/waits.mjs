// Slow tools and storms of rate limits, held out.
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

/** One call of `name` takes `ms`, after `before` steps without it and `usual` calls that took what it takes. */
const once =
  (name, ms, { before = 3, usual = 2, after = 2 } = {}) =>
  (run) => {
    ask(run);
    ordinary(run, before, { without: [name] });
    for (let i = 0; i < usual; i++) run.step([freshCall(run, name)]);
    const [tool, args] = freshCall(run, name);
    const { tools } = run.step([[tool, args, { ms: run.random.logNormal(ms, 0.1) }]]);
    ordinary(run, after, { without: [name] });
    answer(run);
    return { spans: tools, names: [name] };
  };

export const slowTool = {
  fault: "slow tool",
  kinds: ["slow_step"],
  variants: [
    {
      shape: "an account of 43 s",
      domain: "bank",
      dialect: "langgraph",
      model: "gpt-4o",
      play: once("konto_abfragen", 43_000),
    },
    {
      shape: "an insurer of 57 s beside two quick ones",
      domain: "clinic",
      dialect: "otel",
      model: "gpt-5-mini",
      play: (run) => {
        ask(run);
        ordinary(run, 2, { without: ["consultar_seguro"] });
        const [name, args] = freshCall(run, "consultar_seguro");
        const { tools } = run.step([
          freshCall(run, "huecos_libres"),
          freshCall(run, "buscar_paciente"),
          [name, args, { ms: 57_000 }],
        ]);
        answer(run);
        return { spans: [tools[2]], names: [name] };
      },
    },
    {
      shape: "customs of two minutes, first of all",
      domain: "freight",
      dialect: "traceloop",
      play: once("customs_check", 121_000, { before: 0, usual: 0, after: 5 }),
    },
    {
      shape: "a query of 71 s in an agent that another one called",
      domain: "security",
      dialect: "nested",
      model: "claude-haiku-4-5",
      play: (run) => {
        ask(run);
        ordinary(run, 2, { without: ["query_siem"] });
        let spans = [];
        const task = "Which hosts saw the hash since Monday?";
        const work = () => {
          run.step([freshCall(run, "lookup_ioc")]);
          const [name, args] = freshCall(run, "query_siem");
          spans = run.step([[name, args, { ms: 71_000 }]]).tools;
          run.say("Seen on lap-2201 and on no other host.");
        };
        run.step([["ask_hunter", { task }, { inside: { agent: "hunter", task, work } }]]);
        answer(run);
        return { spans, names: ["query_siem"] };
      },
    },
    {
      shape: "a mail of 33 s at the end",
      domain: "letting",
      dialect: "vercel",
      play: once("envoyer_courrier", 33_000, { usual: 0, after: 0 }),
    },
    {
      shape: "three looks at hosts, each 19 s",
      domain: "security",
      dialect: "openinference",
      model: "gemini-2.5-flash",
      play: (run) => {
        ask(run);
        ordinary(run, 4, { without: ["get_host"] });
        const spans = [1, 2, 3].flatMap(() => {
          const [name, args] = freshCall(run, "get_host");
          return run.step([[name, args, { ms: run.random.logNormal(19_000, 0.1) }]]).tools;
        });
        answer(run);
        return { spans, names: ["get_host"] };
      },
    },
    {
      shape: "rates that get slower call by call",
      domain: "freight",
      dialect: "anthropic",
      model: "claude-sonnet-4-5",
      play: (run) => {
        ask(run);
        ordinary(run, 2, { without: ["quote_rate"] });
        const spans = [700, 6000, 21_000, 48_000].map((ms) => {
          const [name, args] = freshCall(run, "quote_rate");
          return run.step([[name, args, { ms }]]).tools[0];
        });
        answer(run);
        return { spans: spans.slice(2), names: ["quote_rate"] };
      },
    },
  ],
};

const azure = {
  status: 429,
  type: "RateLimitError",
  message:
    "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 8 seconds.",
};
const google = {
  status: 429,
  type: "ClientError",
  message:
    "429 RESOURCE_EXHAUSTED. {'error': {'code': 429, 'message': 'Resource has been exhausted (e.g. check quota).'}}",
};
const bedrock = {
  status: 429,
  type: "ThrottlingException",
  message:
    "An error occurred (ThrottlingException) when calling the Converse operation: Too many tokens, please wait before trying again.",
};
const mistral = {
  status: 429,
  type: "SDKError",
  message: 'API error occurred: Status 429\n{"message":"Requests rate limit exceeded"}',
};
const groq = {
  status: 429,
  type: "APIStatusError",
  message:
    "Rate limit reached for model in organization org_77a on requests per minute (RPM): Limit 30, Used 30, Requested 1. Need more credits? Visit the billing page.",
};

function refuse(run, count, fails, wait) {
  return Array.from({ length: count }, (_, i) => {
    const span = run.chat({ fails });
    run.wait(run.random.logNormal(wait * 1.7 ** Math.min(i, 5), 0.1));
    return span;
  });
}
const storm =
  (pattern, fails, wait = 1200) =>
  (run) => {
    ask(run);
    const spans = [];
    for (const count of pattern) {
      spans.push(...refuse(run, count, fails, wait));
      ordinary(run, 1);
    }
    answer(run);
    return { spans };
  };
/** Calls of a tool whose service refuses, with waits, and one that gets through. */
const toolStorm = (name, count, how) => (run) => {
  ask(run);
  ordinary(run, 2, { without: [name] });
  const [tool, args] = freshCall(run, name);
  const spans = Array.from({ length: count }, (_, i) => {
    const { tools } = run.step([[tool, args, how]], { thinks: "" });
    run.wait(3000 * 1.6 ** Math.min(i, 4));
    return tools[0];
  });
  run.step([[tool, args]]);
  answer(run);
  return { spans, names: [name] };
};

export const rateLimit = {
  fault: "rate limit storm",
  kinds: ["rate_limit"],
  variants: [
    { shape: "Azure, before most calls", domain: "bank", dialect: "otel", play: storm([2, 0, 4, 3, 2], azure, 3000) },
    {
      shape: "Google, exhausted",
      domain: "freight",
      dialect: "openinference",
      model: "gemini-2.5-flash",
      play: storm([0, 3, 5, 0], google),
    },
    {
      shape: "Bedrock throttles",
      domain: "clinic",
      dialect: "nested",
      model: "claude-sonnet-4-5",
      play: storm([0, 4, 0, 4, 2], bedrock),
    },
    { shape: "Mistral, in exceptions", domain: "security", dialect: "langgraph", play: storm([1, 3, 3, 0], mistral) },
    { shape: "Groq, thirty a minute", domain: "letting", dialect: "traceloop", play: storm([0, 0, 5, 3], groq, 2000) },
    {
      shape: "a feed's quota of four look-ups a minute",
      domain: "security",
      dialect: "otel",
      play: toolStorm("lookup_ioc", 7, {
        fails: {
          type: "QuotaExceededError",
          message: "HTTP 429: You have exceeded the API request rate quota (4/min)",
        },
      }),
    },
    {
      shape: "the results say 429, the spans are fine",
      domain: "letting",
      dialect: "vercel7",
      play: toolStorm("chercher_biens", 6, {
        result: { status: 429, title: "Too Many Requests", detail: "Trop de requêtes, réessayez dans 5 s" },
      }),
    },
    {
      shape: "Bedrock ends the run",
      domain: "freight",
      dialect: "traceloop",
      model: "claude-haiku-4-5",
      kinds: ["rate_limit", "error_chain"],
      words: [/throttl|429|rate.?limit|too many/i],
      status: { code: 2, message: bedrock.message },
      play: (run) => {
        ask(run);
        ordinary(run, 4);
        return { spans: refuse(run, 7, bedrock, 1500) };
      },
    },
  ],
};
