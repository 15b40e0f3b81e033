// A cache break: the start of the prompt changes from call to call (or once, late), so that the cache is of no use.

import { report } from "../domains/words.mjs";
import { answer, ask, ordinary } from "../made/play.mjs";

const clock = (ms) => new Date(ms).toISOString();

/** Reference text that makes the prompt worth caching, the same for all calls of a run. */
const withHandbook = (run, chars) => `${run.domain.system}\n\n# Handbook\n${report(run.random, chars)}`;

/** A run of `steps` steps whose system prompt is `system({at, calls}, base)`. */
const changing = (steps, chars, system) => ({
  system: (options) => {
    let base;
    return (call) => {
      base ??= withHandbook({ domain: options.domain, random: options.random }, chars);
      return system(call, base);
    };
  },
  play: (run) => {
    ask(run);
    ordinary(run, steps);
    answer(run);
    return { spans: run.chats.slice(1) };
  },
});

/**
 * A run with a long steady prompt in which `change` touches the messages after `before` steps; `broken` picks the calls
 * that can read less from the cache than they might.
 */
const rewriting = (before, after, chars, change, broken = (calls, rewritten) => [calls[rewritten]]) => ({
  system: (options) => withHandbook(options, chars),
  play: (run) => {
    ask(run);
    ordinary(run, before, { without: run.domain.tools.slice(0, 1).map(({ name }) => name) });
    const rewritten = run.chats.length;
    change(run);
    ordinary(run, after);
    answer(run);
    return { spans: broken(run.chats, rewritten) };
  },
});

export const cacheBreak = {
  fault: "cache break",
  kinds: ["cache_break"],
  variants: [
    {
      shape: "the time of day on top",
      domain: "support",
      dialect: "otel",
      model: "claude-sonnet-4-5",
      ...changing(9, 14_000, ({ at }, base) => `Current time: ${clock(at)}\n\n${base}`),
    },
    {
      shape: "the time of day on top",
      domain: "research",
      dialect: "openinference",
      model: "gpt-4.1",
      ...changing(10, 22_000, ({ at }, base) => `Now: ${clock(at)}\n${base}`),
    },
    {
      shape: "steps left, counted down on top",
      domain: "coding",
      dialect: "vercel",
      model: "gpt-4.1",
      ...changing(14, 18_000, ({ calls }, base) => `You have ${20 - calls} steps left.\n${base}`),
    },
    {
      shape: "a new request id on top for every call",
      domain: "analytics",
      dialect: "openllmetry",
      model: "gpt-4o",
      ...changing(8, 20_000, ({ at }, base) => `request-id: ${Math.floor(at).toString(36)}\n${base}`),
    },
    {
      shape: "tools in another order for every call",
      domain: "operations",
      dialect: "otel",
      model: "claude-sonnet-4-5",
      tools: (options) => () => options.random.shuffled(options.domain.tools),
      ...rewriting(
        10,
        0,
        20_000,
        () => {},
        (calls) => calls.slice(1),
      ),
    },
    {
      shape: "one tool is added late",
      domain: "travel",
      dialect: "otel",
      model: "gpt-4.1",
      tools: (options) => (agent) => (agent.calls < 12 ? options.domain.tools.slice(1) : options.domain.tools),
      ...rewriting(
        17,
        0,
        60_000,
        () => {},
        (calls) => [calls[12]],
      ),
    },
    {
      shape: "an old tool result is cut short",
      domain: "research",
      dialect: "otel",
      model: "claude-sonnet-4-5",
      ...rewriting(12, 5, 24_000, (run) => {
        const old = run.agent.messages.findIndex(({ role }) => role === "tool");
        run.agent.messages[old] = { ...run.agent.messages[old], result: "[old result removed]" };
      }),
    },
    {
      shape: "the first question is edited",
      domain: "support",
      dialect: "vercel7",
      model: "gpt-4.1",
      ...rewriting(13, 6, 30_000, (run) => {
        run.agent.messages[0] = {
          role: "user",
          text: `${run.agent.messages[0].text}\n\n(The customer is in the loyalty programme.)`,
        };
        run.agent.messages.splice(1, 0, { role: "user", text: "Note: be especially polite." });
      }),
    },
    {
      shape: "what is remembered is put first, after ten steps",
      domain: "coding",
      dialect: "anthropic",
      model: "claude-sonnet-4-5",
      ...rewriting(12, 6, 26_000, (run) => {
        run.agent.messages.unshift({ role: "user", text: `Memory: ${report(run.random, 500)}` });
      }),
    },
    {
      shape: "retrieved text before the handbook, other for every call",
      domain: "support",
      dialect: "openinference",
      model: "gpt-4o",
      ...changing(
        8,
        24_000,
        ({ calls }, base) =>
          `Context:\n- article ${(calls * 37) % 91}: see section ${calls + 2}\n- article ${(calls * 53) % 97}\n\n${base}`,
      ),
    },
    {
      shape: "the number of the user's open tickets on top",
      domain: "operations",
      dialect: "vercel7",
      model: "claude-haiku-4-5",
      ...changing(11, 16_000, ({ calls }, base) => `Open tickets: ${40 + ((calls * 7) % 5)}\n${base}`),
    },
    {
      shape: "the first answer is reworded",
      domain: "analytics",
      dialect: "otel",
      model: "gpt-4.1",
      ...rewriting(12, 6, 40_000, (run) => {
        const at = run.agent.messages.findIndex(({ role }) => role === "assistant");
        run.agent.messages[at] = { ...run.agent.messages[at], text: "Looked at the schema." };
      }),
    },
    {
      shape: "streamed, the weather and time on top",
      domain: "travel",
      dialect: "otel",
      model: "claude-sonnet-4-5",
      streams: true,
      ...changing(9, 18_000, ({ at, calls }, base) => `It is ${clock(at)}, ${12 + (calls % 4)} °C.\n${base}`),
    },
  ],
};
