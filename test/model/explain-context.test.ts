import { describe, expect, test } from "vitest";
import type { ContextExplanation, ContextPart } from "../../src/model/context.js";
import { count } from "../../src/model/format.js";
import { plainPhrase } from "../../src/model/phrase.js";
import type { SpanDetail } from "../../src/store/reader.js";
import { storeOf } from "../mcp/store.js";
import { requestOf, spanId, traceId } from "../store/otlp.js";
import { answers, asks, type Prompt, promptRun, prose, system, tokensOf, user } from "./prompts.js";

type Explained = ContextExplanation & {
  spans: Map<string, SpanDetail>;
  ofCall(id: number): Promise<ContextExplanation>;
};

/** The answer on a run, with its spans as get_span tells them. */
async function explain<T>(prompts: Prompt[], look: (explained: Explained) => T | Promise<T>): Promise<T> {
  const { reader, remove } = await storeOf([requestOf(promptRun(prompts))]);
  try {
    const found = await reader.explainContext({ trace_id: traceId(1) });
    const spans = new Map<string, SpanDetail>();
    for (const { span_id } of found.calls) spans.set(span_id, await reader.getSpan({ span_id }));
    return await look({ ...found, spans, ofCall: (id) => reader.explainContext({ span_id: spanId(id) }) });
  } finally {
    remove();
  }
}

const tool = (name: string, more = {}) => ({
  name,
  description: `Finds the ${name} of an order.`,
  parameters: {},
  ...more,
});
const tools = [tool("orders"), tool("customers"), tool("invoices")];
const instructions = "You help customers of a shop. Be brief and friendly.";
const large = prose(2000, 1);

/** A question, then one tool result after another. */
function growing(results: string[], head: Partial<Prompt> = {}): Prompt[] {
  const messages = [user("Where is order 17, and who paid for it?")];
  const prompts: Prompt[] = [{ ...head, messages: [...messages] }];
  for (const [i, result] of results.entries()) {
    messages.push(asks(`call_${i}`), answers(`call_${i}`, result));
    prompts.push({ ...head, messages: [...messages] });
  }
  return prompts;
}

const sum = (numbers: number[]) => numbers.reduce((all, n) => all + n, 0);
const labelled = (found: ContextPart[], label: string) => found.find((each) => plainPhrase(each.label) === label);

describe("tokens", () => {
  test("of a call's parts add up to what the provider reported, whatever the call", async () => {
    const prompts = growing([large, prose(40, 2), prose(300, 3)], { system: instructions, tools });
    await explain(prompts, async ({ calls, spans, ofCall }) => {
      expect(calls).toHaveLength(4);
      for (const [i, call] of calls.entries()) {
        const { parts } = await ofCall(i + 2);
        expect(call.input_tokens).toBe(spans.get(call.span_id)?.input_tokens);
        expect(sum(parts.map((part) => part.tokens))).toBe(tokensOf(prompts[i] as Prompt));
        expect(sum(parts.map((part) => part.share))).toBeCloseTo(1, 2);
      }
    });
  });

  test("of what a call added are what the provider counted more", async () => {
    const prompts = growing([large, prose(40, 2), prose(300, 3)], { system: instructions, tools });
    await explain(prompts, ({ calls }) => {
      for (const [i, call] of calls.entries()) {
        if (i === 0) continue;
        const more = tokensOf(prompts[i] as Prompt) - tokensOf(prompts[i - 1] as Prompt);
        expect(call.delta).toMatchObject({ previous_span_id: spanId(i + 1), input_tokens: more });
        expect(call.delta?.added).toEqual({ messages: 2, tokens: more });
        expect(call.delta?.dropped).toEqual({ messages: 0, tokens: 0 });
        expect(sum(call.added_parts.map((part) => part.tokens))).toBe(more);
      }
    });
  });

  test("of a tool's result are near what a tokeniser counts, and named with its execution", async () => {
    await explain(growing([large, prose(40, 2)], { system: instructions, tools }), async ({ ofCall }) => {
      const { parts } = await ofCall(4);
      const result = labelled(parts, "result of search");
      expect(result).toMatchObject({ origin: "tool_result", span_id: spanId(100), message: 3 });
      expect(result?.tokens).toBeGreaterThan(1850);
      expect(result?.tokens).toBeLessThan(2150);
    });
  });

  test("of the results of one tool are told together where a run's are summed up", async () => {
    await explain(growing([prose(300, 1), prose(300, 1), prose(300, 1)]), ({ carried, input_tokens, verdict }) => {
      const results = carried.filter((part) => plainPhrase(part.label) === "result of search");
      const total = results.reduce((sum, part) => sum + part.total_tokens, 0);
      expect(results.map((part) => part.calls)).toEqual([3, 2, 1]);
      expect(plainPhrase(verdict)).toContain(`most went to 3 results of search: ${count(total)} tok`);
      expect(plainPhrase(verdict)).toContain(`${Math.round((100 * total) / (input_tokens ?? 0))} % of all input`);
    });
  });

  test("that the provider counted beyond all recorded text are of parts that were not recorded", async () => {
    const prompts = growing([prose(100, 1)]).map((prompt) => ({ ...prompt, input: tokensOf(prompt) + 3000 }));
    await explain(prompts, async ({ ofCall, coverage }) => {
      const { parts } = await ofCall(3);
      const hidden = labelled(parts, "not recorded");
      expect(hidden?.tokens).toBeGreaterThan(2950);
      expect(hidden?.tokens).toBeLessThan(3050);
      expect(coverage.notes.join()).toContain("beyond all recorded text");
    });
  });

  test("are said to be estimates where none were reported", async () => {
    const prompts = growing([large]).map((prompt) => ({ ...prompt, input: null }));
    await explain(prompts, ({ calls, input_tokens, verdict, coverage }) => {
      expect(input_tokens).toBeNull();
      expect(calls.map((call) => call.input_tokens)).toEqual([null, null]);
      expect(plainPhrase(verdict)).toContain("(estimated: none were reported)");
      expect(coverage.notes.join()).toContain("the provider reported no tokens");
    });
  });

  test("of a call that failed leave those of its retry as they are", async () => {
    const prompts = growing([prose(100, 1), prose(300, 2), prose(50, 3)]);
    const failed = { ...(prompts[2] as Prompt), input: null };
    const before = await explain(prompts, async ({ ofCall }) => (await ofCall(4)).parts);
    const after = await explain(
      [...prompts.slice(0, 2), failed, ...prompts.slice(2)],
      async ({ ofCall }) => (await ofCall(5)).parts,
    );
    expect(after).toEqual(before);
  });

  test("of an image are what the text cannot explain", async () => {
    const image = { role: "user", raw: { type: "uri", modality: "image", uri: "https://example.com/a.png" } };
    const prompts: Prompt[] = [{ messages: [user("What is on it?"), image], input: 1120 }];
    await explain(prompts, async ({ ofCall }) => {
      const { parts } = await ofCall(2);
      expect(parts[0]).toMatchObject({ origin: "media", message: 2 });
      expect(parts[0]?.tokens).toBeGreaterThan(1080);
    });
  });
});

describe("what resending costs", () => {
  const results = [large, ...Array.from({ length: 9 }, (_, i) => prose(30 + i * 9, i + 2))];
  const prompts = growing(results, { system: instructions, tools }).map((prompt, i, all) => {
    const left = i === 0 ? 0 : Math.floor(tokensOf(all[i - 1] as Prompt) / 128) * 128;
    return { ...prompt, cached: left < 1024 ? 0 : left };
  });

  test("is told of the largest result, with the calls that carried it and what they paid", async () => {
    await explain(prompts, ({ carried, spans, input_tokens }) => {
      const [most] = carried;
      expect(most).toMatchObject({
        origin: "tool_result",
        span_id: spanId(100),
        calls: 10,
        first_span_id: spanId(3),
        last_span_id: spanId(12),
      });
      const { tokens = 0 } = most ?? {};
      expect(most?.total_tokens).toBe(tokens * 10);
      expect(most?.resent_tokens).toBe(tokens * 9);
      expect(most?.share).toBeCloseTo((tokens * 10) / (input_tokens ?? 0), 3);
      // gpt-4.1: $2 a million, cached ones $0.50
      const paid = prompts.slice(1).map((prompt) => {
        const all = tokensOf(prompt);
        return (tokens * ((all - prompt.cached) * 2 + prompt.cached * 0.5)) / 1e6 / all;
      });
      expect(most?.total_usd).toBeCloseTo(sum(paid), 9);
      expect(input_tokens).toBe(sum([...spans.values()].map((span) => span.input_tokens ?? 0)));
    });
  });

  test("is summed up by origin over all calls", async () => {
    await explain(prompts, ({ parts, input_tokens }) => {
      expect(sum(parts.map((part) => part.tokens))).toBe(input_tokens);
      expect(parts[0]).toMatchObject({ origin: "tool_result", count: 10 });
    });
  });

  test("has no price where the recorded costs do not give one", async () => {
    await explain(prompts.slice(0, 1), ({ carried, cost_usd, coverage }) => {
      expect(cost_usd).toBeGreaterThan(0);
      expect(carried.map((part) => part.total_usd).filter((usd) => usd !== null)).toEqual([]);
      expect(coverage.notes.join()).toContain("USD of parts unknown");
    });
    await explain(
      growing([large, large]).map((prompt) => ({ ...prompt, model: "own-model" })),
      ({ carried, cost_usd }) => {
        expect(cost_usd).toBeNull();
        expect(carried.every((part) => part.total_usd === null)).toBe(true);
      },
    );
  });
});

describe("against the call before", () => {
  const at = (time: string) => system(`It is ${time}. ${instructions}`);
  const stamped = (times: string[], results: string[]) =>
    growing(results).map((prompt, i) => ({ ...prompt, messages: [at(times[i] as string), ...prompt.messages] }));

  test("a time in the system prompt is a rewritten message, quoted where it differs", async () => {
    const prompts = stamped(["10:31:07", "10:31:44", "10:32:09"], [prose(400, 1), prose(30, 2)]);
    await explain(prompts, ({ calls, conversations }) => {
      expect(conversations).toBe(1);
      for (const call of calls.slice(1)) {
        expect(call.delta).toMatchObject({ rewritten_count: 1, added: { messages: 2 }, dropped: { messages: 0 } });
        expect(call.delta?.rewritten[0]).toMatchObject({ part: "message", message: 1 });
      }
      const [change] = calls[1]?.delta?.rewritten ?? [];
      expect(plainPhrase(change?.label ?? [])).toBe("system message");
      expect(change?.before).toMatch(/^It is 10:31:07\. You help customers/);
      expect(change?.after).toMatch(/^It is 10:31:44\. You help customers/);
    });
  });

  test("tools in another order, with another text, added and removed are told apart", async () => {
    const [question] = growing([]);
    const orders: object[][] = [
      tools,
      [tools[2], tools[0], tools[1]] as object[],
      [tools[2], { ...tools[0], description: "Else." }, tools[1]] as object[],
      [tools[2], tool("refunds")] as object[],
      [{ ...tools[2], cache_control: { type: "ephemeral" } }, tool("refunds")] as object[],
    ];
    const prompts = orders.map((list, i) => ({
      messages: growing(Array(i).fill("17")).at(-1)?.messages ?? question?.messages ?? [],
      tools: list,
    }));
    await explain(prompts, ({ calls }) => {
      const labels = calls.map(({ delta }) => delta?.rewritten.map(({ label }) => plainPhrase(label)).join());
      expect(labels).toEqual([
        undefined,
        "tool definitions: in another order",
        "tool definitions: edited orders",
        "tool definitions: added refunds; removed orders, customers",
        "",
      ]);
    });
  });

  test("messages that were taken out are dropped, and the rest is the same conversation", async () => {
    const prompts = growing([prose(700, 1), prose(600, 2), prose(500, 3), prose(30, 4)]);
    const [, , , , last] = prompts as [Prompt, Prompt, Prompt, Prompt, Prompt];
    const trimmed = {
      messages: [last.messages[0] as never, ...last.messages.slice(5), asks("call_9"), answers("call_9", "done")],
    };
    await explain([...prompts, trimmed], ({ calls, conversations }) => {
      expect(conversations).toBe(1);
      const { delta } = calls[5] ?? {};
      expect(delta).toMatchObject({
        previous_span_id: spanId(6),
        added: { messages: 2 },
        dropped: { messages: 4 },
        rewritten_count: 0,
      });
      const gone = tokensOf({ messages: last.messages.slice(1, 5) });
      expect(delta?.dropped.tokens).toBeGreaterThan(gone * 0.9);
      expect(delta?.dropped.tokens).toBeLessThan(gone * 1.1);
      expect(delta?.input_tokens).toBe(tokensOf(trimmed) - tokensOf(last));
    });
  });

  test("a summary in place of many messages is added, and they are dropped", async () => {
    const prompts = growing([prose(700, 1), prose(600, 2), prose(500, 3), prose(30, 4)], { system: instructions });
    const last = prompts.at(-1) as Prompt;
    const compact: Prompt = {
      system: instructions,
      messages: [user("So far: order 17 was shipped."), ...last.messages.slice(-2)],
    };
    await explain([...prompts, compact], ({ calls }) => {
      expect(calls[5]?.delta).toMatchObject({
        added: { messages: 1 },
        dropped: { messages: 7 },
        rewritten_count: 0,
        restarted: false,
      });
    });
  });

  test("a long conversation that begins anew with a summary alone started over", async () => {
    const prompts = growing([prose(700, 1), prose(600, 2), prose(500, 3)], { system: instructions });
    const anew: Prompt = { system: instructions, messages: [user("Go on. So far: order 17 was shipped.")] };
    await explain([...prompts, anew], ({ calls, conversations }) => {
      expect(conversations).toBe(1);
      expect(calls[4]?.delta).toMatchObject({ restarted: true, dropped: { messages: 7 } });
    });
  });

  test("an old result that was edited is a rewritten message", async () => {
    const prompts = growing([large, prose(40, 2), prose(40, 3)]);
    const edited = (prompts[3] as Prompt).messages.map((message) =>
      message.text === large ? { ...message, text: `${large.slice(0, 3000)} [cut]` } : message,
    );
    await explain([...prompts.slice(0, 3), { messages: edited }], ({ calls }) => {
      const { delta } = calls[3] ?? {};
      expect(delta).toMatchObject({ rewritten_count: 1, added: { messages: 2 }, dropped: { messages: 0 } });
      expect(delta?.rewritten[0]).toMatchObject({ part: "message", message: 3 });
      expect(plainPhrase(delta?.rewritten[0]?.label ?? [])).toBe("result of search");
      expect(delta?.rewritten[0]?.after).toContain("[cut]");
      expect(delta?.rewritten[0]?.before).toMatch(/^…/);
    });
  });

  test("conversations of agents that ask side by side are kept apart", async () => {
    const one = growing([prose(40, 1), prose(50, 2)], { agent: "finder" });
    const two = growing([prose(60, 3), prose(70, 4)], { agent: "payer" }).map((prompt) => ({
      ...prompt,
      messages: [
        user("Pay it."),
        ...prompt.messages.slice(1).map((message) => ({
          ...message,
          ...(message.answers ? { answers: `p_${message.answers}` } : {}),
          ...(message.calls ? { calls: message.calls.map((call) => ({ ...call, id: `p_${call.id}` })) } : {}),
        })),
      ],
    }));
    const mixed = one.flatMap((prompt, i) => [prompt, two[i] as Prompt]);
    await explain(mixed, ({ calls, conversations }) => {
      expect(conversations).toBe(2);
      expect(calls.map((call) => call.delta?.previous_span_id ?? null)).toEqual([
        null,
        null,
        spanId(2),
        spanId(3),
        spanId(4),
        spanId(5),
      ]);
    });
  });

  test("one task for each of many documents are conversations of their own", async () => {
    const prompts = [1, 2, 3, 4].map((i): Prompt => ({ system: instructions, messages: [user(prose(300, i))] }));
    await explain(prompts, ({ conversations, calls }) => {
      expect(conversations).toBe(4);
      expect(calls.every((call) => call.delta === null)).toBe(true);
    });
  });

  test("results whose calls were not sent along were held by the provider", async () => {
    const first: Prompt = {
      messages: [user("Where is order 17?")],
      system: instructions,
      more: {
        "gen_ai.output.messages": JSON.stringify([
          { role: "assistant", parts: [{ type: "tool_call", id: "c1", name: "search", arguments: {} }] },
        ]),
      },
    };
    const second: Prompt = { messages: [answers("c1", prose(200, 1))], system: instructions, input: 300 };
    await explain([first, second], async ({ calls, ofCall, coverage }) => {
      expect(calls[1]?.delta).toMatchObject({ held: true, previous_span_id: spanId(2) });
      const { parts } = await ofCall(3);
      expect(parts.map(({ origin }) => origin)).toContain("user");
      expect(sum(parts.map((part) => part.tokens))).toBe(300);
      expect(coverage.notes.join()).toContain("the provider held them");
    });
  });

  test("nothing is said of contents that were not recorded", async () => {
    const prompts = growing([large]).map((prompt) => ({
      ...prompt,
      more: { "gen_ai.input.messages": "[]", "gen_ai.output.messages": "[]" },
    }));
    await explain(prompts, ({ calls, parts, coverage }) => {
      expect(calls.map((call) => call.delta)).toEqual([null, null]);
      expect(parts.map(({ origin }) => origin)).toEqual(["unrecorded"]);
      expect(coverage.notes.join()).toContain("2 of 2 calls without recorded contents");
    });
  });
});
