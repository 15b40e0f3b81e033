// Agents and steps of workflows that fail reject a promise that nobody holds.
import { OpenAI } from "@llamaindex/openai";
import { agent, createWorkflow, workflowEvent } from "@llamaindex/workflow";
import { sdk } from "./agensight.mjs";

const [url, ...instrumented] = process.argv.slice(2);
const reasons = [];
process.on("unhandledRejection", (reason) => {
  reasons.push(`${reason.constructor.name}: ${reason.message}`);
  next();
});
if (instrumented.length > 0) {
  sdk.setupTracing("unhandled");
  sdk.instrumentLlamaIndex();
}
const llm = new OpenAI({ apiKey: "k", baseURL: `${url}/nowhere`, model: "gpt-4.1-mini", maxRetries: 0 });
const start = workflowEvent();
const steps = createWorkflow();
steps.handle([start], async () => {
  throw new RangeError("out of range");
});
const works = [
  () => void llm.chat({ messages: [{ role: "user", content: "Hello" }] }),
  () => void agent({ name: "broken", llm }).runStream("Hello"),
  () => steps.createContext().sendEvent(start.with()),
];

async function next() {
  const work = works.shift();
  if (work) return work();
  // one that came twice would be there by now
  await new Promise(setImmediate);
  process.send({ reasons });
  if (instrumented.length > 0) await sdk.setupTracing("unhandled").flush();
  process.disconnect();
}
next();
