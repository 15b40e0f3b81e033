/** A graph of LangGraph with a tool, in a program that is bundled with all its libraries. */
import * as manager from "@langchain/core/callbacks/manager";
import { tool } from "@langchain/core/tools";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { instrumentLangChain, setupTracing, startSpan } from "agensight";
import { z } from "zod";

async function main() {
  const tracing = setupTracing("bundled", { dbPath: process.env.AGENSIGHT_DB });
  instrumentLangChain(manager);
  const double = tool(({ n }) => startSpan("arithmetic", () => String(2 * n)), {
    name: "double",
    schema: z.object({ n: z.number() }),
  });
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("count", async () => ({ messages: [{ role: "assistant", content: await double.invoke({ n: 2 }) }] }))
    .addEdge(START, "count")
    .compile({ name: "counting" });
  await graph.invoke({ messages: [{ role: "user", content: "2 * 2?" }] });
  await tracing.flush();
  process.send?.("flushed");
}
main();
