// What both do, recorded or not: models, tools, agents, workflows and retrieval, and everything of it that a program can see.
export async function converse({ sdk, openai, llamaindex, workflow }) {
  const [url, ...instrumented] = process.argv.slice(2);
  if (instrumented.length > 0) sdk.setupTracing("conversation");
  if (instrumented.includes("llamaindex")) sdk.instrumentLlamaIndex();

  const { Settings, tool, VectorStoreIndex, Document, ContextChatEngine, CallbackManager } = llamaindex;
  const { agent, multiAgent, agentStreamEvent, createWorkflow, workflowEvent } = workflow;
  const seen = {};
  const told = [];
  Settings.callbackManager = new CallbackManager();
  for (const name of ["llm-start", "llm-end", "llm-tool-call", "llm-tool-result", "retrieve-start", "retrieve-end"])
    Settings.callbackManager.on(name, () => told.push(name));

  const model = (options) =>
    new openai.OpenAI({ apiKey: "k", baseURL: url, model: "gpt-4.1-mini", maxRetries: 0, ...options });
  const llm = model();
  const weather = tool(
    ({ city }) => {
      if (city === "nowhere") throw new RangeError("no such city");
      return `rain in ${city}`;
    },
    { name: "weather", description: "tells the weather", parameters: { type: "object", properties: {} } },
  );
  Settings.llm = llm;
  Settings.embedModel = new openai.OpenAIEmbedding({ apiKey: "k", baseURL: url });
  const messages = [{ role: "user", content: "Hello" }];

  seen.shape = [
    Object.keys(llm),
    llm instanceof llamaindex.BaseLLM,
    llm.chat.length,
    openai.OpenAI.prototype.chat.name,
  ];
  const promise = llm.chat({ messages });
  seen.promise = [promise.constructor === Promise, await promise];
  const stream = await llm.chat({ messages, stream: true });
  seen.stream = [Object.prototype.toString.call(stream), []];
  for await (const chunk of stream) seen.stream[1].push(chunk);
  seen.left = [];
  for await (const chunk of await llm.complete({ prompt: "Hello", stream: true })) {
    seen.left.push(chunk);
    break;
  }
  seen.refused = await model({ baseURL: `${url}/nowhere` })
    .chat({ messages })
    .catch((error) => ({ name: error.constructor.name, message: error.message, keys: Object.keys(error) }));

  const forecaster = agent({ name: "forecaster", llm, tools: [weather] });
  const triage = agent({ name: "triage", llm, canHandoffTo: [forecaster] });
  seen.agent = (await forecaster.run("weather: Oslo")).data.result;
  seen.failing = (await forecaster.run("weather: nowhere")).data.result;
  seen.handOff = (
    await multiAgent({ agents: [triage, forecaster], rootAgent: triage }).run("weather: Rome")
  ).data.result;
  seen.deltas = [];
  for await (const event of forecaster.runStream("weather: Lima"))
    if (agentStreamEvent.include(event)) seen.deltas.push(event.data.delta);
  seen.tool = [Object.keys(weather), weather.call({ city: "Cairo" })];

  const start = workflowEvent();
  const stop = workflowEvent();
  const steps = createWorkflow();
  steps.handle([start], async () => stop.with((await llm.complete({ prompt: "Hello" })).text));
  const context = steps.createContext();
  context.sendEvent(start.with());
  seen.workflow = (await context.stream.until(stop).toArray()).map((event) => event.data);

  const index = await VectorStoreIndex.fromDocuments([new Document({ text: "Oslo is cold.", id_: "oslo" })]);
  const answer = await index.asQueryEngine().query({ query: "How is Oslo?" });
  seen.query = [
    answer.constructor.name,
    answer.message,
    answer.sourceNodes.map(({ score, node }) => [score, node.text]),
  ];
  seen.chat = [];
  const engine = new ContextChatEngine({ retriever: index.asRetriever() });
  for await (const chunk of await engine.chat({ message: "How is Oslo?", stream: true })) seen.chat.push(chunk.delta);

  seen.told = told;
  process.send(seen);
  if (instrumented.length > 0) await sdk.setupTracing("conversation").flush();
  process.disconnect?.();
}
