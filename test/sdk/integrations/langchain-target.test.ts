import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as managers from "@langchain/core/callbacks/manager";
import { getContextVariable, setContextVariable } from "@langchain/core/context";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { BaseRetriever } from "@langchain/core/retrievers";
import { RunnableLambda } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { context, type Span, trace } from "@opentelemetry/api";
import { createAgent } from "langchain";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { run, spansIn, workspace } from "../program.js";
import { built, type Recording, startRecording } from "./recorded.js";

const { instrumentLangChain } = await built<typeof import("../../../src/sdk/integrations.js")>("sdk/integrations.js");
const { openRun } = await built<typeof import("../../../src/sdk/integrations/langchain-runs.js")>(
  "sdk/integrations/langchain-runs.js",
);

let recording: Recording;
const undos: (() => void)[] = [];
beforeAll(() => {
  recording = startRecording();
});
afterEach(() => {
  for (const undo of undos.splice(0)) undo();
  vi.restoreAllMocks();
  recording.told();
});
afterAll(() => recording.stop());

function instrument(target?: unknown): () => void {
  const undo = instrumentLangChain(target);
  undos.push(undo);
  return undo;
}
const model = (...responses: string[]) => new FakeListChatModel({ responses });
const hello = { messages: [{ role: "user", content: "Hello" }] };
const names = async (work: () => unknown) => (await recording.of(work)).map((span) => span.name);

describe("What is recorded", () => {
  test.each([
    ["nothing", () => undefined],
    ["the module", () => managers],
    ["the class", () => managers.CallbackManager],
  ])("is everything, where the target is %s, until it is undone; twice records once", async (_, target) => {
    const plain = Object.getOwnPropertyDescriptor(managers.CallbackManager, "_configureSync");
    instrument(target());
    const undo = instrument(target());
    const work = () =>
      RunnableLambda.from(() => model("x").invoke("?"))
        .withConfig({ runName: "outer" })
        .invoke("?");
    expect(await names(work)).toEqual(["invoke_workflow outer", "chat FakeListChatModel"]);
    undo();
    expect(await names(work)).toEqual([]);
    expect(Object.getOwnPropertyDescriptor(managers.CallbackManager, "_configureSync")).toEqual(plain);
    expect(recording.told()).toEqual([]);
  });

  test("is one model alone, by whatever way it is called", async () => {
    const chosen = model("a", "b", "c", "d");
    const undo = instrument(chosen);
    const work = async () => {
      await chosen.invoke("1");
      for await (const _ of await chosen.stream("2"));
      await ChatPromptTemplate.fromTemplate("3").pipe(chosen).invoke({});
      await chosen.generate([["4" as never]]);
      await model("other").invoke("?");
    };
    expect(await names(work)).toEqual(Array(4).fill("chat FakeListChatModel"));
    undo();
    expect(await names(work)).toEqual([]);
    expect(Object.keys(chosen)).not.toContain("invoke");
  });

  test("is one agent alone, with what runs in it", async () => {
    const agent = createAgent({ name: "chosen", model: model("x"), tools: [] });
    instrument(agent);
    const work = async () => {
      await agent.invoke(hello);
      await createAgent({ name: "other", model: model("y"), tools: [] }).invoke(hello);
    };
    expect(await names(work)).toEqual(["invoke_agent chosen", "chat FakeListChatModel"]);
  });

  test.each([42, "langchain", {}, () => {}])("is nothing, and said so, where the target is %s", async (target) => {
    expect(instrument(target)).toBeTypeOf("function");
    expect(recording.told()).toEqual([expect.stringContaining("instrumentLangChain takes nothing, the module")]);
    expect(await names(() => model("x").invoke("?"))).toEqual([]);
  });
});

describe("A program's own", () => {
  test("callbacks, lists and managers stay as they are", async () => {
    instrument();
    const seen: string[] = [];
    const own = { handleChatModelStart: () => void seen.push("start"), handleLLMEnd: () => void seen.push("end") };
    const list = [own];
    const manager = new managers.CallbackManager();
    manager.addHandler(managers.ensureHandler(own));
    const spans = await names(async () => {
      await model("x").invoke("?", { callbacks: list });
      await model("x").invoke("?", { callbacks: manager });
    });
    expect(spans).toHaveLength(2);
    await expect.poll(() => seen).toEqual(["start", "end", "start", "end"]);
    expect(list).toEqual([own]);
    expect(manager.handlers).toHaveLength(1);
  });

  test("context variables of LangChain reach what they reached before", async () => {
    const work = () =>
      RunnableLambda.from(async () => {
        setContextVariable("town", "Oslo");
        return RunnableLambda.from(() => getContextVariable("town") as string).invoke("?");
      }).invoke("?");
    const alone = await work();
    instrument();
    await names(async () => expect(await work()).toBe(alone));
    expect(alone).toBe("Oslo");
  });
});

describe("What goes wrong in recording", () => {
  test("is never noticed, nor printed", async () => {
    instrument();
    const printed = [vi.spyOn(console, "error"), vi.spyOn(console, "warn"), vi.spyOn(console, "log")];
    const spans = await names(async () => {
      const broken = vi.spyOn(context, "active").mockImplementation(() => {
        throw new Error("broken");
      });
      const answer = await RunnableLambda.from(() => model("fine").invoke("?")).invoke("?");
      expect(answer.content).toBe("fine");
      const failing = RunnableLambda.from(() => Promise.reject(new RangeError("own")));
      await expect(failing.invoke("?")).rejects.toThrow(RangeError);
      expect(broken).toHaveBeenCalled();
      broken.mockRestore();
    });
    expect(spans).toEqual([]);
    for (const print of printed) expect(print).not.toHaveBeenCalled();
    expect(recording.told().join()).toContain("was not recorded: Error: broken");
  });

  test("leaves out what JSON cannot say, and keeps the rest", async () => {
    instrument();
    class Shelf extends BaseRetriever {
      lc_namespace = ["shelf"];
      override async _getRelevantDocuments() {
        const metadata: Record<string, unknown> = {};
        metadata.self = metadata;
        return [{ pageContent: "A page", metadata }];
      }
    }
    const [span] = await recording.of(() => new Shelf().invoke("what?"));
    expect(span).toMatchObject({ kind: "retriever", status: "ok" });
    expect(span?.attributes).toHaveProperty(["gen_ai.retrieval.query.text"], "what?");
  });
});

describe("A run that nobody tells the end of", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;

  test("ends when nobody can go on with it", async () => {
    instrument();
    const spans = await recording.of(async () => {
      let span: Span | undefined;
      await (async () => {
        const first = RunnableLambda.from(() => {
          span = trace.getActiveSpan();
          return "Hello";
        });
        for await (const _ of await first.pipe(model("abc")).stream("?")) break;
      })();
      expect(span?.isRecording()).toBe(true);
      await expect
        .poll(() => {
          collect();
          return span?.isRecording();
        })
        .toBe(false);
    });
    expect(spans.map(({ name, status }) => [name, status])).toEqual([
      ["invoke_workflow RunnableSequence", "ok"],
      ["chat FakeListChatModel", "ok"],
    ]);
  });

  test("ends with the program at the latest", async () => {
    const space = workspace();
    const { code, stdout, stderr } = await run("langchain-left.mjs", { db: space.db });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    const spans = await spansIn(space.db);
    expect(spans.map(({ name, status }) => [name, status]).sort()).toEqual([
      ["chat FakeListChatModel", "ok"],
      ["invoke_workflow RunnableSequence", "ok"],
    ]);
    space.remove();
  });
});

test("A run is forgotten when it has ended", async () => {
  instrument();
  const ids: string[] = [];
  let wasOpen = false;
  const note = (...args: unknown[]) => {
    ids.push(args[2] as string);
    wasOpen ||= openRun(args[3]) !== undefined;
  };
  const own = managers.ensureHandler({ handleChainStart: note, handleChatModelStart: note });
  own.awaitHandlers = true;
  await createAgent({ name: "a", model: model("x"), tools: [] }).invoke(hello, { callbacks: [own] });
  expect([ids.length > 3, wasOpen]).toEqual([true, true]);
  expect(ids.filter((id) => openRun(id))).toEqual([]);
});
