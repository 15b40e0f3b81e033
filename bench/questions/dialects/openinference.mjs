// OpenInference (Arize Phoenix): kinds, flattened messages, values in and out.
import { exception, failed } from "./failing.mjs";
import { genAiTools } from "./otel.mjs";

const session = ({ session, user }) => ({ "session.id": session, "user.id": user });
const ok = (fails) => failed(fails) ?? { code: 1 };

function flattened(prefix, messages) {
  const out = {};
  for (const [i, message] of messages.entries()) {
    const at = `${prefix}.${i}.message`;
    out[`${at}.role`] = message.role;
    if (message.role === "tool") {
      out[`${at}.content`] = message.result;
      out[`${at}.tool_call_id`] = message.callId;
      continue;
    }
    if (message.text) out[`${at}.content`] = message.text;
    for (const [j, { id, name, args }] of (message.calls ?? []).entries()) {
      out[`${at}.tool_calls.${j}.tool_call.id`] = id;
      out[`${at}.tool_calls.${j}.tool_call.function.name`] = name;
      out[`${at}.tool_calls.${j}.tool_call.function.arguments`] = JSON.stringify(args);
    }
  }
  return out;
}

export const openInference = {
  session,
  agent: ({ name, spanId, parentId, start, end, status, heard, said, context }) => [
    {
      spanId,
      parentId,
      name,
      start,
      end,
      status: status ?? { code: 1 },
      scope: "openinference.instrumentation.openai_agents",
      values: {
        "openinference.span.kind": "AGENT",
        "agent.name": name,
        ...session(context),
        "input.value": heard ?? undefined,
        "input.mime_type": heard ? "text/plain" : undefined,
        "output.value": said ?? undefined,
        "output.mime_type": said ? "text/plain" : undefined,
      },
    },
  ],
  chat: ({
    spanId,
    parentId,
    start,
    end,
    model,
    info,
    system,
    tools,
    messages,
    reply,
    fails,
    finish,
    usage,
    context,
  }) => ({
    spanId,
    parentId,
    start,
    end,
    name: info.provider === "anthropic" ? "Anthropic Messages" : "OpenAI Chat Completions",
    scope: `@arizeai/openinference-instrumentation-${info.provider}`,
    status: fails ? { code: 2, message: `${fails.status ?? ""} ${fails.message}`.trim() } : { code: 1 },
    events: fails ? [exception(fails, end)] : [],
    values: {
      "openinference.span.kind": "LLM",
      "llm.system": info.provider,
      "llm.provider": info.provider,
      "llm.model_name": fails ? model : info.answers,
      "llm.invocation_parameters": JSON.stringify({ model, temperature: 0.1 }),
      ...session(context),
      "input.value": JSON.stringify({ model, messages: messages.length }),
      "input.mime_type": "application/json",
      ...flattened("llm.input_messages", [{ role: "system", text: system }, ...messages]),
      ...Object.fromEntries(
        genAiTools(tools).map((tool, i) => [
          `llm.tools.${i}.tool.json_schema`,
          JSON.stringify({ type: "function", function: tool }),
        ]),
      ),
      ...(reply && {
        ...flattened("llm.output_messages", [reply]),
        "output.value": reply.text,
        "output.mime_type": "text/plain",
        "llm.finish_reason": finish,
        "llm.token_count.prompt": usage.input,
        "llm.token_count.completion": usage.output,
        "llm.token_count.total": usage.input + usage.output,
        "llm.token_count.prompt_details.cache_read": usage.read,
        "llm.token_count.prompt_details.cache_write": usage.write || undefined,
      }),
    },
  }),
  tool: ({ spanId, parentId, start, end, call, says, context }) => ({
    spanId,
    parentId,
    start,
    end,
    name: call.name,
    scope: "openinference.instrumentation.openai_agents",
    status: ok(call.fails),
    events: call.fails ? [exception(call.fails, end)] : [],
    values: {
      "openinference.span.kind": "TOOL",
      "tool.name": call.name,
      "tool.description": says || undefined,
      "tool_call.id": call.id,
      ...session(context),
      "input.value": JSON.stringify(call.args),
      "input.mime_type": "application/json",
      "output.value": call.fails ? undefined : call.result,
      "output.mime_type": call.fails ? undefined : "text/plain",
    },
  }),
};
