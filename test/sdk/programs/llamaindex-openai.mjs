// LlamaIndex over OpenAI's client, both instrumented.
import { OpenAI, OpenAIEmbedding } from "@llamaindex/openai";
import { agent } from "@llamaindex/workflow";
import Client from "openai";
import { sdk } from "./agensight.mjs";

const [url] = process.argv.slice(2);
const tracing = sdk.setupTracing("both");
sdk.instrumentLlamaIndex();
sdk.instrumentOpenAI();
const session = new Client({ apiKey: "k", baseURL: url });
const llm = new OpenAI({ session, model: "gpt-4.1-mini" });
const messages = [{ role: "user", content: "Hello" }];

await sdk.startSpan("everything", async () => {
  await llm.chat({ messages });
  for await (const _ of await llm.chat({ messages, stream: true }));
  await agent({ name: "greeter", llm }).run("Hello");
  await new OpenAIEmbedding({ session }).getTextEmbedding("a");
});
await tracing.flush();
