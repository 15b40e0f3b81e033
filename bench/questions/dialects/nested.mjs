// OpenTelemetry's conventions as a workflow engine nests them: agents in executors, each request with its HTTP call inside.
import { otel } from "./otel.mjs";

const scope = "agent_framework";
const executorOf = ({ spanId }) => `${spanId.slice(6)}${spanId.slice(0, 6)}`;

export const nested = {
  ...otel,
  inner: executorOf,
  agent: (agent) => [
    ...otel.agent(agent).map((span) => ({ ...span, scope })),
    {
      spanId: executorOf(agent),
      parentId: agent.spanId,
      name: "executor.process",
      start: agent.start + 0.3,
      end: agent.end - 0.2,
      status: agent.status,
      scope,
      values: { "executor.id": `${agent.name}_executor`, "executor.type": "AgentExecutor" },
    },
  ],
  chat: (call) => ({ ...otel.chat(call), scope }),
  tool: (call) => ({ ...otel.tool(call), scope }),
};
