import OpenAI7 from "openai";
import OpenAI6 from "openai6";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, events, type OpenAIServer, spoken, startOpenAIServer } from "./openai-server.js";
import { built, type Recording, startRecording } from "./recorded.js";

const { startCall } = await built<typeof import("../../../src/sdk/integrations/call-span.js")>(
  "sdk/integrations/call-span.js",
);
const { observeCall } = await built<typeof import("../../../src/sdk/integrations/observe-promise.js")>(
  "sdk/integrations/observe-promise.js",
);

let server: OpenAIServer;
let recording: Recording;
beforeAll(async () => {
  server = await startOpenAIServer();
  recording = startRecording();
});
afterAll(async () => {
  await recording.stop();
  await server.close();
});

type Chunk = { choices: { delta: { content?: string | null } }[] };
const words = ["It", " is", " sunny", "."];
const said = (chunk: Chunk) => chunk.choices[0]?.delta.content ?? "";
const failed = { error: { message: "overloaded", type: "server_error", code: "overloaded" } };

describe.each([
  ["openai 6", OpenAI6 as unknown as typeof OpenAI7],
  ["openai 7", OpenAI7],
])("A stream of %s", (_, OpenAI) => {
  const open = () =>
    new OpenAI({ apiKey: "k", baseURL: server.url, maxRetries: 0, logLevel: "off" }).chat.completions.create({
      model: "m",
      messages: [],
      stream: true,
    });
  type Streamed = Awaited<ReturnType<typeof open>>;

  /** What `read` reads with and without an observer has to be the same; returns the observer's span. */
  async function compared(answer: Answer, read: (stream: Streamed, seen: string[]) => Promise<unknown>) {
    const outcomes: unknown[] = [];
    const observed: string[] = [];
    const reader = {
      result: () => observed.push("a result"),
      chunk: (chunk: unknown) => void observed.push(said(chunk as Chunk)),
      attributes: () => ({ said: observed.join("") }),
    };
    const [span] = await recording.of(async () => {
      for (const isObserved of [false, true]) {
        server.reply(answer);
        const call = () => observeCall(startCall({ name: "call", attributes: () => ({}) }), open, reader);
        const stream = await (isObserved ? call() : open());
        const seen: string[] = [];
        const result = await read(stream, seen).catch((error) => `${error.constructor.name}: ${error.message}`);
        outcomes.push({ seen, result, aborted: stream.controller.signal.aborted });
      }
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
    return { span, outcome: outcomes[1] as { seen: string[]; result: unknown; aborted: boolean } };
  }

  const end = "agensight.stream.end";
  const chunks = "agensight.stream.chunks";

  test("that is read to its end has its chunks seen as they are pulled, and is no error", async () => {
    const { span, outcome } = await compared(events(spoken(words)), async (stream, seen) => {
      for await (const chunk of stream) seen.push(said(chunk));
    });
    expect(outcome.seen).toEqual(["", ...words, ""]);
    expect(span).toMatchObject({ status: "ok", attributes: { said: "It is sunny.", [chunks]: 6 } });
    expect(span?.attributes[end]).toBeUndefined();
    expect(span?.first_token_ms).toBeGreaterThan(0);
    expect(span?.first_token_ms).toBeLessThanOrEqual(span?.duration_ms ?? 0);
  });

  test.each<[string, (stream: Streamed, seen: string[]) => Promise<unknown>]>([
    [
      "break",
      async (stream, seen) => {
        for await (const chunk of stream) if (seen.push(said(chunk)) === 2) break;
      },
    ],
    [
      "throw",
      async (stream, seen) => {
        for await (const chunk of stream) if (seen.push(said(chunk)) === 2) throw new RangeError("enough");
      },
    ],
    [
      "return() of its iterator",
      async (stream, seen) => {
        const iterator = stream[Symbol.asyncIterator]();
        for (let n = 0; n < 2; n++) seen.push(said((await iterator.next()).value as Chunk));
        return iterator.return?.("given back");
      },
    ],
    [
      "throw() of its iterator",
      async (stream, seen) => {
        const iterator = stream[Symbol.asyncIterator]();
        for (let n = 0; n < 2; n++) seen.push(said((await iterator.next()).value as Chunk));
        return iterator.throw?.(new RangeError("enough"));
      },
    ],
    [
      "its controller",
      async (stream, seen) => {
        for await (const chunk of stream) if (seen.push(said(chunk)) === 2) stream.controller.abort();
      },
    ],
    [
      "cancel() of a readable stream over it",
      async (stream, seen) => {
        const reader = stream.toReadableStream().getReader();
        for (let n = 0; n < 2; n++) seen.push(new TextDecoder().decode((await reader.read()).value));
        await reader.cancel();
      },
    ],
  ])("that is broken off by %s was cancelled, and is no error", async (_, read) => {
    const { span, outcome } = await compared(events(spoken(words), "hang"), read);
    // version 6 still hands out what it has when its controller aborts
    expect(outcome.seen.length).toBeGreaterThanOrEqual(2);
    expect(outcome.aborted).toBe(true);
    expect(span).toMatchObject({ status: "ok", attributes: { [end]: "cancelled" } });
    expect(span?.attributes.said).toMatch(/^It/);
  });

  test("that breaks in the middle is an error, with what was read until then", async () => {
    const { span, outcome } = await compared(events(spoken(words), "cut"), async (stream, seen) => {
      for await (const chunk of stream) seen.push(said(chunk));
    });
    expect(outcome.result).toMatch(/terminated/);
    expect(span).toMatchObject({ status: "error", error_type: "TypeError", attributes: { said: "It is sunny." } });
    expect(span?.attributes[end]).toBeUndefined();
  });

  test("that brings an error is one", async () => {
    const answer = events([...spoken(words).slice(0, 3), failed]);
    const { span, outcome } = await compared(answer, async (stream, seen) => {
      for await (const chunk of stream) seen.push(said(chunk));
    });
    expect(outcome.result).toMatch(/^APIError: .*overloaded/);
    expect(span).toMatchObject({ status: "error", error_type: "APIError", attributes: { said: "It is" } });
  });

  test("that is no JSON fails as the library says", async () => {
    const answer: Answer = (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end("data: {nonsense\n\n");
    };
    const { span, outcome } = await compared(answer, async (stream, seen) => {
      for await (const chunk of stream) seen.push(said(chunk));
    });
    expect(outcome.result).toMatch(/^SyntaxError/);
    expect(span).toMatchObject({ status: "error", error_type: "SyntaxError" });
  });

  test("that is split in two is seen once, whichever half is faster", async () => {
    const { span } = await compared(events(spoken(words)), async (stream, seen) => {
      const [left, right] = stream.tee();
      for await (const chunk of left) seen.push(said(chunk));
      for await (const chunk of right) seen.push(said(chunk));
    });
    expect(span).toMatchObject({ status: "ok", attributes: { said: "It is sunny.", [chunks]: 6 } });
  });

  test("that becomes a readable stream is seen as that is read", async () => {
    const { span } = await compared(events(spoken(words)), async (stream, seen) => {
      const decoder = new TextDecoder();
      for await (const bytes of stream.toReadableStream()) seen.push(decoder.decode(bytes as Uint8Array));
    });
    expect(span).toMatchObject({ status: "ok", attributes: { said: "It is sunny.", [chunks]: 6 } });
  });

  test("can be read once; that the second time fails changes nothing in its span", async () => {
    const { span, outcome } = await compared(events(spoken(words)), async (stream, seen) => {
      const first = stream[Symbol.asyncIterator]();
      seen.push(said((await first.next()).value as Chunk));
      const refused = await stream[Symbol.asyncIterator]()
        .next()
        .catch((error) => error.message);
      for await (const chunk of { [Symbol.asyncIterator]: () => first }) seen.push(said(chunk));
      return refused;
    });
    expect(outcome.result).toMatch(/consumed stream/);
    expect(span).toMatchObject({ status: "ok", attributes: { said: "It is sunny.", [chunks]: 6 } });
  });

  test("may be pulled ahead, and what is pulled and fails unhandled is one unhandled rejection", async () => {
    const counts: number[] = [];
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    let unhandled = 0;
    process.on("unhandledRejection", () => void unhandled++);
    try {
      const { span } = await compared(events([...spoken(words).slice(0, 2), failed], "end"), async (stream, seen) => {
        const iterator = stream[Symbol.asyncIterator]();
        const pulled = [iterator.next(), iterator.next(), iterator.next()];
        for (const one of pulled.slice(0, 2)) seen.push(said((await one).value as Chunk));
        await expect.poll(() => unhandled).toBe(1);
        for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done));
        counts.push(unhandled);
        unhandled = 0;
      });
      expect(counts).toEqual([1, 1]);
      expect(span).toMatchObject({ status: "error", error_type: "APIError", attributes: { said: "It" } });
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const listener of others) process.on("unhandledRejection", listener);
    }
  });

  test("is read the same where the reader of chunks fails", async () => {
    recording.told();
    const broken = () => {
      throw new Error("the reader is broken");
    };
    const [span] = await recording.of(async () => {
      server.reply(events(spoken(words)));
      const call = startCall({ name: "call", attributes: () => ({}) });
      const seen: string[] = [];
      for await (const chunk of await observeCall(call, open, { result: broken, chunk: broken, attributes: broken }))
        seen.push(said(chunk));
      expect(seen).toEqual(["", ...words, ""]);
    });
    expect(span).toMatchObject({ status: "ok", attributes: { [chunks]: 6 } });
    expect(recording.told()).toHaveLength(7);
  });
});
