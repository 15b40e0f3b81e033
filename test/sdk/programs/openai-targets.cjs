// The same for a CommonJS program.
const { OpenAI } = require("openai");

import(`${process.env.AGENSIGHT_SDK}index.js`).then(async ({ setupTracing, instrumentOpenAI }) => {
  const [baseURL] = process.argv.slice(2);
  const before = new OpenAI({ apiKey: "k", baseURL });
  instrumentOpenAI();
  instrumentOpenAI();
  setupTracing("targets");
  const imported = await import("openai");
  for (const client of [before, new OpenAI({ apiKey: "k", baseURL }), new imported.OpenAI({ apiKey: "k", baseURL })]) {
    await client.chat.completions.create({ model: "m", messages: [] });
  }
});
