// OpenLLMetry as it writes today: gen_ai.* messages of the models' calls, traceloop.* entities for agents and tools.
import { exception, failed } from "./failing.mjs";
import { openLLMetry } from "./openllmetry.mjs";
import { genAiMessages, genAiTools } from "./otel.mjs";

export const traceloop = {
  ...openLLMetry,
  language: "nodejs",
  chat: ({ spanId, parentId, start, end, model, info, agent, system, tools, messages, reply, fails, ...rest }) => ({
    spanId,
    parentId,
    start,
    end,
    kind: 3,
    name: `chat ${model}`,
    scope: `@traceloop/instrumentation-${info.provider}`,
    status: failed(fails),
    events: fails ? [exception(fails, end)] : [],
    values: {
      "gen_ai.provider.name": info.provider,
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": model,
      "gen_ai.agent.name": agent.name,
      ...openLLMetry.session(rest.context),
      "gen_ai.tool.definitions": JSON.stringify(genAiTools(tools)),
      "gen_ai.input.messages": JSON.stringify(genAiMessages([{ role: "system", text: system }, ...messages])),
      "error.type": fails?.type,
      ...(reply && {
        "gen_ai.output.messages": JSON.stringify([{ ...genAiMessages([reply])[0], finish_reason: rest.finish }]),
        "gen_ai.response.finish_reasons": [rest.finish],
        "gen_ai.response.model": info.answers,
        "gen_ai.response.id": rest.responseId,
        "gen_ai.usage.input_tokens": rest.usage.input,
        "gen_ai.usage.output_tokens": rest.usage.output,
        "gen_ai.usage.total_tokens": rest.usage.input + rest.usage.output,
        "gen_ai.usage.cache_read.input_tokens": rest.usage.read,
        "gen_ai.usage.cache_creation.input_tokens": info.provider === "anthropic" ? rest.usage.write : undefined,
      }),
    },
  }),
};
