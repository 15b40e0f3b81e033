// A rate limit storm: one request after the other is refused, and the run spends its time waiting.
import { answer, ask, freshCall, ordinary } from "../made/play.mjs";

const openai = {
  status: 429,
  type: "RateLimitError",
  message:
    "429 Rate limit reached for gpt-4.1 on tokens per min (TPM): Limit 30000, Used 29412. Please try again in 1.9s.",
};
const anthropic = {
  status: 429,
  type: "rate_limit_error",
  message: "This request would exceed your organization's rate limit of 80,000 input tokens per minute.",
};
const overloaded = { status: 529, type: "overloaded_error", message: "Overloaded" };

/** `refused` times in a row the model refuses, with waits that double from `wait` ms; then it answers. */
function refuse(run, refused, fails, wait) {
  const spans = [];
  for (let i = 0; i < refused; i++) {
    spans.push(run.chat({ fails }));
    run.wait(run.random.logNormal(wait * 2 ** Math.min(i, 4), 0.1));
  }
  return spans;
}

const storms =
  (pattern, fails, wait = 1000) =>
  (run) => {
    ask(run);
    const spans = [];
    for (const refused of pattern) {
      spans.push(...refuse(run, refused, fails, wait));
      ordinary(run, 1);
    }
    answer(run);
    return { spans };
  };

const ends =
  (before, refused, fails, wait = 1000) =>
  (run) => {
    ask(run);
    ordinary(run, before);
    return { spans: refuse(run, refused, fails, wait) };
  };

/** A tool's own service refuses. */
const toolStorm = (name, times, fails) => (run) => {
  ask(run);
  ordinary(run, 2, { without: [name] });
  const spans = [];
  for (let i = 0; i < times; i++) {
    const [tool, args] = freshCall(run, name);
    spans.push(run.step([[tool, args, { fails }]]).tools[0]);
    run.wait(2000 * 2 ** Math.min(i, 3));
  }
  run.step([freshCall(run, name)]);
  answer(run);
  return { spans, names: [name] };
};

export const rateLimit = {
  fault: "rate limit storm",
  kinds: ["rate_limit"],
  variants: [
    {
      shape: "in front of nearly every call",
      domain: "support",
      dialect: "otel",
      play: storms([2, 3, 0, 4, 2], openai),
    },
    { shape: "six in a row", domain: "research", dialect: "openinference", play: storms([0, 0, 6, 0], openai) },
    {
      shape: "Anthropic, again and again",
      domain: "coding",
      dialect: "anthropic",
      model: "claude-sonnet-4-5",
      play: storms([0, 3, 0, 4, 3, 0], anthropic),
    },
    {
      shape: "overloaded, eight times",
      domain: "analytics",
      dialect: "otel",
      model: "claude-sonnet-4-5",
      play: storms([0, 4, 4, 0], overloaded),
    },
    {
      shape: "in exception events",
      domain: "travel",
      dialect: "vercel",
      model: "gpt-4o",
      play: storms([1, 3, 2, 3], {
        ...openai,
        type: "AI_APICallError",
        message: "Rate limit reached for gpt-4o on requests per min (RPM): Limit 500. Please try again in 120ms.",
      }),
    },
    {
      shape: "flattened, by type alone",
      domain: "operations",
      dialect: "openllmetry",
      play: storms([0, 5, 0, 3, 2], openai, 1500),
    },
    { shape: "with steps", domain: "support", dialect: "vercel7", play: storms([0, 4, 0, 5, 0], openai) },
    {
      shape: "it ends the run",
      domain: "support",
      dialect: "otel",
      kinds: ["rate_limit", "error_chain"],
      words: [/rate.?limit|429/i],
      status: { code: 2, message: openai.message },
      play: ends(3, 6, openai),
    },
    {
      shape: "it ends the run, Anthropic",
      domain: "research",
      dialect: "anthropic",
      model: "claude-haiku-4-5",
      kinds: ["rate_limit", "error_chain"],
      words: [/rate.?limit|429/i],
      status: { code: 2, message: "rate_limit_error" },
      play: ends(4, 7, anthropic),
    },
    {
      shape: "a tool's service says 429",
      domain: "research",
      dialect: "otel",
      play: toolStorm("web_search", 6, { type: "HTTPError", message: "429 Too Many Requests (Retry-After: 8)" }),
    },
    {
      shape: "a quota used up, long waits",
      domain: "analytics",
      dialect: "openinference",
      model: "gpt-4o",
      play: storms(
        [0, 5, 0, 0],
        {
          status: 429,
          type: "RateLimitError",
          message:
            "Request too large for gpt-4o: tokens per min (TPM): Limit 30000, Requested 29841. Please try again in 12s.",
        },
        4000,
      ),
    },
    {
      shape: "late in a long run",
      domain: "coding",
      dialect: "vercel7",
      model: "gpt-4.1-mini",
      play: storms([...Array(16).fill(0), 3, 4, 3, 0], openai),
    },
    {
      shape: "streamed",
      domain: "travel",
      dialect: "otel",
      streams: true,
      model: "claude-haiku-4-5",
      play: storms([0, 3, 3, 3, 0], anthropic),
    },
  ],
};
