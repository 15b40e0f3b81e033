// Single agent runs of thousands of spans: model calls that resend a growing conversation, and a tool call after each.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { prose, seeded } from "./text.mjs";
import { attributes, cacheFolder } from "./workload.mjs";

const version = 1;
const spansPerRequest = 100;
/** The agent starts its conversation anew after so many turns. */
const turnsPerConversation = 1000;
const tools = ["search_docs", "read_file", "run_query", "list_issues", "fetch_page"];

export const longRunId = (spans) => `e${spans.toString(16).padStart(31, "0")}`;

/** A store with one run of about so many spans, built once: its path. */
export async function longRunStore(spans) {
  const folder = join(cacheFolder, `long-run-${spans}-${version}`);
  const path = join(folder, "traces.db");
  if (existsSync(path)) return path;
  const { openIngest } = await import("../dist/ingest/ingest.js");
  mkdirSync(cacheFolder, { recursive: true });
  const part = `${folder}-part-${process.pid}`;
  rmSync(part, { recursive: true, force: true });
  const ingest = await openIngest({ path: join(part, "traces.db") });
  let batch = [];
  const write = () => {
    const resource = { attributes: attributes({ "service.name": "research" }) };
    const scopeSpans = [{ scope: { name: "bench" }, spans: batch }];
    const { rejected } = ingest.traces({ resourceSpans: [{ resource, scopeSpans }] });
    if (rejected.length) throw new Error(`span refused: ${rejected[0].reason}`);
    batch = [];
  };
  for (const span of run(spans)) {
    batch.push(span);
    if (batch.length >= spansPerRequest) write();
  }
  write();
  while (ingest.maintain({ all: true }));
  ingest.close();
  renameSync(part, folder);
  return path;
}

function* run(spans) {
  const random = seeded(spans);
  const traceId = longRunId(spans);
  const start = Date.UTC(2026, 8, 1);
  const made = (id, name, ms, parent, at, given) => ({
    traceId,
    spanId: `f${id.toString(16).padStart(15, "0")}`,
    ...(parent !== null && { parentSpanId: `f${parent.toString(16).padStart(15, "0")}` }),
    name,
    kind: 1,
    startTimeUnixNano: `${start + at}000000`,
    endTimeUnixNano: `${start + at + ms}000000`,
    attributes: attributes(given),
  });
  const turns = Math.floor((spans - 1) / 2);
  let at = 10;
  let messages = [];
  for (let turn = 0; turn < turns; turn++) {
    if (turn % turnsPerConversation === 0) messages = [message("user", prose(random, 200))];
    const tool = random.pick(tools);
    const args = { query: prose(random, 40), page: turn };
    const id = `call_${turn}`;
    const said = { role: "assistant", parts: [{ type: "tool_call", id, name: tool, arguments: args }] };
    const ms = 400 + random.below(800);
    yield made(2 * turn + 2, "chat gpt-4.1-mini", ms, 1, at, {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-4.1-mini",
      "gen_ai.agent.name": "reader",
      "gen_ai.input.messages": JSON.stringify(messages),
      "gen_ai.output.messages": JSON.stringify([said]),
      "gen_ai.usage.input_tokens": 60 * messages.length,
      "gen_ai.usage.output_tokens": 40,
    });
    at += ms;
    const result = prose(random, 200);
    const took = 50 + random.below(200);
    yield made(2 * turn + 3, `execute_tool ${tool}`, took, 1, at, {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": tool,
      "gen_ai.tool.call.id": id,
      "gen_ai.tool.call.arguments": JSON.stringify(args),
      "gen_ai.tool.call.result": result,
    });
    at += took;
    messages.push(said, { role: "tool", parts: [{ type: "tool_call_response", id, response: result }] });
  }
  const agent = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "reader" };
  yield made(1, "invoke_agent reader", at + 10, null, 0, agent);
}

function message(role, content) {
  return { role, parts: [{ type: "text", content }] };
}
