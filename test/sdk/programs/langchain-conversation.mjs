// What both do: an agent with a tool, asked and streamed, its callbacks noted, and a failing model.
export async function converse({ OpenAI, sdk, tool, ChatOpenAI, createAgent, z }) {
  const [url, ...instrumented] = process.argv.slice(2);
  if (instrumented.length > 0) sdk.setupTracing("conversation");
  if (instrumented.includes("langchain")) sdk.instrumentLangChain();
  if (instrumented.includes("openai")) sdk.instrumentOpenAI(OpenAI);

  const model = (path = url) =>
    new ChatOpenAI({ model: "gpt-4.1-mini", apiKey: "k", maxRetries: 0, configuration: { baseURL: path } });
  const weather = tool(async ({ city }) => sdk.startSpan("look outside", async () => `rain in ${city}`), {
    name: "weather",
    description: "Tells the weather",
    schema: z.object({ city: z.string() }),
  });
  const events = [];
  const note =
    (name) =>
    (...args) => {
      const [parent] = args.slice(3).filter((arg) => typeof arg === "string");
      events.push([name, parent === undefined ? "root" : "inner", args.at(-1) === undefined ? "" : typeof args.at(-1)]);
    };
  const callbacks = [
    Object.fromEntries(
      ["Chain", "ChatModel", "LLM", "Tool"].flatMap((kind) =>
        ["Start", "End", "Error"].map((step) => [`handle${kind}${step}`, note(`${kind} ${step}`)]),
      ),
    ),
  ];

  const agent = createAgent({ name: "reporter", model: model(), tools: [weather] });
  const input = { messages: [{ role: "user", content: "How is Oslo?" }] };
  const config = { callbacks, tags: ["news"], configurable: { thread_id: "t-7" } };
  const answer = await agent.invoke(input, config);
  const updates = [];
  for await (const update of await agent.stream(input, { ...config, streamMode: "updates" }))
    updates.push(Object.keys(update));
  const refused = await model(`${url}/nowhere`)
    .invoke("Hello")
    .catch((error) => ({ name: error.name, class: error.constructor.name, message: error.message }));
  process.send({
    text: answer.messages.map((message) => message.text),
    events,
    updates,
    refused,
    callbacks: callbacks.length,
    keys: Object.keys(config),
  });
  if (instrumented.length > 0) await sdk.setupTracing("conversation").flush();
  process.disconnect?.();
}
