/** Secrets that lie in a store from earlier times are not handed out, whoever asks and however. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openIngest } from "../../src/ingest/ingest.js";
import { limitContent } from "../../src/mcp/limited-reader.js";
import { createRedactor } from "../../src/redaction/redactor.js";
import { defaultRedaction } from "../../src/redaction/settings.js";
import { watchStore } from "../../src/store/current-store.js";
import { openLiveFeed } from "../../src/store/live-feed.js";
import { openReader } from "../../src/store/open.js";
import { attributesOf, chat, message, morning, requestOf, span, spanId, traceId } from "../store/otlp.js";
import { newStorePath } from "../store/temporary-folder.js";
import { type Connected, connect } from "./client.js";

/** Made up here, in the form of a vendor's keys. */
const key = `sk-proj-${"aB3dE5gH7jK9mN1p".repeat(3)}`;
const address = "https://alice:hunter2secret@example.com/db";
/** cut after 160 characters in the middle of the key */
const cutInside = `${"tell me more about it, ".repeat(6)}${key} and the rest`;
const large = Array.from({ length: 400 }, (_, i) => `line ${i} has ${key} and ${address} in it`).join("\n");

let mcp: Connected;
let close: () => Promise<void>;
beforeEach(async () => {
  const path = newStorePath();
  const ingest = await openIngest({ path, redaction: null });
  const request = requestOf([
    span({
      trace: 1,
      id: 1,
      name: `call with ${key}`,
      error: `refused ${key}`,
      attributes: chat({
        messages: [message("user", `please use ${key}`)],
        reply: cutInside,
        session: `session of ${address}`,
        model: `gpt-4o ${key}`,
        more: { "my.large": large, [`note ${key}`]: "in the name", "gen_ai.agent.name": `agent ${key}` },
      }),
    }),
    span({ trace: 1, id: 2, parent: 1, attributes: chat({ reply: cutInside }) }),
    span({
      trace: 1,
      id: 3,
      parent: 1,
      attributes: {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "look_up",
        "gen_ai.tool.call.arguments": JSON.stringify({ nested: { header: `Bearer ${key}` } }),
        "gen_ai.tool.call.result": address,
      },
    }),
    span({
      trace: 1,
      id: 6,
      parent: 1,
      error: `${"no luck ".repeat(22)}${address}`,
      attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "connect" },
    }),
    // a run to compare with
    span({
      trace: 2,
      id: 4,
      name: `call with ${key}`,
      start: morning + 3_600_000,
      attributes: chat({
        messages: [message("system", `use ${address} and ${key}`), message("user", "please")],
        reply: "no",
        session: "another",
      }),
    }),
    span({
      trace: 2,
      id: 5,
      parent: 4,
      start: morning + 3_600_000,
      attributes: {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "look_up",
        "gen_ai.tool.call.arguments": JSON.stringify({ nested: { header: `Basic ${key}` } }),
        "gen_ai.tool.call.result": `${address}/two`,
      },
    }),
  ]);
  request.resourceSpans?.[0]?.resource?.attributes?.push(...attributesOf({ "db.address": address }));
  ingest.traces(request);
  while (ingest.maintain({ all: true }));
  ingest.close();
  const redactor = createRedactor(defaultRedaction, () => "0123456789");
  const store = watchStore(path, { redact: (text) => redactor.text(text) }, () => {});
  const reader = limitContent(store.reader, "full", redactor);
  const live = openLiveFeed(path, reader);
  mcp = await connect({ storePath: path, reader, live });
  close = async () => {
    await mcp.close();
    live.close();
    store.close();
  };
});
afterEach(() => close());

const traces = { trace_id: traceId(1) };
const questions: [tool: string, args: Record<string, unknown>][] = [
  ["list_traces", {}],
  ["get_trace", traces],
  ["get_span", { span_id: spanId(1) }],
  ["get_span", { span_id: spanId(2), field: "output_messages" }],
  ["get_span", { span_id: spanId(3) }],
  ["search_spans", { query: "please" }],
  ["search_spans", { query: "rest" }],
  ["search_spans", { query: "tell" }],
  ["get_agent_graph", {}],
  ["get_agent_graph", { format: "mermaid" }],
  ["list_sessions", {}],
  ["get_session", { session_id: `session of ${address}` }],
  ["get_usage", { group_by: ["model", "agent"] }],
  ["find_errors", {}],
  ["compare_traces", { a: traceId(1), b: traceId(2) }],
  ["compare_traces", { group_a: { until: "2026-11-10T08:30Z" }, group_b: { since: "2026-11-10T08:30Z" } }],
  ["diagnose_trace", traces],
  ["tail_spans", { cursor: "t0", wait_ms: 0 }],
  [
    "check_trace",
    {
      rules: [
        { rule: "no_errors" },
        { rule: "calls", tool: "*", max: 0, same_arguments: true },
        { rule: "schema", of: "result", tool: "*", schema: { const: 1 } },
      ],
    },
  ],
];

describe("a secret of earlier times", () => {
  it("is in no answer of any tool or resource", async () => {
    const answers: string[] = [];
    for (const [tool, args] of questions) {
      for (const format of ["text", "json"]) {
        const { text, isError } = await mcp.call(tool, { format, ...args, max_tokens: 20_000 });
        expect([tool, isError]).toEqual([tool, false]);
        // what was asked with comes back in the call for the next page
        answers.push(text.replaceAll(String(args.session_id), "").replaceAll(JSON.stringify(args.session_id), ""));
      }
    }
    for (const uri of ["agensight://live", `agensight://traces/${traceId(1)}`])
      answers.push(JSON.stringify((await mcp.client.readResource({ uri })).contents));
    for (const text of answers) {
      expect(text).not.toContain("hunter2");
      // no part of the key either, where an excerpt was cut
      expect(text).not.toContain("aB3dE5");
      expect(text).not.toContain("sk-proj");
    }
    expect(answers.filter((text) => text.includes("[api_key]")).length).toBeGreaterThan(12);
  });

  it("is redacted in a large value whatever page it stands on, and the pages fit together", async () => {
    let text = "";
    let pages = 0;
    for (let offset: number | null = 0; offset !== null; pages++) {
      const args = { span_id: spanId(1), field: "my.large", offset, format: "json", max_tokens: 500 };
      const page: { text: string; next_offset: number | null } = JSON.parse((await mcp.call("get_span", args)).text);
      text += page.text;
      offset = page.next_offset;
    }
    expect(pages).toBeGreaterThan(10);
    expect(text).toBe(createRedactor(defaultRedaction, () => "").text(large));
    expect(text.split("\n")).toHaveLength(400);
  });

  it("is not shown to one who searches for it", async () => {
    for (const query of [key, "hunter2secret", "aB3dE5gH7jK9mN1p*"]) {
      const { text } = await mcp.call("search_spans", { query, format: "json" });
      expect(text.replaceAll(query, "")).not.toMatch(/hunter2|aB3dE5/);
    }
  });

  it("in the names of sessions and users leaves them apart", async () => {
    const path = newStorePath();
    const ingest = await openIngest({ path, redaction: null });
    const call = (id: number, who: string) =>
      span({ trace: id, id, attributes: chat({ session: who, more: { "user.id": who } }) });
    ingest.traces(requestOf([call(1, "ann@example.com"), call(2, "bob@example.com")]));
    ingest.close();
    const redactor = createRedactor({ ...defaultRedaction, patterns: ["email"] }, (value) =>
      value.startsWith("ann") ? "0000000001" : "0000000002",
    );
    const whole = await openReader(path);
    const reader = await limitContent(async () => whole, "full", redactor)();
    const { sessions = [] } = (await reader?.listSessions({ limit: 5 })) ?? {};
    const marks = ["[email:0000000001]", "[email:0000000002]"];
    expect(sessions.map((session) => session.session_id).sort()).toEqual(marks);
    expect(sessions.flatMap((session) => session.user_ids).sort()).toEqual(marks);
    const { groups = [] } = (await reader?.getUsage({ group_by: ["session"] })) ?? {};
    expect(groups.map(({ session }) => session).sort()).toEqual(marks);
    whole.close();
  });
});
