/** How much recorded text answers show, whoever asks and however. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limitContent } from "../../src/mcp/limited-reader.js";
import { openLiveFeed } from "../../src/store/live-feed.js";
import { openReader } from "../../src/store/open.js";
import type { TraceReader } from "../../src/store/reader.js";
import { chat, message, requestOf, span, spanId, traceId } from "../store/otlp.js";
import { connect } from "./client.js";
import { type LiveStore, liveStore } from "./live.js";

const long = `SECRET ${"and more of it ".repeat(40)}THE END`;
/** as the tree's, the list's and the texts' readers would ask */
const questions: [tool: string, args: Record<string, unknown>][] = [
  ["list_traces", {}],
  ["get_trace", { trace_id: traceId(1) }],
  ["get_span", { span_id: spanId(1) }],
  ["get_span", { span_id: spanId(2) }],
  ["get_span", { span_id: spanId(1), field: "gen_ai.input.messages" }],
  ["get_span", { span_id: spanId(1), field: "output_messages" }],
  ["search_spans", { query: "SECRET" }],
  ["search_spans", { query: "THE END" }],
  ["get_session", { session_id: "s-1" }],
  ["list_sessions", {}],
  ["get_usage", {}],
  ["tail_spans", { cursor: "t0", wait_ms: 0 }],
];
const resources = ["agensight://live", `agensight://traces/${traceId(1)}`, "agensight://sessions/s-1"];

let store: LiveStore;
let reader: TraceReader;
beforeEach(async () => {
  store = await liveStore();
  store.ingest.traces(
    requestOf([
      span({
        trace: 1,
        id: 1,
        attributes: chat({ messages: [message("user", long)], reply: long, session: "s-1", more: { "my.note": long } }),
      }),
      span({
        trace: 1,
        id: 2,
        parent: 1,
        error: long,
        attributes: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": "look_up",
          "gen_ai.tool.call.arguments": `{"query":"${long}"}`,
          "gen_ai.tool.call.result": long,
          "session.id": "s-1",
        },
      }),
    ]),
  );
  while (store.ingest.maintain({ all: true }));
  reader = await openReader(store.path);
});
afterEach(async () => {
  reader.close();
  await store.close();
});

async function everyAnswer(content: "none" | "preview" | "full"): Promise<Map<string, string>> {
  const shown = limitContent(async () => reader, content);
  const live = openLiveFeed(store.path, shown);
  const mcp = await connect({ storePath: store.path, reader: shown, live });
  const answers = new Map<string, string>();
  for (const [tool, args] of questions) {
    for (const format of ["text", "json"]) {
      const { text, isError } = await mcp.call(tool, { ...args, format, max_tokens: 20_000 });
      expect([tool, isError, text.slice(0, 300)]).toEqual([tool, false, text.slice(0, 300)]);
      // what the caller asked for is his own word
      answers.set(`${tool} ${JSON.stringify(args)} ${format}`, text.replaceAll(/"query":"(SECRET|THE END)"/g, ""));
    }
  }
  for (const uri of resources) {
    const [found] = (await mcp.client.readResource({ uri })).contents;
    answers.set(uri, String(found && "text" in found ? found.text : ""));
  }
  await mcp.close();
  live.close();
  return answers;
}

describe("recorded text", () => {
  it("is shown whole by default", async () => {
    const answers = await everyAnswer("full");
    expect([...answers.values()].filter((text) => text.includes("THE END")).length).toBeGreaterThan(8);
  });

  it("is shown in its first words only where content is preview", async () => {
    const answers = await everyAnswer("preview");
    for (const [question, text] of answers) expect([question, text.includes("THE END")]).toEqual([question, false]);
    expect([...answers.values()].filter((text) => text.includes("SECRET and more")).length).toBeGreaterThan(8);
  });

  it("is not shown at all where content is none; names, sizes and numbers are", async () => {
    const answers = await everyAnswer("none");
    for (const [question, text] of answers) {
      const at = text.indexOf("SECRET");
      expect([question, at < 0 ? "" : text.slice(at - 80, at + 40)]).toEqual([question, ""]);
    }
    expect(answers.get(`get_span {"span_id":"${spanId(1)}"} text`)).toContain(`[${long.length} characters, not shown]`);
    expect(answers.get(`get_trace {"trace_id":"${traceId(1)}"} text`)).toContain("look_up");
  });
});
