// What comes out of the functions in spans, recorded or not (`recorded`, `unrecorded`).
import { sdk } from "./agensight.mjs";

const { setupTracing, startSpan } = sdk;
if (process.argv[2] === "recorded") setupTracing("results");

const thrown = async (fn) => {
  try {
    await fn();
    return "nothing";
  } catch (error) {
    return error;
  }
};

class Refused extends Error {}
const own = new Refused("no such city");
const odd = { reason: "odd" };
const lazy = {
  runs: 0,
  // biome-ignore lint/suspicious/noThenProperty: query builders are such objects
  then(resolve) {
    this.runs++;
    resolve("rows");
  },
};
const seen = [];
const stream = startSpan("stream", function* (span) {
  for (const chunk of ["a", "b"]) {
    startSpan(`chunk ${chunk}`, () => {});
    const reply = yield chunk;
    seen.push(reply);
  }
  span.setAttribute("chunks", 2);
  return "end";
});
const steps = [stream.next(), stream.next("one"), stream.next("two")];
const asyncChunks = [];
const asyncStream = startSpan("async stream", async function* () {
  yield 1;
  await null;
  yield 2;
});
for await (const chunk of asyncStream) asyncChunks.push(chunk);
const leftEarly = startSpan("left early", function* () {
  yield 1;
  yield 2;
});
for (const _ of leftEarly) break;
const broken = startSpan("broken stream", async function* () {
  yield 1;
  throw own;
});
const afterOne = await broken.next();

process.send({
  sync: startSpan("sync", () => 7),
  async: await startSpan("async", async () => 8),
  isPromise: startSpan("promise", () => Promise.resolve(1)) instanceof Promise,
  undefinedAttributes: startSpan("no attributes", undefined, () => 9),
  sameSync:
    (await thrown(() =>
      startSpan("throws", () => {
        throw own;
      }),
    )) === own,
  sameAsync:
    (await thrown(() =>
      startSpan("rejects", async () => {
        throw own;
      }),
    )) === own,
  sameOdd:
    (await thrown(() =>
      startSpan("throws an object", () => {
        throw odd;
      }),
    )) === odd,
  sameNothing:
    (await thrown(() =>
      startSpan("throws undefined", () => {
        throw undefined;
      }),
    )) === undefined,
  lazy: await startSpan("query", () => lazy),
  lazyRuns: lazy.runs,
  steps,
  seen,
  asyncChunks,
  brokenFirst: afterOne.value,
  brokenSame: (await thrown(() => broken.next())) === own,
  code: (
    await thrown(() =>
      startSpan("system error", async () => {
        await import("node:fs/promises").then((fs) => fs.readFile("/no/such/file"));
      }),
    )
  ).code,
  attributes: startSpan(
    "attributes",
    { list: ["a", "b"], mixed: [1, "a"], object: { a: 1 }, big: 5n, nothing: null },
    () => 1,
  ),
  cyclic: startSpan(
    "cyclic",
    {
      self: (() => {
        const o = {};
        o.o = o;
        return o;
      })(),
    },
    () => 2,
  ),
});
