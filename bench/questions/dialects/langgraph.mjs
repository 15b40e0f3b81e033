// LangGraph agents as OpenInference records LangChain: agents and their nodes are chains named in `metadata`.
import { exception, failed } from "./failing.mjs";
import { openInference } from "./openinference.mjs";

const scope = "@arizeai/openinference-instrumentation-langchain";
const metadata = (name, node, { session, user }) =>
  JSON.stringify({
    ls_integration: "langchain_create_agent",
    lc_agent_name: name,
    session_id: session,
    user_id: user,
    thread_id: session,
    ...(node && { langgraph_node: node }),
  });

const chain = (values) => ({ "openinference.span.kind": "CHAIN", "input.mime_type": "application/json", ...values });

export const langgraph = {
  language: "nodejs",
  session: openInference.session,
  agent: ({ name, spanId, parentId, start, end, status, heard, said, context }) => [
    {
      spanId,
      parentId,
      name,
      start,
      end,
      status: status ?? { code: 1 },
      scope,
      values: chain({
        metadata: metadata(name, null, context),
        "session.id": context.session,
        "input.value": heard ? JSON.stringify({ messages: [{ role: "user", content: heard }] }) : undefined,
        "output.value": said ? JSON.stringify({ messages: [{ role: "assistant", content: said }] }) : undefined,
        "output.mime_type": said ? "application/json" : undefined,
      }),
    },
  ],
  step: ({ agent, spanId, start, end, status }) => ({
    spanId,
    parentId: agent.spanId,
    name: "agent_node",
    start,
    end,
    status: status ?? { code: 1 },
    scope,
    values: chain({ metadata: metadata(agent.name, "agent_node", { session: undefined }) }),
  }),
  chat: (call) => {
    const span = openInference.chat(call);
    return {
      ...span,
      name: { openai: "ChatOpenAI", anthropic: "ChatAnthropic" }[call.info.provider] ?? "ChatGoogleGenerativeAI",
      scope,
      values: {
        ...span.values,
        "llm.model_name": call.model,
        metadata: metadata(call.agent.name, "model_request", call.context),
      },
    };
  },
  tool: ({ spanId, parentId, start, end, call, agent, context }) => ({
    spanId,
    parentId,
    name: call.name,
    start,
    end,
    scope,
    status: failed(call.fails) ?? { code: 1 },
    events: call.fails ? [exception(call.fails, end)] : [],
    values: {
      "openinference.span.kind": "TOOL",
      "tool.name": call.name,
      metadata: metadata(agent.name, "tools", context),
      "session.id": context.session,
      "input.value": JSON.stringify(call.args),
      "input.mime_type": "application/json",
      "output.value": call.fails
        ? undefined
        : JSON.stringify({
            output: {
              lc: 1,
              type: "constructor",
              id: ["langchain_core", "messages", "ToolMessage"],
              kwargs: { status: "success", content: call.result, tool_call_id: call.id, name: call.name },
            },
          }),
      "output.mime_type": call.fails ? undefined : "application/json",
    },
  }),
};
