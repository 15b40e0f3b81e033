// OpenLLMetry (Traceloop): traceloop.* entities; prompts flattened, as its older versions write them.
import { exception, failed } from "./failing.mjs";

const session = ({ session, user }) => ({
  "traceloop.association.properties.session_id": session,
  "traceloop.association.properties.user_id": user,
});

function entity(kind, name, input, output) {
  return {
    "traceloop.span.kind": kind,
    "traceloop.entity.name": name,
    "traceloop.entity.input": input === undefined ? undefined : JSON.stringify({ args: [input], kwargs: {} }),
    "traceloop.entity.output": output === undefined || output === null ? undefined : JSON.stringify(output),
  };
}

function flattened(prefix, messages) {
  const out = {};
  for (const [i, message] of messages.entries()) {
    const at = `${prefix}.${i}`;
    out[`${at}.role`] = message.role;
    if (message.role === "tool") {
      out[`${at}.content`] = message.result;
      out[`${at}.tool_call_id`] = message.callId;
      continue;
    }
    if (message.text) out[`${at}.content`] = message.text;
    for (const [j, { id, name, args }] of (message.calls ?? []).entries()) {
      out[`${at}.tool_calls.${j}.id`] = id;
      out[`${at}.tool_calls.${j}.name`] = name;
      out[`${at}.tool_calls.${j}.arguments`] = JSON.stringify(args);
    }
  }
  return out;
}

export const openLLMetry = {
  session,
  agent: ({ name, spanId, parentId, start, end, status, heard, said, context }) => [
    {
      spanId,
      parentId,
      name: `${name}.agent`,
      start,
      end,
      status,
      scope: "opentelemetry.instrumentation.traceloop",
      values: {
        "gen_ai.agent.name": name,
        "traceloop.workflow.name": context.service,
        ...session(context),
        ...entity("agent", name, heard ?? undefined, said),
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
    agent,
    system,
    tools,
    messages,
    reply,
    fails,
    finish,
    usage,
    context,
    responseId,
  }) => ({
    spanId,
    parentId,
    start,
    end,
    kind: 3,
    name: `${info.provider}.chat`,
    scope: `opentelemetry.instrumentation.${info.provider}`,
    status: failed(fails),
    events: fails ? [exception(fails, end)] : [],
    values: {
      "gen_ai.system": { openai: "OpenAI", anthropic: "Anthropic" }[info.provider] ?? "Google",
      "llm.request.type": "chat",
      "gen_ai.request.model": model,
      "gen_ai.agent.name": agent.name,
      ...session(context),
      ...flattened("gen_ai.prompt", [{ role: "system", text: system }, ...messages]),
      ...Object.fromEntries(
        tools.flatMap(({ name, says, needs }, i) => [
          [`llm.request.functions.${i}.name`, name],
          [`llm.request.functions.${i}.description`, says],
          [`llm.request.functions.${i}.parameters`, JSON.stringify({ type: "object", required: needs ?? [] })],
        ]),
      ),
      "error.type": fails?.type,
      ...(reply && {
        ...flattened("gen_ai.completion", [reply]),
        "gen_ai.completion.0.finish_reason": finish,
        "gen_ai.response.model": info.answers,
        "gen_ai.response.id": responseId,
        "gen_ai.usage.prompt_tokens": usage.input,
        "gen_ai.usage.completion_tokens": usage.output,
        "llm.usage.total_tokens": usage.input + usage.output,
        "gen_ai.usage.cache_read_input_tokens": usage.read,
        "gen_ai.usage.cache_creation_input_tokens": info.provider === "anthropic" ? usage.write : undefined,
      }),
    },
  }),
  tool: ({ spanId, parentId, start, end, call, agent, context }) => ({
    spanId,
    parentId,
    start,
    end,
    name: `${call.name}.tool`,
    scope: "opentelemetry.instrumentation.traceloop",
    status: failed(call.fails),
    events: call.fails ? [exception(call.fails, end)] : [],
    values: {
      "gen_ai.agent.name": agent.name,
      ...session(context),
      ...entity("tool", call.name, call.args, call.fails ? undefined : call.result),
    },
  }),
};
