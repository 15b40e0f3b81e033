import { OpenAI, OpenAIAgent, OpenAIEmbedding } from "@llamaindex/openai";
import {
  CondenseQuestionChatEngine,
  ContextChatEngine,
  Document,
  QueryEngineTool,
  Settings,
  SimilarityPostprocessor,
  SimpleChatEngine,
  VectorStoreIndex,
} from "llamaindex";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SpanDetail } from "../../../src/store/reader.js";
import {
  type Answer,
  chunk,
  completion,
  events,
  failing,
  json,
  type OpenAIServer,
  spoken,
  startOpenAIServer,
} from "./openai-server.js";
import { built, type Recording, startRecording } from "./recorded.js";
import { spanTree } from "./span-tree.js";

const { instrumentLlamaIndex } = await built<typeof import("../../../src/sdk/integrations.js")>("sdk/integrations.js");

let server: OpenAIServer;
let recording: Recording;
let undo: () => void;
let index: VectorStoreIndex;

beforeAll(async () => {
  server = await startOpenAIServer();
  recording = startRecording();
  undo = instrumentLlamaIndex();
  Settings.llm = new OpenAI({ apiKey: "k", baseURL: server.url, model: "gpt-4.1-mini", maxRetries: 0 });
  Settings.embedModel = new OpenAIEmbedding({ apiKey: "k", baseURL: server.url, maxRetries: 0 });
  answer(json(completion()));
  const texts = ["Oslo is cold.", "Rome is hot.", "Lima is dry."];
  index = await VectorStoreIndex.fromDocuments(
    texts.map((text) => new Document({ text, metadata: { from: "atlas" } })),
  );
});
afterAll(async () => {
  undo();
  await recording.stop();
  await server.close();
  expect(recording.told()).toEqual([]);
});

/** Embeddings are always answered: the first letter decides, so that a question finds the text that begins like it. */
function answer(...chats: Answer[]) {
  server.reply((response, received) => {
    if (!received.path.endsWith("/embeddings")) {
      const next = chats.length > 1 ? chats.shift() : chats[0];
      return next?.(response, received);
    }
    const data = (received.body.input as string[]).map((text, at) => {
      const vector = new Float32Array(
        [1, 0, 0].map((_, axis) => (text.includes(["Oslo", "Rome", "Lima"][axis] ?? "") ? 1 : 0.1)),
      );
      return { object: "embedding", index: at, embedding: Buffer.from(vector.buffer).toString("base64") };
    });
    json({ object: "list", model: "e", data, usage: { prompt_tokens: 3, total_tokens: 3 } })(response, received);
  });
}

function named(spans: SpanDetail[], name: string): SpanDetail {
  return spans.find((span) => span.name === name) as SpanDetail;
}

async function read(stream: AsyncIterable<{ delta: string }>): Promise<string> {
  let text = "";
  for await (const part of stream) text += part.delta;
  return text;
}

const asked = { role: "user", parts: [{ type: "text", content: "How is Oslo?" }] };
const answered = { role: "assistant", parts: [{ type: "text", content: "It is sunny." }] };

describe("a query engine", () => {
  test("shows retrieval with documents and scores, synthesis, and the model's call", async () => {
    answer(json(completion()));
    const spans = await recording.of(() => index.asQueryEngine().query({ query: "How is Oslo?" }));
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "query RetrieverQueryEngine
        retrieval VectorIndexRetriever
          embeddings text-embedding-ada-002
        synthesize CompactAndRefine
          chat gpt-4.1-mini"
    `);
    expect(named(spans, "query RetrieverQueryEngine")).toMatchObject({
      input_messages: [asked],
      output_messages: [answered],
    });
    const retrieval = named(spans, "retrieval VectorIndexRetriever");
    expect(retrieval).toMatchObject({ kind: "retriever", input_value: "How is Oslo?" });
    const documents = JSON.parse(retrieval.output_value ?? "");
    expect(documents).toMatchObject([{ content: "Oslo is cold.", metadata: { from: "atlas" } }, {}]);
    expect(documents[0].score).toBeCloseTo(1);
    expect(documents[1].score).toBeLessThan(documents[0].score);
    expect(named(spans, "chat gpt-4.1-mini")).toMatchObject({ input_tokens: 100, output_tokens: 20 });
  });

  test("streams: every span lasts until the answer was read", async () => {
    answer(events([...spoken(["It is ", "sunny."]), chunk([], { usage: completion().usage })]));
    let text = "";
    const spans = await recording.of(async () => {
      text = await read(await index.asQueryEngine().query({ query: "How is Oslo?", stream: true }));
    });
    expect(text).toBe("It is sunny.");
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "query RetrieverQueryEngine
        retrieval VectorIndexRetriever
          embeddings text-embedding-ada-002
        synthesize CompactAndRefine
          chat gpt-4.1-mini"
    `);
    const chat = named(spans, "chat gpt-4.1-mini");
    expect(chat).toMatchObject({ status: "ok", input_tokens: 100, output_messages: [answered] });
    for (const name of ["synthesize CompactAndRefine", "query RetrieverQueryEngine"]) {
      expect(named(spans, name).output_messages).toEqual([answered]);
      // each span's clock begins with its own whole ms
      expect(Date.parse(named(spans, name).end ?? "")).toBeGreaterThanOrEqual(Date.parse(chat.end ?? "") - 2);
    }
  });

  test("that is broken off while it streams ends all of its spans", async () => {
    answer(events(spoken(["It is ", "sunny."]), "hang"));
    const spans = await recording.of(async () => {
      for await (const _ of await index.asQueryEngine().query({ query: "How is Oslo?", stream: true })) break;
    });
    expect(spans.map((span) => span.status)).toEqual(Array(5).fill("ok"));
    expect(named(spans, "chat gpt-4.1-mini").attributes["agensight.stream.end"]).toBe("cancelled");
    expect(named(spans, "query RetrieverQueryEngine").attributes["agensight.stream.end"]).toBe("cancelled");
  });

  test("fails where the model or the embedding fails", async () => {
    answer(failing(500, "down"));
    const query = () =>
      index
        .asQueryEngine()
        .query({ query: "How is Oslo?" })
        .catch(() => {});
    expect(spanTree(await recording.of(query))).toMatchInlineSnapshot(`
      "query RetrieverQueryEngine ERROR InternalServerError
        retrieval VectorIndexRetriever
          embeddings text-embedding-ada-002
        synthesize CompactAndRefine ERROR InternalServerError
          chat gpt-4.1-mini ERROR InternalServerError"
    `);
    server.reply(failing(401, "no_key"));
    expect(spanTree(await recording.of(query))).toMatchInlineSnapshot(`
      "query RetrieverQueryEngine ERROR AuthenticationError
        retrieval VectorIndexRetriever ERROR AuthenticationError
          embeddings text-embedding-ada-002 ERROR AuthenticationError"
    `);
  });

  test("shows what postprocessors and rerankers keep, of any class", async () => {
    class ShoutingReranker {
      model = "rerank-x";
      async postprocessNodes<T>(nodes: T[]): Promise<T[]> {
        return nodes.slice(0, 1);
      }
    }
    answer(json(completion()));
    const nodePostprocessors = [new SimilarityPostprocessor({ similarityCutoff: 0.1 }), new ShoutingReranker()];
    const spans = await recording.of(() =>
      index.asQueryEngine({ nodePostprocessors }).query({ query: "How is Oslo?" }),
    );
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "query RetrieverQueryEngine
        retrieval VectorIndexRetriever
          embeddings text-embedding-ada-002
        SimilarityPostprocessor
        rerank ShoutingReranker
        synthesize CompactAndRefine
          chat gpt-4.1-mini"
    `);
    const reranked = named(spans, "rerank ShoutingReranker");
    expect(reranked).toMatchObject({ kind: "reranker", request_model: "rerank-x", input_value: "How is Oslo?" });
    expect(JSON.parse(reranked.output_value ?? "")).toMatchObject([{ content: "Oslo is cold." }]);
  });
});

describe("a chat engine", () => {
  test("shows its context's retrieval and the model's call, in one piece and streamed", async () => {
    const engine = new ContextChatEngine({ retriever: index.asRetriever() });
    answer(json(completion()));
    const spans = await recording.of(() => engine.chat({ message: "How is Oslo?" }));
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "chat_engine ContextChatEngine
        retrieval VectorIndexRetriever
          embeddings text-embedding-ada-002
        chat gpt-4.1-mini"
    `);
    answer(events(spoken(["It is ", "sunny."])));
    const streamed = await recording.of(async () => read(await engine.chat({ message: "How is Oslo?", stream: true })));
    expect(spanTree(streamed)).toBe(spanTree(spans));
    for (const all of [spans, streamed])
      expect(named(all, "chat_engine ContextChatEngine")).toMatchObject({
        input_messages: [asked],
        output_messages: [answered],
      });
  });

  test("may be of any class", async () => {
    answer(json(completion()));
    const simple = await recording.of(() => new SimpleChatEngine().chat({ message: "How is Oslo?" }));
    expect(spanTree(simple)).toBe("chat_engine SimpleChatEngine\n  chat gpt-4.1-mini");
    const engine = new CondenseQuestionChatEngine({ queryEngine: index.asQueryEngine(), chatHistory: [] });
    const condensed = await recording.of(() => engine.chat({ message: "How is Oslo?" }));
    expect(spanTree(condensed)).toMatchInlineSnapshot(`
      "chat_engine CondenseQuestionChatEngine
        chat gpt-4.1-mini
        query RetrieverQueryEngine
          retrieval VectorIndexRetriever
            embeddings text-embedding-ada-002
          synthesize CompactAndRefine
            chat gpt-4.1-mini"
    `);
  });
});

describe("what was made before it was instrumented", () => {
  test("is recorded where the library uses it", async () => {
    undo();
    const llm = new OpenAI({ apiKey: "k", baseURL: server.url, model: "gpt-4.1-mini" });
    const embedModel = new OpenAIEmbedding({ apiKey: "k", baseURL: server.url });
    undo = instrumentLlamaIndex();
    answer(json(completion()));
    const spans = await recording.of(async () => {
      await new SimpleChatEngine({ llm }).chat({ message: "How is Oslo?" });
      await llm.complete({ prompt: "Hello" });
      await embedModel.getTextEmbeddingsBatch(["Oslo"]);
    });
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "chat_engine SimpleChatEngine
        chat gpt-4.1-mini
      chat gpt-4.1-mini
      embeddings text-embedding-ada-002"
    `);
  });
});

describe("an agent of the older kind", () => {
  test("is a span with model calls and the query engine that is its tool", async () => {
    const call = { id: "call_1", type: "function", function: { name: "atlas", arguments: '{"query":"How is Oslo?"}' } };
    const message = { role: "assistant", content: null, tool_calls: [call] };
    answer(json(completion({ choices: [{ index: 0, message, finish_reason: "tool_calls" }] })), json(completion()));
    const atlas = new QueryEngineTool({
      queryEngine: index.asQueryEngine(),
      metadata: { name: "atlas", description: "knows cities" },
    });
    const spans = await recording.of(() => new OpenAIAgent({ tools: [atlas] }).chat({ message: "How is Oslo?" }));
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "invoke_agent OpenAIAgent
        chat gpt-4.1-mini
        execute_tool atlas
          query RetrieverQueryEngine
            retrieval VectorIndexRetriever
              embeddings text-embedding-ada-002
            synthesize CompactAndRefine
              chat gpt-4.1-mini
        chat gpt-4.1-mini"
    `);
    expect(named(spans, "invoke_agent OpenAIAgent")).toMatchObject({
      kind: "agent",
      agent: "OpenAIAgent",
      output_messages: [answered],
    });
    expect(named(spans, "execute_tool atlas")).toMatchObject({
      tool_call_id: "call_1",
      output_value: '{"content":"It is sunny."}',
    });
  });
});
