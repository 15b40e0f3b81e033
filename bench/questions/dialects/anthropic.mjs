// Anthropic's own spans (SDK ≥ 0.134): the tool runner, its requests and tools, inside a span of the program.
import { failed } from "./failing.mjs";
import { genAiMessages } from "./otel.mjs";

const scope = "com.anthropic.sdk.typescript";
const session = ({ session, user }) => ({ "session.id": session, "user.id": user });

/** The tool runner's span id, made from the agent's, which is the program's span. */
const runnerOf = ({ spanId }) => `${spanId.slice(4)}${spanId.slice(0, 4)}`;

const stopReasons = { tool_calls: "tool_use", stop: "end_turn", length: "max_tokens" };

export const anthropic = {
  language: "nodejs",
  callPrefix: "toolu_",
  session,
  inner: runnerOf,
  agent: (agent) => [
    {
      spanId: agent.spanId,
      parentId: agent.parentId,
      name: agent.name,
      start: agent.start,
      end: agent.end,
      status: agent.status,
      scope: "app",
      values: { "gen_ai.agent.name": agent.name, ...session(agent.context) },
    },
    {
      spanId: runnerOf(agent),
      parentId: agent.spanId,
      name: "anthropic.messages.tool_runner",
      start: agent.start + 0.2,
      end: agent.end - 0.1,
      status: agent.status ?? { code: 1 },
      scope,
      values: {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": agent.model,
      },
    },
  ],
  chat: ({ spanId, parentId, start, end, model, system, messages, reply, fails, finish, usage, responseId }) => ({
    spanId,
    parentId,
    start,
    end,
    kind: 3,
    name: "anthropic.messages.create",
    scope,
    status: fails ? { code: 2 } : { code: 1 },
    values: {
      "gen_ai.provider.name": "anthropic",
      "server.address": "api.anthropic.com",
      "server.port": 443,
      "http.route": "/v1/messages",
      "http.request.method": "POST",
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": model,
      "gen_ai.request.max_tokens": 4096,
      "gen_ai.system_instructions": JSON.stringify([{ type: "text", content: system }]),
      "gen_ai.input.messages": JSON.stringify(
        genAiMessages(messages).map((message) => (message.role === "tool" ? { ...message, role: "user" } : message)),
      ),
      "anthropic.request.id": `req_${responseId}`,
      ...(fails && { "http.response.status_code": fails.status ?? 500, "error.type": fails.type }),
      ...(reply && {
        "http.response.status_code": 200,
        "gen_ai.response.id": `msg_${responseId}`,
        "gen_ai.response.model": model,
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage.read,
        "gen_ai.usage.cache_write.input_tokens": usage.write,
        "gen_ai.output.messages": JSON.stringify(genAiMessages([reply])),
        "anthropic.message.stop_reason": stopReasons[finish] ?? finish,
      }),
    },
  }),
  tool: ({ spanId, parentId, start, end, call, says }) => ({
    spanId,
    parentId,
    start,
    end,
    name: `anthropic.custom_tool_use ${call.name}`,
    scope,
    status: failed(call.fails) ?? { code: 1 },
    values: {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.provider.name": "anthropic",
      "gen_ai.tool.name": call.name,
      "gen_ai.tool.description": says || undefined,
      "gen_ai.tool.type": "function",
      "gen_ai.tool.call.id": call.id,
      "gen_ai.tool.call.arguments": JSON.stringify(call.args),
      "error.type": call.fails?.type,
      "anthropic.tool_result.content": call.fails ? undefined : JSON.stringify([{ type: "text", text: call.result }]),
    },
  }),
};
