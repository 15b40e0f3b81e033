// Ends while a stream was never read, another is being read and an agent is at work.
import { OpenAI } from "@llamaindex/openai";
import { agent } from "@llamaindex/workflow";
import { sdk } from "./agensight.mjs";

sdk.setupTracing("left");
sdk.instrumentLlamaIndex();
const [url] = process.argv.slice(2);
const llm = new OpenAI({ apiKey: "k", baseURL: url, model: "gpt-4.1-mini" });
const ask = (content) => llm.chat({ messages: [{ role: "user", content }], stream: true });

globalThis.unread = await ask("unread");
globalThis.reading = (await ask("reading"))[Symbol.asyncIterator]();
await globalThis.reading.next();
globalThis.events = agent({ name: "slow", llm }).runStream("working")[Symbol.asyncIterator]();
await globalThis.events.next();
await globalThis.events.next();
process.exit();
