import OpenAI7 from "openai";
import OpenAI6 from "openai6";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completion, failing, json, type OpenAIServer, startOpenAIServer } from "./openai-server.js";
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

const request = { model: "m", messages: [{ role: "user" as const, content: "Hello" }] };

describe.each([
  ["openai 6", OpenAI6 as unknown as typeof OpenAI7],
  ["openai 7", OpenAI7],
])("The promise of %s", (_, OpenAI) => {
  const client = () => new OpenAI({ apiKey: "k", baseURL: server.url, maxRetries: 0 });
  const create = () => client().chat.completions.create(request);
  type Promised = ReturnType<typeof create>;
  const observed = (answer: () => Promised, seen: unknown[] = []) =>
    observeCall(startCall({ name: "call", attributes: () => ({}) }), answer, {
      result: (value) => void seen.push(value),
      chunk: () => {},
      attributes: () => ({ answers: seen.length }),
    });

  test("is returned itself, and brings the same object that is observed", async () => {
    server.reply(json(completion()));
    const seen: unknown[] = [];
    const [span] = await recording.of(async () => {
      let original: unknown;
      const promise = observed(() => {
        original = create();
        return original as Promised;
      }, seen);
      expect(promise).toBe(original);
      expect(Object.keys(promise).sort()).toEqual(Object.keys(create()).sort());
      const answer = await promise;
      expect(answer).toBe(seen[0]);
      expect(answer._request_id).toBe("req_1");
      expect(await promise).toBe(answer);
      expect(await promise.finally(() => {})).toBe(answer);
    });
    expect(seen).toHaveLength(1);
    expect(span).toMatchObject({ name: "call", status: "ok", attributes: { answers: 1 } });
  });

  test("is parsed only when somebody asks, and not by us", async () => {
    server.reply(json(completion()));
    const [span] = await recording.of(async () => {
      const seen: unknown[] = [];
      const promise = observed(create, seen);
      const response = await promise.asResponse();
      expect(response.bodyUsed).toBe(false);
      expect(seen).toEqual([]);
      expect(await response.json()).toEqual(completion());
      await expect(Promise.resolve(promise)).rejects.toThrow(/body/i);
    });
    expect(span).toMatchObject({ status: "ok", attributes: {} });
    expect(span?.attributes.answers).toBeUndefined();
  });

  test("gives the response beside the result, and lets others derive from it", async () => {
    server.reply(json(completion()));
    const spans = await recording.of(async () => {
      const { data, response, request_id } = await observed(create).withResponse();
      expect([data.id, response.status, request_id]).toEqual(["chatcmpl-1", 200, "req_1"]);
      const derived = observed(create) as Promised & { _thenUnwrap(f: (c: typeof data) => object): Promise<object> };
      expect(await derived._thenUnwrap(({ id }) => ({ only: id }))).toEqual({ only: "chatcmpl-1" });
    });
    expect(spans.map(({ attributes }) => attributes.answers)).toEqual([1, 1]);
  });

  test("fails with the library's own error, once, and leaves no unhandled rejection behind", async () => {
    server.reply(failing(429, "rate_limit_exceeded"));
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", listen);
    try {
      const [span] = await recording.of(async () => {
        const error = await observed(create).catch((reason) => reason);
        expect(error).toBeInstanceOf(OpenAI.RateLimitError);
        expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
        await turns();
      });
      expect(span).toMatchObject({ status: "error", error_type: "RateLimitError" });
      expect(span?.attributes["http.response.status_code"]).toBe(429);
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", listen);
    }
  });

  test("that others derived from fails once too, for the one who holds the derived one", async () => {
    server.reply(failing(400, "bad"));
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", listen);
    try {
      const spans = await recording.of(async () => {
        const derived = observed(create) as Promised & { _thenUnwrap(f: (data: unknown) => unknown): Promised };
        await expect(derived._thenUnwrap((data) => data)._thenUnwrap((data) => data)).rejects.toThrow("refused");
        await expect(observed(create).withResponse()).rejects.toThrow("refused");
        await turns();
      });
      expect(spans.map(({ error_type }) => error_type)).toEqual(["BadRequestError", "BadRequestError"]);
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", listen);
    }
  });

  test("that nobody handles stays one unhandled rejection, and its failure is recorded", async () => {
    server.reply(failing(500, "server_error"));
    const unhandled: unknown[] = [];
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", (reason) => void unhandled.push(reason));
    try {
      const [span] = await recording.of(async () => {
        observed(create);
        await expect.poll(() => unhandled.length).toBe(1);
        await turns();
      });
      expect(unhandled).toEqual([expect.any(OpenAI.InternalServerError)]);
      expect(span).toMatchObject({ status: "error", error_type: "InternalServerError" });
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const listener of others) process.on("unhandledRejection", listener);
    }
  });

  test("brings its result also where the reader of answers fails", async () => {
    server.reply(json(completion()));
    recording.told();
    const [span] = await recording.of(async () => {
      const broken = () => {
        throw new Error("the reader is broken");
      };
      const call = startCall({ name: "call", attributes: broken });
      const answer = await observeCall(call, create, { result: broken, chunk: broken, attributes: broken });
      expect(answer.id).toBe("chatcmpl-1");
    });
    expect(span).toMatchObject({ status: "ok" });
    expect(recording.told()).toHaveLength(3);
  });

  test("is not needed: what is thrown at once, and promises of others, are recorded too", async () => {
    const spans = await recording.of(async () => {
      const thrown = new TypeError("no body");
      const run = () => {
        throw thrown;
      };
      expect(() => observed(run)).toThrow(thrown);
      expect(await observed((async () => completion()) as unknown as () => Promised)).toEqual(completion());
      await expect(observed((async () => run()) as unknown as () => Promised)).rejects.toBe(thrown);
    });
    expect(spans.map(({ error_type }) => error_type)).toEqual(["TypeError", null, "TypeError"]);
  });
});

/** Long enough for Node to tell of what nobody handled. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done));
}
