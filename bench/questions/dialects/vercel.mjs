// Vercel AI SDK 6 with its own ai.* attributes: the agent is `ai.generateText`, its calls are `.doGenerate`.
import { exception, failed } from "./failing.mjs";

const operation = (streams, inner) =>
  streams ? `ai.streamText${inner ? ".doStream" : ""}` : `ai.generateText${inner ? ".doGenerate" : ""}`;

const named = (id, agent) => ({
  "operation.name": `${id} ${agent.name}`,
  "resource.name": agent.name,
  "ai.operationId": id,
  "ai.telemetry.functionId": agent.name,
});

const metadata = ({ session, user }) => ({
  "ai.telemetry.metadata.sessionId": session,
  "ai.telemetry.metadata.userId": user,
});

const messages = (system, list) =>
  [{ role: "system", content: system }].concat(
    list.map((message) => {
      if (message.role === "tool")
        return {
          role: "tool",
          content: [
            {
              type: "tool-result",
              toolCallId: message.callId,
              toolName: message.name,
              output: { type: "text", value: message.result },
            },
          ],
        };
      const text = message.text ? [{ type: "text", text: message.text }] : [];
      const calls = (message.calls ?? []).map(({ id, name, args }) => ({
        type: "tool-call",
        toolCallId: id,
        toolName: name,
        input: args,
      }));
      return { role: message.role, content: [...text, ...calls] };
    }),
  );

const usage = ({ input, output, read }) => ({
  "ai.usage.inputTokens": input,
  "ai.usage.outputTokens": output,
  "ai.usage.totalTokens": input + output,
  "ai.usage.cachedInputTokens": read,
});

export const vercel = {
  language: "nodejs",
  agent: (agent) => {
    const id = operation(agent.context.streams, false);
    return [
      {
        spanId: agent.spanId,
        parentId: agent.parentId,
        name: id,
        start: agent.start,
        end: agent.end,
        status: agent.status,
        scope: "ai",
        values: {
          ...named(id, agent),
          ...metadata(agent.context),
          "ai.model.provider": `${agent.models[agent.model].provider}.chat`,
          "ai.model.id": agent.model,
          "ai.settings.maxRetries": 2,
          "ai.prompt": agent.heard ? JSON.stringify({ messages: [{ role: "user", content: agent.heard }] }) : undefined,
          "ai.response.text": agent.said ?? undefined,
          "ai.response.finishReason": agent.said ? "stop" : undefined,
          ...usage(agent.usage),
        },
      },
    ];
  },
  chat: ({
    spanId,
    parentId,
    start,
    end,
    model,
    info,
    agent,
    system,
    tools,
    messages: list,
    reply,
    fails,
    finish,
    usage: counted,
    firstToken,
    responseId,
    context,
  }) => {
    const id = operation(context.streams, true);
    return {
      spanId,
      parentId,
      name: id,
      start,
      end,
      scope: "ai",
      status: failed(fails),
      events: fails
        ? [exception({ type: "AI_APICallError", message: fails.message }, end)]
        : firstToken === null
          ? []
          : [
              {
                name: "ai.stream.firstChunk",
                at: start + firstToken,
                values: { "ai.response.msToFirstChunk": firstToken },
              },
            ],
      values: {
        ...named(id, agent),
        ...metadata(context),
        "ai.model.provider": `${info.provider}.chat`,
        "ai.model.id": model,
        "ai.settings.maxRetries": 2,
        "ai.prompt.messages": JSON.stringify(messages(system, list)),
        "ai.prompt.tools": tools.map(({ name, says, needs }) =>
          JSON.stringify({
            type: "function",
            name,
            description: says,
            inputSchema: {
              type: "object",
              properties: Object.fromEntries((needs ?? []).map((key) => [key, { type: "string" }])),
            },
          }),
        ),
        "ai.prompt.toolChoice": '{"type":"auto"}',
        "gen_ai.system": `${info.provider}.chat`,
        "gen_ai.request.model": model,
        ...(reply && {
          "ai.response.finishReason": finish === "tool_calls" ? "tool-calls" : finish,
          "ai.response.text": reply.text,
          "ai.response.toolCalls": reply.calls.length
            ? JSON.stringify(reply.calls.map(({ id, name, args }) => ({ toolCallId: id, toolName: name, input: args })))
            : undefined,
          "ai.response.id": responseId,
          "ai.response.model": info.answers,
          "ai.response.msToFirstChunk": firstToken ?? undefined,
          ...usage(counted),
          "ai.usage.inputTokenDetails.noCacheTokens": counted.input - counted.read - counted.write,
          "ai.usage.inputTokenDetails.cacheReadTokens": counted.read,
          "ai.usage.inputTokenDetails.cacheWriteTokens": counted.write,
          "gen_ai.response.finish_reasons": [finish === "tool_calls" ? "tool-calls" : finish],
          "gen_ai.response.id": responseId,
          "gen_ai.response.model": info.answers,
          "gen_ai.usage.input_tokens": counted.input,
          "gen_ai.usage.output_tokens": counted.output,
        }),
      },
    };
  },
  tool: ({ spanId, parentId, start, end, call, agent, context }) => ({
    spanId,
    parentId,
    name: "ai.toolCall",
    start,
    end,
    scope: "ai",
    status: failed(call.fails),
    events: call.fails ? [exception(call.fails, end)] : [],
    values: {
      ...named("ai.toolCall", agent),
      ...metadata(context),
      "ai.toolCall.name": call.name,
      "ai.toolCall.id": call.id,
      "ai.toolCall.args": JSON.stringify(call.args),
      "ai.toolCall.result": call.fails ? undefined : JSON.stringify(call.result),
    },
  }),
};
