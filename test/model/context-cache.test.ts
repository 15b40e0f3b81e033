import { describe, expect, test } from "vitest";
import type { ContextCache } from "../../src/model/context.js";
import { plainPhrase } from "../../src/model/phrase.js";
import { storeOf } from "../mcp/store.js";
import { requestOf, spanId, traceId } from "../store/otlp.js";
import { diagnose } from "./agent-runs.js";
import { answers, asks, type Prompt, promptRun, prose, system, tokensOf, user } from "./prompts.js";

/** What was read from the cache in each call of a run. */
async function readings(prompts: Prompt[]): Promise<(ContextCache | null)[]> {
  const { reader, remove } = await storeOf([requestOf(promptRun(prompts))]);
  try {
    const { calls } = await reader.explainContext({ trace_id: traceId(1) });
    return calls.map(({ cache }) => cache);
  } finally {
    remove();
  }
}

const found = async (kind: string, prompts: Prompt[]) =>
  (await diagnose(promptRun(prompts))).filter((finding) => finding.kind === kind);

const floor = (tokens: number) => Math.floor(tokens / 128) * 128;
const tool = (name: string) => ({
  name,
  description: `Finds the ${name} of an order. ${prose(200, name.length)}`,
  parameters: {},
});
const tools = [tool("orders"), tool("customers"), tool("invoices"), tool("refunds"), tool("parcels")];

/** Five calls that each add a little to a long prompt; `more` changes one of them. */
function steady(more: (i: number, prompt: Prompt) => Partial<Prompt> = () => ({})): Prompt[] {
  const messages = [system(prose(1500, 5)), user("Where is order 17?")];
  const prompts: Prompt[] = [];
  for (let i = 0; i < 5; i++) {
    if (i > 0) messages.push(asks(`call_${i}`), answers(`call_${i}`, prose(50 + 9 * i, i)));
    const prompt: Prompt = { messages: [...messages], tools };
    const before = prompts.at(-1);
    const served = { ...prompt, cached: before ? floor(tokensOf(before)) : 0 };
    prompts.push({ ...served, ...more(i, served) });
  }
  return prompts;
}

/** As `steady` on a model whose cache holds what was marked, written at the end of each prompt. */
const marked = (more: (i: number, prompt: Prompt) => Partial<Prompt> = () => ({})): Prompt[] =>
  steady((i, prompt) => {
    const cached = prompt.cached === 0 ? 0 : tokensOf(steady()[i - 1] as Prompt);
    const made = { provider: "anthropic", model: "claude-sonnet-4-5", cached, written: tokensOf(prompt) - cached - 3 };
    return { ...made, ...more(i, { ...prompt, ...made }) };
  });

const states = (read: (ContextCache | null)[]) => read.map((cache) => cache?.state ?? null);
const stamp = (i: number, prompt: Prompt) => [
  system(`It is 10:31:0${i}. ${prompt.messages[0]?.text}`),
  ...prompt.messages.slice(1),
];

describe("what a call read from the cache", () => {
  test("is what the call before left there, whichever way the provider caches", async () => {
    expect(states(await readings(steady()))).toEqual(["first", "read", "read", "read", "read"]);
    expect(states(await readings(marked()))).toEqual(["first", "read", "read", "read", "read"]);
    expect((await found("cache_break", steady())).concat(await found("cache_break", marked()))).toEqual([]);
  });

  test("a time in front of everything breaks it in each call", async () => {
    const prompts = steady((i, prompt) => ({ tools: undefined as never, messages: stamp(i, prompt), cached: 0 }));
    const read = await readings(prompts);
    expect(states(read)).toEqual(["first", "broken", "broken", "broken", "broken"]);
    for (const [i, cache] of read.entries()) {
      if (!cache || i === 0) continue;
      expect(cache).toMatchObject({ against_span_id: spanId(i + 1), lost_tokens: cache.expected_tokens });
      expect(plainPhrase(cache.cause?.label ?? [])).toBe("system message");
      expect(cache.cause).toMatchObject({
        part: "message",
        message: 1,
        before: expect.stringMatching(`^It is 10:31:0${i - 1}`),
      });
      // nearly all that the call before was sent: but for the seconds it is the same
      const left = floor(tokensOf(prompts[i - 1] as Prompt));
      expect(cache.expected_tokens).toBeLessThanOrEqual(left);
      expect(cache.expected_tokens).toBeGreaterThan(left - 30);
    }
  });

  test("what it cost is the difference of the prices that the run's costs tell", async () => {
    const prompts = steady((i) =>
      i === 3 ? { tools: [...tools].reverse(), cached: 0 } : i === 4 ? { tools: [...tools].reverse() } : {},
    );
    const read = await readings(prompts);
    expect(states(read)).toEqual(["first", "read", "read", "broken", "read"]);
    expect(plainPhrase(read[3]?.cause?.label ?? [])).toBe("tool definitions: in another order");
    // gpt-4.1: $2 a million, cached ones $0.50
    expect(read[3]?.lost_usd).toBeCloseTo(((read[3]?.lost_tokens ?? 0) * 1.5) / 1e6, 9);
    const [finding, ...others] = await found("cache_break", prompts);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: "warning", evidence: [spanId(5), spanId(4)], saves: { tokens: null } });
    expect(finding?.saves.usd).toBeCloseTo(read[3]?.lost_usd as number, 9);
    expect(finding?.summary).toContain("tool definitions: in another order changed in front of a prompt that goes on");
  });

  test("what was written anew costs what writing costs", async () => {
    const prompts = marked((i, prompt) =>
      i === 3
        ? { messages: stamp(i, prompt), cached: 0, written: tokensOf({ ...prompt, messages: stamp(i, prompt) }) - 3 }
        : {},
    ).slice(0, 4);
    const read = await readings(prompts);
    expect(read[3]?.state).toBe("broken");
    // claude-sonnet-4-5: written $3.75 a million, read $0.30
    expect(read[3]?.lost_usd).toBeCloseTo(((read[3]?.lost_tokens ?? 0) * 3.45) / 1e6, 9);
  });

  test.each<[string, string, Prompt[]]>([
    ["a pause longer than providers keep it", "expired", steady((i) => (i === 3 ? { wait: 400_000, cached: 0 } : {}))],
    [
      "another model",
      "model_changed",
      steady((i) => (i >= 3 ? { model: "gpt-4.1-mini", cached: i === 3 ? 0 : 2048 } : {})),
    ],
    ["nothing that can be seen", "unexplained", steady((i) => (i === 3 ? { cached: 0 } : {}))],
    [
      "messages that were taken out",
      "dropped",
      steady((i, { messages }) =>
        i === 3 ? { messages: [messages[0] as never, ...messages.slice(4)], cached: 0 } : {},
      ).slice(0, 4),
    ],
  ])("is lost to %s, which is at most worth knowing", async (_, state, prompts) => {
    const read = await readings(prompts);
    expect(read[3]?.state).toBe(state);
    const findings = await found("cache_break", prompts);
    expect(findings.map(({ severity }) => severity)).toEqual(["info"]);
  });

  test("is nothing to speak of where prompts are short, nothing was marked, or the provider is silent", async () => {
    const short = steady((_, { messages }) => ({ messages: messages.slice(1), tools: [], cached: 0 }));
    expect(states(await readings(short)).slice(1)).toEqual(["too_short", "too_short", "too_short", "too_short"]);
    const unmarked = marked(() => ({ cached: 0, written: 0 }));
    expect(states(await readings(unmarked)).slice(1)).toEqual(["unused", "unused", "unused", "unused"]);
    const silent = steady(() => ({ cached: null }));
    expect(states(await readings(silent))).toEqual([null, null, null, null, null]);
    for (const prompts of [short, unmarked, silent]) expect(await found("cache_break", prompts)).toEqual([]);
  });

  test("a mark for the cache that moves is no change", async () => {
    const prompts = marked((i) => ({
      tools: tools.map((each, at) => (at === i ? { ...each, cache_control: { type: "ephemeral" } } : each)),
    }));
    expect(states(await readings(prompts))).toEqual(["first", "read", "read", "read", "read"]);
  });
});

describe("diagnose_trace", () => {
  test("warns of a system prompt that changes in every call, once", async () => {
    const prompts = steady((i, prompt) => ({ messages: stamp(i, prompt), cached: 0 }));
    const [finding, ...others] = await found("cache_break", prompts);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: "warning", evidence: [3, 2, 4, 5, 6].map(spanId) });
    const read = await readings(prompts);
    const lost = read.reduce((sum, cache) => sum + (cache?.lost_tokens ?? 0), 0);
    expect(finding?.summary).toContain(`system message #1 changed in front of a prompt that goes on`);
    expect(finding?.summary).toContain(`${lost.toLocaleString("en-US")} tok that could have been read`);
  });

  const results = (first: string) => (i: number) => (i === 0 ? first : prose(40 + 7 * i, i));
  const run = (result: (i: number) => string, question = "Where is order 17?", n = 8): Prompt[] => {
    const messages = [user(question)];
    return Array.from({ length: n + 1 }, (_, i) => {
      if (i > 0) messages.push(asks(`call_${i}`), answers(`call_${i}`, result(i - 1)));
      return { messages: [...messages] };
    });
  };

  test("warns of a result that filled the context, with what resending it cost", async () => {
    const prompts = run(results(prose(5000, 3)));
    const [finding, ...others] = await found("context_growth", prompts);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: "warning", evidence: [spanId(100), spanId(3), spanId(10)] });
    const tokens = (finding?.saves.tokens ?? 0) / 7;
    expect(tokens).toBeGreaterThan(4800);
    expect(tokens).toBeLessThan(5200);
    expect(finding?.saves.usd).toBeCloseTo((tokens * 7 * 2) / 1e6, 9);
    expect(finding?.summary).toContain(`result of search filled the context: ${tokens.toLocaleString("en-US")} tok`);
    expect(finding?.summary).toContain("in 8 calls");
  });

  test.each<[string, Prompt[]]>([
    ["a long run that grows steadily", run((i) => prose(700 + (i % 3) * 90, i), "Go through all orders.", 30)],
    ["a large document that came with the task", run(results("found"), prose(8000, 1))],
    ["a large result that only the last call was sent", run((i) => (i === 7 ? prose(5000, 3) : prose(60, i)))],
    [
      "a large result that was taken out soon",
      run(results(prose(5000, 3))).map((prompt, i) =>
        i > 2 ? { messages: [prompt.messages[0] as never, ...prompt.messages.slice(3)] } : prompt,
      ),
    ],
    ["small results", run((i) => prose(30, i))],
  ])("has nothing against %s", async (_, prompts) => {
    expect(await found("context_growth", prompts)).toEqual([]);
  });

  test("warns of a prompt that holds the same messages several times", async () => {
    const once = run((i) => prose(900, i), "Go on.", 3).at(-1) as Prompt;
    const twice = { messages: [...once.messages, ...once.messages.slice(1)] };
    const [finding] = await found("context_growth", [{ messages: once.messages.slice(0, 1) }, once, twice]);
    expect(finding).toMatchObject({ severity: "warning", evidence: [spanId(4)] });
    expect(finding?.summary).toContain("repeats itself: 6 parts of 13 parts");
  });
});
