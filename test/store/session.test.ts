/** A session reads as the conversation that it was: every message once, in order, however often it was resent. */
import { describe, expect, test } from "vitest";
import { openIngest } from "../../src/ingest/ingest.js";
import type { OtlpSpan } from "../../src/model/otlp.js";
import { messageText } from "../../src/model/read-message.js";
import type { TimelineEntry } from "../../src/store/reader.js";
import { availableEngines } from "./available-engines.js";
import { type Attributes, chat, message, morning, requestOf, span, type TextMessage } from "./otlp.js";
import { settleAll, type Target, withIngest, withReader } from "./store.js";
import { newStorePath } from "./temporary-folder.js";

const session = { "session.id": "visit-1" };

function shown(entry: TimelineEntry): string {
  if (entry.type === "message") return `${entry.message.role}: ${messageText(entry.message)}`;
  if (entry.type === "tool") return `tool ${entry.tool}: ${entry.output}`;
  return `error: ${entry.error_message}`;
}

async function timelineOf(target: Target): Promise<string[]> {
  return withReader(target, async (reader) =>
    (await reader.getSession({ session_id: "visit-1", limit: 500 })).timeline.map(shown),
  );
}

type Said = [role: string, text: string];

/** A call that sends the whole conversation so far, and what the model answers. */
function call(
  n: number,
  history: Said[],
  reply: string,
  more: { trace?: number; parent?: number; attributes?: Attributes } = {},
): OtlpSpan {
  const messages: TextMessage[] = history.map(([role, text]) => message(role, text));
  return span({
    trace: more.trace ?? 1,
    id: n,
    start: morning + n * 1000,
    ms: 500,
    ...(more.parent === undefined ? {} : { parent: more.parent }),
    attributes: chat({ messages, reply, more: { ...session, ...more.attributes } }),
  });
}

const dialogue: Said[] = [
  ["system", "You sell tickets."],
  ["user", "A ticket to Rome?"],
  ["assistant", "Window seat?"],
  ["user", "yes"],
  ["assistant", "With breakfast?"],
  ["user", "yes"],
  ["assistant", "Done."],
  ["user", "Thanks"],
  ["assistant", "Done."],
];
const asShown = dialogue.map(([role, text]) => `${role}: ${text}`);
/** The calls behind the dialogue: each has everything before its answer as input. */
const calls = (traceOf: (turn: number) => number) =>
  [2, 4, 6, 8].map((at, turn) =>
    call(turn + 1, dialogue.slice(0, at), dialogue[at]?.[1] ?? "", { trace: traceOf(turn) }),
  );

describe.each(availableEngines)("on %s", (engine) => {
  const target = (): Target => ({ path: newStorePath(), engine });

  test.each([
    ["in one trace", () => 1],
    ["in a trace each", (turn: number) => turn + 1],
    ["in two traces", (turn: number) => 1 + Math.floor(turn / 2)],
  ])(
    "a conversation that is resent with every call, %s, is told once, and a second “yes” is a second one",
    async (_, traceOf) => {
      const store = target();
      await withIngest(store, (ingest) => calls(traceOf).map((one) => ingest.traces(requestOf([one]))));
      expect(await timelineOf(store)).toEqual(asShown);
    },
  );

  test("it makes no difference in which order the calls arrive, in how many programs, or whether they have settled", async () => {
    const store = target();
    const spans = calls(() => 1);
    for (const one of [spans[2], spans[0], spans[3], spans[1]] as OtlpSpan[]) {
      await withIngest(store, (ingest) => {
        ingest.traces(requestOf([one]));
        settleAll(ingest);
      });
    }
    expect(await timelineOf(store)).toEqual(asShown);
  });

  test("a question that is asked anew in a trace of its own is told again", async () => {
    const store = target();
    const ask: Said[] = [
      ["system", "You know the weather."],
      ["user", "Will it rain?"],
    ];
    await withIngest(store, (ingest) => {
      ingest.traces(requestOf([call(1, ask, "No.", { trace: 1 })]));
      ingest.traces(requestOf([call(2, ask, "Yes, now it will.", { trace: 2 })]));
    });
    expect(await timelineOf(store)).toEqual([
      "system: You know the weather.",
      "user: Will it rain?",
      "assistant: No.",
      "user: Will it rain?",
      "assistant: Yes, now it will.",
    ]);
  });

  test("a call that failed and was tried again tells its question once, and the error", async () => {
    const store = target();
    const ask: Said[] = [["user", "Will it rain?"]];
    const { "gen_ai.output.messages": _, ...attributes } = chat({
      messages: ask.map(([role, text]) => message(role, text)),
      reply: "",
      more: session,
    });
    await withIngest(store, (ingest) => {
      ingest.traces(
        requestOf([span({ trace: 1, id: 1, start: morning, attributes, error: "429 slow down" }), call(2, ask, "No.")]),
      );
    });
    expect(await timelineOf(store)).toEqual(["user: Will it rain?", "error: 429 slow down", "assistant: No."]);
  });

  test("instructions that travel apart from the messages come first, once", async () => {
    const store = target();
    const attributes = { "gen_ai.system_instructions": JSON.stringify([{ type: "text", content: "Be kind." }]) };
    await withIngest(store, (ingest) => {
      ingest.traces(requestOf([call(1, [["user", "Hi"]], "Hello", { attributes })]));
      ingest.traces(
        requestOf([
          call(
            2,
            [
              ["user", "Hi"],
              ["assistant", "Hello"],
              ["user", "Bye"],
            ],
            "Goodbye",
            { attributes },
          ),
        ]),
      );
    });
    expect(await timelineOf(store)).toEqual([
      "system: Be kind.",
      "user: Hi",
      "assistant: Hello",
      "user: Bye",
      "assistant: Goodbye",
    ]);
  });

  test("a tool's work is told by the messages that carry it; by its span where none does", async () => {
    const store = target();
    const toolCall = { type: "tool_call", id: "c1", name: "search", arguments: { q: "Rome" } };
    const response = { type: "tool_call_response", id: "c1", response: "3 trains" };
    const first = {
      ...chat({ more: session }),
      "gen_ai.input.messages": JSON.stringify([message("user", "Trains?")]),
      "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts: [toolCall] }]),
    };
    const second = {
      ...chat({ reply: "Three.", more: session }),
      "gen_ai.input.messages": JSON.stringify([
        message("user", "Trains?"),
        { role: "assistant", parts: [toolCall] },
        { role: "tool", parts: [response] },
      ]),
    };
    const tool = (name: string, id: string, result: string) => ({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": name,
      "gen_ai.tool.call.id": id,
      "gen_ai.tool.call.result": result,
    });
    await withIngest(store, (ingest) =>
      ingest.traces(
        requestOf([
          span({
            trace: 1,
            id: 1,
            start: morning,
            ms: 5000,
            attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "seller", ...session },
          }),
          span({ trace: 1, id: 2, parent: 1, start: morning + 10, attributes: first }),
          span({ trace: 1, id: 3, parent: 1, start: morning + 100, attributes: tool("search", "c1", "3 trains") }),
          span({ trace: 1, id: 4, parent: 1, start: morning + 150, attributes: tool("log", "c9", "written") }),
          span({ trace: 1, id: 5, parent: 1, start: morning + 200, attributes: second }),
        ]),
      ),
    );
    expect(await timelineOf(store)).toEqual([
      "user: Trains?",
      'assistant: search({"q":"Rome"})',
      "tool log: written",
      "tool: 3 trains",
      "assistant: Three.",
    ]);
  });

  test("two agents that talk in turn are both told, with their names", async () => {
    const store = target();
    const agent = (n: number, name: string) =>
      span({
        trace: 1,
        id: n,
        parent: 1,
        start: morning,
        attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name },
      });
    const one: Said[] = [
      ["system", "You are one."],
      ["user", "Go"],
    ];
    const two: Said[] = [
      ["system", "You are two."],
      ["user", "Go"],
    ];
    const spans = [
      span({ trace: 1, id: 1, start: morning, ms: 9000, attributes: session }),
      agent(2, "one"),
      agent(3, "two"),
      call(4, one, "first", { parent: 2 }),
      call(5, two, "second", { parent: 3 }),
      call(6, [...one, ["assistant", "first"], ["user", "on"]], "third", { parent: 2 }),
      call(7, [...two, ["assistant", "second"], ["user", "on"]], "fourth", { parent: 3 }),
    ];
    await withIngest(store, (ingest) => spans.map((each) => ingest.traces(requestOf([each]))));
    await withReader(store, async (reader) => {
      const { timeline } = await reader.getSession({ session_id: "visit-1", limit: 50 });
      expect(timeline.map((entry) => `${entry.agent} ${shown(entry)}`)).toEqual([
        "one system: You are one.",
        "one user: Go",
        "one assistant: first",
        "two system: You are two.",
        "two assistant: second",
        "one user: on",
        "one assistant: third",
        "two user: on",
        "two assistant: fourth",
      ]);
    });
  });

  test("of nested failures the innermost is told", async () => {
    const store = target();
    const spans = [
      span({ trace: 1, id: 1, attributes: session, error: "run failed", ms: 100 }),
      span({ trace: 1, id: 2, parent: 1, error: "step failed", ms: 90 }),
      span({ trace: 1, id: 3, parent: 2, error: "disk on fire", ms: 80 }),
    ];
    await withIngest(store, (ingest) => ingest.traces(requestOf(spans)));
    expect(await timelineOf(store)).toEqual(["error: disk on fire"]);
  });

  test("the same conversation in the attributes of another dialect is told the same way", async () => {
    const store = target();
    const flat = (history: Said[], kind: "input" | "output") =>
      Object.fromEntries(
        history.flatMap(([role, content], n) => [
          [`llm.${kind}_messages.${n}.message.role`, role],
          [`llm.${kind}_messages.${n}.message.content`, content],
        ]),
      );
    const spans = [2, 4, 6, 8].map((at, n) =>
      span({
        trace: 1,
        id: n + 1,
        start: morning + n * 1000,
        attributes: {
          "openinference.span.kind": "LLM",
          ...session,
          ...flat(dialogue.slice(0, at), "input"),
          ...flat(dialogue.slice(at, at + 1), "output"),
        },
      }),
    );
    await withIngest(store, (ingest) => spans.map((one) => ingest.traces(requestOf([one]))));
    expect(await timelineOf(store)).toEqual(asShown);
  });

  test("a long conversation of many traces comes in pages, each entry once, and its figures cover all", async () => {
    const store = target();
    const history: Said[] = [];
    const ingest = await openIngest(store);
    for (let n = 1; n <= 60; n++) {
      history.push(["user", `question ${n % 7}`]);
      ingest.traces(requestOf([call(n, history, `answer ${n}`, { trace: 1 + Math.floor(n / 20) })]));
      history.push(["assistant", `answer ${n}`]);
    }
    ingest.close();
    await withReader(store, async (reader) => {
      const all: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await reader.getSession({ session_id: "visit-1", limit: 17, ...(cursor ? { cursor } : {}) });
        all.push(...page.timeline.map(shown));
        cursor = page.coverage.next_cursor ?? undefined;
        expect(page.session).toMatchObject({ trace_count: 4, llm_calls: 60 });
        expect(page.traces).toHaveLength(4);
      } while (cursor);
      expect(all).toEqual(history.map(([role, text]) => `${role}: ${text}`));
    });
  });
});
