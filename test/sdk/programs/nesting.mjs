// Spans inside spans, across everything that leaves the call stack.
import { setTimeout as delay } from "node:timers/promises";
import { sdk } from "./agensight.mjs";

const { agent, llm, retrieval, setupTracing, startSpan, tool } = sdk;
setupTracing("nesting");

await agent("planner", { "gen_ai.agent.id": "p1" }, async () => {
  await delay(5);
  await Promise.all([
    tool("search", { "gen_ai.tool.call.arguments": { city: "Oslo" } }, async (span) => {
      await delay(10);
      await startSpan("inside search", async () => delay(1));
      span.setAttribute("gen_ai.tool.call.result", "rain").setAttribute("hits", 3);
    }),
    llm("answer", { "gen_ai.request.model": "gpt-4o-mini", "gen_ai.provider.name": "openai" }, async (span) => {
      await delay(1);
      span.setAttributes({ "gen_ai.usage.input_tokens": 12, "gen_ai.usage.output_tokens": 5 });
    }),
  ]);
  await new Promise((done) => {
    setTimeout(() => {
      retrieval("handbook", { "gen_ai.retrieval.query.text": "holidays" }, () => {});
      done();
    }, 5);
  });
  queueMicrotask(() => startSpan("in a microtask", () => {}));
});
startSpan("a second trace", () => {});
