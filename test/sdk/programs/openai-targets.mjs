// Patches OpenAI without saying which; calls it as it is imported and as it is required, where a copy of it lies beside.
import { createRequire } from "node:module";
import { OpenAI } from "openai";

const { setupTracing, instrumentOpenAI } = await import(`${process.env.AGENSIGHT_SDK}index.js`);
const [baseURL] = process.argv.slice(2);
const before = new OpenAI({ apiKey: "k", baseURL });
instrumentOpenAI();
instrumentOpenAI();
setupTracing("targets");
const required = createRequire(import.meta.url)("openai");
for (const client of [before, new OpenAI({ apiKey: "k", baseURL }), new required({ apiKey: "k", baseURL })]) {
  await client.chat.completions.create({ model: "m", messages: [] });
}
