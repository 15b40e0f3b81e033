/** Runs whose calls are sent the prompts that a test lists, counted by a real tokeniser and served by a cache of prefixes. */
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import type { OtlpSpan } from "../../src/model/otlp.js";
import { type Attributes, morning, span } from "../store/otlp.js";

export type Sent = {
  role: string;
  text?: string;
  calls?: { id: string; tool: string }[];
  answers?: string;
  raw?: object;
};

export const user = (text: string): Sent => ({ role: "user", text });
export const system = (text: string): Sent => ({ role: "system", text });
export const asks = (id: string, tool = "search"): Sent => ({ role: "assistant", calls: [{ id, tool }] });
export const answers = (id: string, text: string): Sent => ({ role: "tool", answers: id, text });

export type Prompt = {
  messages: Sent[];
  /** instructions that travel apart */
  system?: string;
  tools?: object[];
  model?: string;
  provider?: string;
  agent?: string;
  parent?: number;
  /** tokens as the provider counts them; default: those of the texts; null = it reports none */
  input?: number | null;
  /** read from the cache; null = not reported */
  cached?: number | null;
  written?: number;
  /** ms before it */
  wait?: number;
  says?: string;
  more?: Attributes;
};

const partsOf = ({ text, calls = [], answers: id, raw }: Sent): object[] => {
  if (raw) return [raw];
  if (id !== undefined) return [{ type: "tool_call_response", id, response: text }];
  const asked = calls.map((call) => ({ type: "tool_call", id: call.id, name: call.tool, arguments: { q: call.id } }));
  return [...(text === undefined ? [] : [{ type: "text", content: text }]), ...asked];
};

/** What the provider counts: tools, then instructions, then messages with four tokens for the frame of each. */
export function tokensOf({ messages, system: apart, tools }: Prompt): number {
  const head = countTokens(tools ? JSON.stringify(tools) : "") + countTokens(apart ?? "");
  return messages.reduce((sum, message) => sum + countTokens(JSON.stringify(partsOf(message))) - 10 + 4, head);
}

/** Spans 1 (the agent), 2, 3 … one for each prompt, and from 100 on one for each tool result; 100 ms each. */
export function promptRun(prompts: Prompt[], trace = 1): OtlpSpan[] {
  const spans: OtlpSpan[] = [];
  const executed = new Set<string>();
  let now = morning;
  for (const [index, prompt] of prompts.entries()) {
    now += prompt.wait ?? 200;
    for (const message of prompt.messages) {
      if (message.answers === undefined || executed.has(message.answers)) continue;
      executed.add(message.answers);
      const attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "search",
        "gen_ai.tool.call.id": message.answers,
        "gen_ai.tool.call.result": message.text ?? "",
      };
      spans.push(span({ trace, id: 99 + executed.size, parent: 1, start: now - 120, ms: 100, attributes }));
    }
    const shape = { trace, id: index + 2, parent: prompt.parent ?? 1, start: now, ms: 100 };
    spans.push(span({ ...shape, name: "chat", attributes: callAttributes(prompt) }));
    now += 100;
  }
  const attributes = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": prompts[0]?.agent ?? "helper" };
  return [span({ trace, id: 1, name: "helper", start: morning, ms: now - morning, attributes }), ...spans];
}

function callAttributes(prompt: Prompt): Attributes {
  const { messages, tools, provider = "openai", model = "gpt-4.1", input = tokensOf(prompt), cached = null } = prompt;
  const attributes: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": provider,
    "gen_ai.request.model": model,
    "gen_ai.input.messages": JSON.stringify(messages.map((each) => ({ role: each.role, parts: partsOf(each) }))),
    "gen_ai.output.messages": JSON.stringify([
      { role: "assistant", parts: [{ type: "text", content: prompt.says ?? "ok" }] },
    ]),
  };
  if (prompt.agent !== undefined) attributes["gen_ai.agent.name"] = prompt.agent;
  if (prompt.system !== undefined)
    attributes["gen_ai.system_instructions"] = JSON.stringify([{ type: "text", content: prompt.system }]);
  if (tools) attributes["gen_ai.tool.definitions"] = JSON.stringify(tools);
  if (input !== null) {
    attributes["gen_ai.usage.input_tokens"] = input;
    attributes["gen_ai.usage.output_tokens"] = 7 + (input % 50);
  }
  if (cached !== null) attributes["gen_ai.usage.cache_read.input_tokens"] = cached;
  if (prompt.written !== undefined) attributes["gen_ai.usage.cache_creation.input_tokens"] = prompt.written;
  return { ...attributes, ...prompt.more };
}

const words =
  "the order was shipped to a customer who asked for the invoice and then changed the address before it arrived".split(
    " ",
  );
/** About `tokens` tokens of prose; another one for each `seed`. */
export function prose(tokens: number, seed = 0): string {
  const out: string[] = [];
  for (let i = 0, x = seed * 7919 + 1; i < tokens; i++) {
    x = (x * 48271) % 2147483647;
    out.push(words[x % words.length] as string);
  }
  return out.join(" ");
}
