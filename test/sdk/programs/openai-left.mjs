// Leaves streams alone: drops them and dies as soon as they are collected, or holds them until it ends by itself.
import { OpenAI } from "openai";

const { setupTracing, instrumentOpenAI } = await import(`${process.env.AGENSIGHT_SDK}index.js`);
const [baseURL, how] = process.argv.slice(2);
const tracing = setupTracing("left");
instrumentOpenAI(OpenAI);
const client = new OpenAI({ apiKey: "k", baseURL });
const held = [];
let collected = 0;
const registry = new FinalizationRegistry(() => collected++);

async function leave(model, pulls) {
  const stream = await client.chat.completions.create({ model, messages: [], stream: true });
  const iterator = pulls > 0 ? stream[Symbol.asyncIterator]() : null;
  for (let n = 0; n < pulls; n++) await iterator.next();
  registry.register(stream);
  if (how === "hold") held.push(stream, iterator);
}
await leave("never", 0);
await leave("partly", 2);
// a promise that nobody asks for its result
client.chat.completions.create({ model: "floating", messages: [] });

if (how === "drop") {
  while (collected < 2) {
    gc();
    await new Promise((done) => setTimeout(done, 5));
  }
  // others may be told of it in a later turn
  for (let turn = 0; turn < 10; turn++) await new Promise((done) => setImmediate(done));
  await tracing.flush();
  process.kill(process.pid, "SIGKILL");
}
// as a program does that has nothing left to do; a stream that nobody reads keeps its connection
setImmediate(() => process.exit(0));
