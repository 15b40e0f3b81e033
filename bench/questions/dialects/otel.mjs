// OpenTelemetry's current gen_ai.* conventions, and the same as Vercel AI 7 writes it, with a span around each step.
import { exception, failed } from "./failing.mjs";

const parts = (message) => [
  ...(message.text ? [{ type: "text", content: message.text }] : []),
  ...(message.calls ?? []).map(({ id, name, args }) => ({ type: "tool_call", id, name, arguments: args })),
];

/** Messages in the form of `gen_ai.input.messages`. */
export const genAiMessages = (messages) =>
  messages.map((message) =>
    message.role === "tool"
      ? { role: "tool", parts: [{ type: "tool_call_response", id: message.callId, response: message.result }] }
      : { role: message.role, parts: parts(message) },
  );

export const genAiTools = (tools) =>
  tools.map(({ name, says, needs }) => ({
    type: "function",
    name,
    description: says,
    parameters: {
      type: "object",
      properties: Object.fromEntries((needs ?? []).map((key) => [key, { type: "string" }])),
      required: needs ?? [],
    },
  }));

const session = ({ session, user }) => ({ "gen_ai.conversation.id": session, "session.id": session, "user.id": user });

const scope = "opentelemetry.instrumentation.genai";

export const otel = {
  session,
  agent: ({ name, spanId, parentId, start, end, status, heard, said, model, context, models }) => [
    {
      spanId,
      parentId,
      name: `invoke_agent ${name}`,
      start,
      end,
      status,
      scope,
      values: {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": models[model].provider,
        "gen_ai.agent.name": name,
        ...session(context),
        "gen_ai.input.messages": heard ? JSON.stringify(genAiMessages([{ role: "user", text: heard }])) : undefined,
        "gen_ai.output.messages": said ? JSON.stringify(genAiMessages([{ role: "assistant", text: said }])) : undefined,
      },
    },
  ],
  chat: (call) => ({
    ...place(call),
    name: `chat ${call.model}`,
    kind: 3,
    scope,
    status: failed(call.fails),
    values: {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": call.info.provider,
      "gen_ai.request.model": call.model,
      "gen_ai.agent.name": call.agent.name,
      "server.address": call.info.address ?? `api.${call.info.provider}.com`,
      "server.port": 443,
      ...session(call.context),
      "gen_ai.system_instructions": JSON.stringify([{ type: "text", content: call.system }]),
      "gen_ai.tool.definitions": JSON.stringify(genAiTools(call.tools)),
      "gen_ai.input.messages": JSON.stringify(genAiMessages(call.messages)),
      ...answer(call),
      ...(call.fails
        ? { "error.type": call.fails.type, "http.response.status_code": call.fails.status }
        : { "http.response.status_code": undefined }),
    },
  }),
  tool: ({ spanId, parentId, start, end, call, says, context }) => ({
    spanId,
    parentId,
    start,
    end,
    name: `execute_tool ${call.name}`,
    scope,
    status: failed(call.fails),
    events: call.fails ? [exception(call.fails, end)] : [],
    values: {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": call.name,
      "gen_ai.tool.type": "function",
      "gen_ai.tool.description": says || undefined,
      "gen_ai.tool.call.id": call.id,
      "gen_ai.tool.call.arguments": JSON.stringify(call.args),
      "gen_ai.tool.call.result": call.fails ? undefined : call.result,
      "error.type": call.fails?.type,
      ...session(context),
    },
  }),
};

function place({ spanId, parentId, start, end }) {
  return { spanId, parentId, start, end };
}

function answer({ reply, usage, finish, info, responseId, firstToken, maxTokens }) {
  if (!reply) return {};
  return {
    "gen_ai.request.max_tokens": maxTokens,
    "gen_ai.response.model": info.answers,
    "gen_ai.response.id": `${info.provider === "openai" ? "chatcmpl-" : "msg_"}${responseId}`,
    "gen_ai.response.finish_reasons": [finish],
    "gen_ai.usage.input_tokens": usage.input,
    "gen_ai.usage.output_tokens": usage.output,
    "gen_ai.usage.cache_read.input_tokens": usage.read,
    "gen_ai.usage.cache_creation.input_tokens": info.provider === "anthropic" ? usage.write : undefined,
    "gen_ai.response.time_to_first_chunk": firstToken === null ? undefined : firstToken / 1000,
    "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts: parts(reply), finish_reason: finish }]),
  };
}

const inVercel = (span) => ({ ...span, scope: "gen_ai" });

export const vercel7 = {
  ...otel,
  language: "nodejs",
  agent: (agent) =>
    otel.agent(agent).map((span) =>
      inVercel({
        ...span,
        values: {
          ...span.values,
          "gen_ai.request.model": agent.model,
          "gen_ai.usage.input_tokens": agent.usage.input,
          "gen_ai.usage.output_tokens": agent.usage.output,
          "gen_ai.usage.cache_read.input_tokens": agent.usage.read,
        },
      }),
    ),
  step: ({ agent, spanId, start, end, status }) => ({
    spanId,
    parentId: agent.spanId,
    name: `step ${agent.calls}`,
    start,
    end,
    status,
    scope: "gen_ai",
    values: { "gen_ai.operation.name": "agent_step" },
  }),
  chat: (call) => inVercel(otel.chat(call)),
  tool: (call) => inVercel(otel.tool(call)),
};
