/** Three agents that hand a traveller's request on to each other, recorded with Agensight's own SDK. */
import { agent, tool } from "../../sdk/tracing.js";
import { chat } from "./chat.js";
import type { ChatMessage, ToolCall, ToolDefinition } from "./chat-wire.js";
import type { AgentTool } from "./tools.js";

type AgentName = "triage" | "researcher" | "writer";

type AgentSpec = {
  provider: string;
  model: string;
  stream?: boolean;
  tools: string[];
  handsTo: AgentName[];
  instructions: string;
};

const house = `Fernweh Travel answers its customers by chat. Prices are in euros and include taxes. Never promise what no tool confirmed.
Be brief and concrete: names, times, prices. Dates are written as 2026-11-28. A booking number looks like FW-4711.
Refunds go to the card that paid, in full until 24 hours before arrival on flexible rates, else not at all.`;

const agents: Record<AgentName, AgentSpec> = {
  triage: {
    provider: "openai",
    model: "gpt-4o-mini",
    tools: [],
    handsTo: ["researcher", "writer"],
    instructions: `You read what the customer wants and hand it to the one who can do it.\n${house}`,
  },
  researcher: {
    provider: "openai",
    model: "gpt-4o",
    tools: ["search_flights", "search_hotels", "get_weather", "find_booking", "refund"],
    handsTo: ["writer"],
    instructions: `You find out facts with your tools and try again when one of them fails. Then hand to the writer.\n${house}`,
  },
  writer: {
    provider: "anthropic",
    model: "claude-sonnet-4-5",
    stream: true,
    tools: [],
    handsTo: [],
    instructions: `You write the answer to the customer from what the others found out.\n${house}`,
  },
};

export type Desk = { modelUrl: string; tools: Record<string, AgentTool> };

/** One request of a customer, from triage to the written answer. */
export function answerCustomer(desk: Desk, user: string, history: ChatMessage[]): Promise<string> {
  return runAgent(desk, "triage", user, history);
}

function runAgent(desk: Desk, name: AgentName, user: string, history: ChatMessage[]): Promise<string> {
  const spec = agents[name];
  const definitions = [
    ...spec.tools.flatMap((each) => desk.tools[each]?.definition ?? []),
    ...spec.handsTo.map(handOff),
  ];
  return agent(name, { "gen_ai.agent.description": spec.instructions.split("\n")[0] ?? "" }, async () => {
    const messages = [...history];
    for (;;) {
      const answer = await chat(desk.modelUrl, spec.provider, {
        model: spec.model,
        messages: [{ role: "system", content: spec.instructions }, ...messages],
        ...(definitions.length > 0 ? { tools: definitions } : {}),
        ...(spec.stream ? { stream: true } : {}),
        user,
      });
      messages.push(answer);
      if (!answer.tool_calls) return answer.content ?? "";
      const next = handedTo(answer.tool_calls);
      if (next) {
        messages.push({ role: "tool", tool_call_id: answer.tool_calls[0]?.id ?? "", content: `handed to ${next}` });
        return runAgent(desk, next, user, messages);
      }
      messages.push(...(await Promise.all(answer.tool_calls.map((call) => runTool(desk, call)))));
    }
  });
}

/** A tool that fails tells the model so, except where money is concerned: that ends the run. */
async function runTool(desk: Desk, call: ToolCall): Promise<ChatMessage> {
  const { name, arguments: args } = call.function;
  const attributes = {
    "gen_ai.tool.name": name,
    "gen_ai.tool.call.id": call.id,
    "gen_ai.tool.type": "function",
    "gen_ai.tool.call.arguments": args,
  };
  const content = await tool(name, attributes, async (span) => {
    const result = JSON.stringify(await desk.tools[name]?.run(JSON.parse(args)));
    span.setAttribute("gen_ai.tool.call.result", result);
    return result;
  }).catch((error: Error) => {
    if (name === "refund") throw error;
    return `error: ${error.message}`;
  });
  return { role: "tool", tool_call_id: call.id, content };
}

const handOffName = "transfer_to_";

function handOff(to: AgentName): ToolDefinition {
  return {
    type: "function",
    function: {
      name: `${handOffName}${to}`,
      description: `Hand the conversation to the ${to}`,
      parameters: { type: "object", properties: {} },
    },
  };
}

function handedTo(calls: ToolCall[]): AgentName | null {
  const name = calls[0]?.function.name;
  return name?.startsWith(handOffName) ? (name.slice(handOffName.length) as AgentName) : null;
}
