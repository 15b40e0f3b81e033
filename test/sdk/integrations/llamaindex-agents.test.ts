import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { OpenAI } from "@llamaindex/openai";
import {
  agent,
  agentToolCallEvent,
  createStatefulMiddleware,
  createWorkflow,
  multiAgent,
  workflowEvent,
} from "@llamaindex/workflow";
import { tool } from "llamaindex";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { SpanDetail } from "../../../src/store/reader.js";
import {
  type Answer,
  chunk,
  completion,
  events,
  json,
  type OpenAIServer,
  spoken,
  startOpenAIServer,
} from "./openai-server.js";
import { built, type Recording, startRecording } from "./recorded.js";
import { spanTree } from "./span-tree.js";

const { instrumentLlamaIndex } = await built<typeof import("../../../src/sdk/integrations.js")>("sdk/integrations.js");
const sdk = await built<typeof import("../../../src/index.js")>("index.js");

let server: OpenAIServer;
let recording: Recording;
let undo: () => void;
let llm: OpenAI;

beforeAll(async () => {
  server = await startOpenAIServer();
  recording = startRecording();
  undo = instrumentLlamaIndex();
  llm = new OpenAI({ apiKey: "k", baseURL: server.url, model: "gpt-4.1-mini", maxRetries: 0 });
});
afterAll(async () => {
  undo();
  await recording.stop();
  await server.close();
  expect(recording.told()).toEqual([]);
});

const lastChunk = chunk([], { usage: completion().usage });

function says(...words: string[]): Answer {
  return events([...spoken(words), lastChunk]);
}

function calls(name: string, args: object, id = "call_1"): Answer {
  const call = { index: 0, id, type: "function", function: { name, arguments: JSON.stringify(args) } };
  return events([
    chunk([[{ role: "assistant", content: null, tool_calls: [call] }]]),
    chunk([[{}, "tool_calls"]]),
    lastChunk,
  ]);
}

const weather = tool({
  name: "weather",
  description: "tells the weather",
  parameters: z.object({ city: z.string() }),
  execute: ({ city }) =>
    sdk.startSpan("look up", () => {
      if (city === "nowhere") throw new RangeError("no such city");
      return `sunny in ${city}`;
    }),
});
const forecaster = () => agent({ name: "forecaster", description: "knows the weather", llm, tools: [weather] });

function named(spans: SpanDetail[], name: string): SpanDetail {
  return spans.find((span) => span.name === name) as SpanDetail;
}

describe("an agent", () => {
  test("is a span with its model calls, its tools and what these do", async () => {
    server.reply(calls("weather", { city: "Oslo" }), says("It is ", "sunny."));
    let result: unknown;
    const spans = await recording.of(async () => (result = (await forecaster().run("Weather in Oslo?")).data.result));
    expect(result).toBe("It is sunny.");
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "invoke_workflow AgentWorkflow
        invoke_agent forecaster
          chat gpt-4.1-mini
          execute_tool weather
            look up
          chat gpt-4.1-mini"
    `);
    expect(spans.filter((span) => span.kind === "llm").map((span) => [span.input_tokens, span.output_tokens])).toEqual([
      [100, 20],
      [100, 20],
    ]);
    expect(named(spans, "invoke_agent forecaster")).toMatchObject({
      kind: "agent",
      agent: "forecaster",
      request_model: "gpt-4.1-mini",
      output_messages: [{ role: "assistant", parts: [{ type: "text", content: "It is sunny." }] }],
    });
    expect(named(spans, "execute_tool weather")).toMatchObject({
      kind: "tool",
      tool: "weather",
      tool_call_id: "call_1",
      input_value: '{"city":"Oslo"}',
      output_value: "sunny in Oslo",
    });
    expect(named(spans, "invoke_workflow AgentWorkflow")).toMatchObject({
      kind: "workflow",
      input_messages: [{ role: "user", parts: [{ type: "text", content: "Weather in Oslo?" }] }],
      output_messages: [{ role: "assistant", parts: [{ type: "text", content: "It is sunny." }] }],
    });
  });

  test("goes on after a tool that failed, which says why", async () => {
    server.reply(calls("weather", { city: "nowhere" }), says("I do not know."));
    const spans = await recording.of(() => forecaster().run("Weather?"));
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "invoke_workflow AgentWorkflow
        invoke_agent forecaster
          chat gpt-4.1-mini
          execute_tool weather ERROR RangeError
            look up ERROR RangeError
          chat gpt-4.1-mini"
    `);
    expect(named(spans, "execute_tool weather").error_message).toBe("no such city");
  });

  test("hands off to another: each turn is a span of its own in the run", async () => {
    const expert = forecaster();
    const triage = agent({ name: "triage", llm, tools: [weather], canHandoffTo: [expert] });
    server.reply(
      calls("handOff", { toAgent: "forecaster", reason: "weather" }),
      calls("weather", { city: "Oslo" }, "call_2"),
      says("Sunny."),
    );
    const spans = await recording.of(() => multiAgent({ agents: [triage, expert], rootAgent: triage }).run("Weather?"));
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "invoke_workflow AgentWorkflow
        invoke_agent triage
          chat gpt-4.1-mini
          execute_tool handOff
        invoke_agent forecaster
          chat gpt-4.1-mini
          execute_tool weather
            look up
          chat gpt-4.1-mini"
    `);
    expect(named(spans, "execute_tool handOff").input_value).toBe('{"toAgent":"forecaster","reason":"weather"}');
    const [first, second] = ["invoke_agent triage", "invoke_agent forecaster"].map((name) => named(spans, name));
    expect(first?.end?.localeCompare(second?.start ?? "")).toBeLessThanOrEqual(0);
    for (const chat of spans.filter((span) => span.kind === "llm"))
      expect(chat.agent).toBe(spans.find((span) => span.span_id === chat.parent_span_id)?.agent);
  });

  test("that is another's tool is inside of that tool", async () => {
    const ask = tool({
      name: "ask",
      description: "asks the forecaster",
      parameters: z.object({ question: z.string() }),
      execute: async ({ question }) => (await forecaster().run(question)).data.result,
    });
    server.reply(
      calls("ask", { question: "Oslo?" }),
      calls("weather", { city: "Oslo" }),
      says("Sunny."),
      says("It is."),
    );
    const spans = await recording.of(() => agent({ name: "boss", llm, tools: [ask] }).run("Weather?"));
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "invoke_workflow AgentWorkflow
        invoke_agent boss
          chat gpt-4.1-mini
          execute_tool ask
            invoke_workflow AgentWorkflow
              invoke_agent forecaster
                chat gpt-4.1-mini
                execute_tool weather
                  look up
                chat gpt-4.1-mini
          chat gpt-4.1-mini"
    `);
  });

  test("gives structured output within its turn", async () => {
    const answered = [
      { id: "call_9", type: "function", function: { name: "format_output", arguments: '{"sky":"sunny"}' } },
    ];
    const message = { role: "assistant", content: null, tool_calls: answered };
    server.reply(says("Sunny."), json(completion({ choices: [{ index: 0, message, finish_reason: "tool_calls" }] })));
    let object: unknown;
    const spans = await recording.of(async () => {
      const { data } = await forecaster().run("Weather?", { responseFormat: z.object({ sky: z.string() }) });
      object = data.object;
    });
    expect(object).toEqual({ sky: "sunny" });
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "invoke_workflow AgentWorkflow
        invoke_agent forecaster
          chat gpt-4.1-mini
          chat gpt-4.1-mini
          execute_tool format_output"
    `);
  });

  test("is recorded to its end although the program stops reading its events, or never reads them", async () => {
    server.reply(calls("weather", { city: "Oslo" }), says("Sunny."));
    const left = watched();
    const spans = await recording.of(async () => {
      for await (const event of left.workflow.runStream("Weather?")) if (agentToolCallEvent.include(event)) break;
      await left.over;
    });
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "invoke_workflow AgentWorkflow
        invoke_agent forecaster
          chat gpt-4.1-mini
          execute_tool weather
            look up
          chat gpt-4.1-mini"
    `);

    server.reply(says("Sunny."));
    const ignored = watched();
    const unread = await recording.of(async () => {
      ignored.workflow.runStream("Weather?");
      await ignored.over;
    });
    expect(spanTree(unread)).toMatchInlineSnapshot(`
      "invoke_workflow AgentWorkflow
        invoke_agent forecaster
          chat gpt-4.1-mini"
    `);
  });

  test("runs beside others without getting mixed up", async () => {
    server.reply((response, received) => {
      const messages = received.body.messages as { role: string; content: string }[];
      const city = messages.find(({ role }) => role === "user")?.content ?? "";
      (messages.at(-1)?.role === "tool" ? says(`Sunny in ${city}.`) : calls("weather", { city }, `call_${city}`))(
        response,
        received,
      );
    });
    const cities = ["Oslo", "Rome", "Lima", "Cairo", "Tokyo"];
    const spans = await recording.of(() => Promise.all(cities.map((city) => forecaster().run(city))));
    const runs = spans.filter((span) => span.kind === "workflow");
    expect(runs).toHaveLength(cities.length);
    for (const run of runs) {
      const turn = spans.find((span) => span.parent_span_id === run.span_id);
      const steps = spans.filter((span) => span.parent_span_id === turn?.span_id);
      expect(steps.map((span) => span.kind)).toEqual(["llm", "tool", "llm"]);
      const city = (run.input_messages[0]?.parts[0] as { content: string } | undefined)?.content;
      expect(steps[1]).toMatchObject({ tool_call_id: `call_${city}`, output_value: `sunny in ${city}` });
    }
  });

  /** An agent, and when its run is over. */
  function watched() {
    const workflow = forecaster();
    const [inner] = workflow.getAgents();
    const over = new Promise<void>((resolve) => {
      const finalize = inner!.finalize.bind(inner);
      inner!.finalize = async (...args) => {
        setImmediate(resolve);
        return finalize(...args);
      };
    });
    return { workflow, over };
  }
});

describe("a workflow", () => {
  const start = workflowEvent<string>({ debugLabel: "start" });
  const middle = workflowEvent<string>();
  const stop = workflowEvent<string>({ debugLabel: "stop" });

  test("is a span with its steps, and what these do, inside", async () => {
    const workflow = createWorkflow();
    workflow.handle([start], async function think(_context, event) {
      const { text } = await llm.complete({ prompt: event.data });
      return middle.with(text);
    });
    workflow.handle([middle], (_context, event) => stop.with(event.data.toUpperCase()));
    server.reply(json(completion()));
    let result: string | undefined;
    const spans = await recording.of(async () => {
      const { sendEvent, stream } = workflow.createContext();
      sendEvent(start.with("Hello"));
      result = (await stream.until(stop).toArray()).at(-1)?.data as string;
    });
    expect(result).toBe("IT IS SUNNY.");
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "invoke_workflow start
        step think
          chat gpt-4.1-mini
        step handler"
    `);
    expect(named(spans, "invoke_workflow start").kind).toBe("workflow");
    expect(named(spans, "step think")).toMatchObject({
      attributes: { "input.value": "Hello", "output.value": "It is sunny." },
    });
  });

  test("that waits for somebody is a run for each time that it is at work", async () => {
    const workflow = createWorkflow();
    workflow.handle([start], () => {});
    workflow.handle([middle], () => stop.with("done"));
    const spans = await recording.of(async () => {
      const { sendEvent, stream } = workflow.createContext();
      sendEvent(start.with(""));
      await new Promise(setImmediate);
      sendEvent(middle.with(""));
      await stream.until(stop).toArray();
    });
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "invoke_workflow start
        step start
      invoke_workflow
        step handler"
    `);
  });

  test("with a step that throws has failed", async () => {
    const workflow = createWorkflow();
    workflow.handle([start], () => {
      throw new RangeError("out of range");
    });
    const spans = await recording.of(() => workflow.createContext().sendEvent(start.with("")));
    expect(spanTree(spans)).toMatchInlineSnapshot(`
      "invoke_workflow start ERROR RangeError
        step start ERROR RangeError"
    `);
  });

  test("leaves middleware, state and parallel steps as they are", async () => {
    const file = createRequire(createRequire(import.meta.url).resolve("@llamaindex/workflow"))
      .resolve("@llamaindex/workflow-core/middleware/trace-events")
      .replace(/\.cjs$/, ".js");
    const { createHandlerDecorator, withTraceEvents } = await import(pathToFileURL(file).href);
    const once = createHandlerDecorator({
      getInitialValue: () => false,
      onBeforeHandler: (handler: () => unknown, _: unknown, done: boolean) => (done ? () => {} : handler),
      onAfterHandler: () => true,
    });
    let ran = 0;
    const { withState } = createStatefulMiddleware((state: { count: number }) => state);
    const workflow = withState(withTraceEvents(createWorkflow()));
    workflow.handle([start], ({ sendEvent }) => {
      sendEvent(middle.with("a"), middle.with("b"), middle.with("c"));
    });
    workflow.handle(
      [middle],
      once(() => ran++),
    );
    workflow.handle([middle], async (context) => {
      if (++context.state.count === 3) return stop.with("done");
      return undefined;
    });
    const state = { count: 0 };
    const spans = await recording.of(async () => {
      const { sendEvent, stream } = workflow.createContext(state);
      sendEvent(start.with(""));
      await stream.until(stop).toArray();
    });
    expect(ran).toBe(1);
    expect(state.count).toBe(3);
    expect(spans.filter((span) => span.kind === "workflow")).toHaveLength(1);
    expect(spans).toHaveLength(8);
  });

  test("given alone is recorded alone", async () => {
    undo();
    const [chosen, other] = [createWorkflow(), createWorkflow()];
    for (const workflow of [chosen, other]) workflow.handle([start], async () => stop.with("done"));
    const undoOne = instrumentLlamaIndex(chosen);
    const run = async () => {
      for (const workflow of [chosen, other]) {
        const { sendEvent, stream } = workflow.createContext();
        sendEvent(start.with(""));
        await stream.until(stop).toArray();
      }
    };
    expect(spanTree(await recording.of(run))).toBe("invoke_workflow start\n  step start");
    undoOne();
    expect(await recording.of(run)).toEqual([]);
    undo = instrumentLlamaIndex();
  });
});
