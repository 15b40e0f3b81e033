// The large workload: 300 agent runs of 33 turns, 20,100 spans, about 180 MB of OTLP/JSON lines.
// Every chat span resends its conversation so far, as agents do. Written once into the temporary folder.
import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listing, prose, seeded, word } from "./text.mjs";

export const cacheFolder = join(tmpdir(), "agensight-bench");
export const runs = 300;
export const turns = 33;
export const spanCount = runs * (1 + 2 * turns);

const version = 1;
const spansPerLine = 32;
const start = Date.UTC(2026, 8, 1);

const services = [
  { name: "support-desk", agents: ["triage", "billing"], model: "gpt-4.1", provider: "openai", host: "api.openai.com" },
  {
    name: "code-review",
    agents: ["reviewer"],
    model: "claude-sonnet-4-5",
    provider: "anthropic",
    host: "api.anthropic.com",
  },
  {
    name: "research",
    agents: ["planner", "reader"],
    model: "gpt-4.1-mini",
    provider: "openai",
    host: "api.openai.com",
  },
];
const tools = ["search_docs", "read_file", "run_query", "send_reply", "list_issues", "fetch_page"];

/** The workload's file, made if it is not there yet: {path, bytes}. */
export async function workload() {
  const path = join(cacheFolder, `workload-${version}.otlp.jsonl`);
  if (!existsSync(path)) {
    mkdirSync(cacheFolder, { recursive: true });
    const part = `${path}.${process.pid}`;
    const out = createWriteStream(part);
    for (const line of lines()) if (!out.write(line)) await new Promise((done) => out.once("drain", done));
    await new Promise((done, fail) => out.end((error) => (error ? fail(error) : done())));
    renameSync(part, path);
  }
  return { path, bytes: statSync(path).size };
}

/** Each service runs two agents at a time; what has ended leaves in batches, as from a batching exporter. */
function* lines() {
  const random = seeded(42);
  for (let first = 0; first < runs; first += 2 * services.length) {
    for (const [index, service] of services.entries()) {
      const pair = [0, 1]
        .map((i) => first + 2 * index + i)
        .filter((run) => run < runs)
        .map((run) => agentRun(random, run, service));
      let batch = [];
      while (pair.length) {
        for (let i = pair.length - 1; i >= 0; i--) {
          const { done, value } = pair[i].next();
          if (done) pair.splice(i, 1);
          else batch.push(value);
        }
        if (batch.length >= spansPerLine || !pair.length) {
          if (batch.length) yield request(service, batch);
          batch = [];
        }
      }
    }
  }
}

function request(service, spans) {
  const resource = attributes({
    "service.name": service.name,
    "service.version": "2.4.1",
    "telemetry.sdk.language": "nodejs",
    "host.name": `${service.name}-1`,
    "process.pid": 4711,
  });
  return `${JSON.stringify({ resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope: { name: "gen-ai-instrumentation", version: "1.9.0" }, spans }] }] })}\n`;
}

/** The spans of one run in the order of their ends. */
function* agentRun(random, run, service) {
  const traceId = random.hex(32);
  const agentSpanId = random.hex(16);
  const session = `session-${Math.floor(run / 3)}`;
  const agent = random.pick(service.agents);
  const began = start + run * 900_000;
  let now = began;
  const question = prose(random, 700);
  const system = prose(random, 480);
  const history = [message("user", [{ type: "text", content: question }])];
  let historyChars = question.length;
  let sentChars = 0;
  let answer = "";

  for (let turn = 0; turn < turns; turn++) {
    const last = turn === turns - 1;
    const thought = prose(random, random.between(80, 300));
    const tool = random.pick(tools);
    const callId = `call_${random.hex(24)}`;
    const args = {
      path: `src/${word(random)}/${word(random)}.ts`,
      query: prose(random, 40),
      limit: random.between(1, 50),
    };
    const reply = message(
      "assistant",
      [{ type: "text", content: thought }].concat(
        last ? [] : [{ type: "tool_call", id: callId, name: tool, arguments: args }],
      ),
    );
    const chatMs = random.between(600, 6000);
    const inputTokens = Math.round(historyChars / 4.2) + 160;
    yield span(random, traceId, agentSpanId, `chat ${service.model}`, 3, now, now + chatMs, {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": service.provider,
      "gen_ai.request.model": service.model,
      "gen_ai.request.temperature": 0.2,
      "gen_ai.response.model": service.model,
      "gen_ai.response.id": `resp_${random.hex(24)}`,
      "gen_ai.response.finish_reasons": [last ? "stop" : "tool_call"],
      "gen_ai.usage.input_tokens": inputTokens,
      "gen_ai.usage.cache_read.input_tokens": Math.floor(sentChars / 4.2 / 128) * 128,
      "gen_ai.usage.output_tokens": Math.round(reply.length / 4.2),
      "gen_ai.conversation.id": session,
      "gen_ai.agent.name": agent,
      "session.id": session,
      "server.address": service.host,
      "server.port": 443,
      "gen_ai.system_instructions": JSON.stringify([{ type: "text", content: system }]),
      "gen_ai.input.messages": `[${history.join(",")}]`,
      "gen_ai.output.messages": `[${reply.slice(0, -1)},"finish_reason":"${last ? "stop" : "tool_call"}"}]`,
    });
    now += chatMs;
    sentChars = historyChars;

    const result =
      random.next() < 0.5 ? listing(random, random.between(110, 400)) : prose(random, random.between(110, 450));
    const failed = !last && random.next() < 0.03;
    const toolMs = random.between(15, 1800);
    yield span(
      random,
      traceId,
      agentSpanId,
      `execute_tool ${tool}`,
      1,
      now,
      now + toolMs,
      {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.call.id": callId,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.arguments": JSON.stringify(args),
        "gen_ai.tool.call.result": result,
        "session.id": session,
        ...(failed ? { "error.type": "timeout" } : {}),
      },
      failed ? { code: 2, message: "the tool gave no answer within 1.8 s" } : undefined,
    );
    now += toolMs + 3;
    history.push(reply, message("tool", [{ type: "tool_call_response", id: callId, response: result }]));
    historyChars = history.reduce((sum, text) => sum + text.length, 0);
    answer = thought;
  }
  yield span(
    random,
    traceId,
    undefined,
    `invoke_agent ${agent}`,
    1,
    began,
    now,
    {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.provider.name": service.provider,
      "gen_ai.agent.name": agent,
      "gen_ai.agent.id": `${service.name}/${agent}`,
      "gen_ai.conversation.id": session,
      "session.id": session,
      "user.id": `user-${run % 40}`,
      "gen_ai.input.messages": `[${history[0]}]`,
      "gen_ai.output.messages": `[${message("assistant", [{ type: "text", content: answer }])}]`,
    },
    undefined,
    agentSpanId,
  );
}

const message = (role, parts) => JSON.stringify({ role, parts });

function span(random, traceId, parentSpanId, name, kind, fromMs, toMs, values, status, spanId = random.hex(16)) {
  return {
    traceId,
    spanId,
    ...(parentSpanId ? { parentSpanId } : {}),
    flags: 257,
    name,
    kind,
    startTimeUnixNano: `${fromMs}${String(random.below(1_000_000)).padStart(6, "0")}`,
    endTimeUnixNano: `${toMs}${String(random.below(1_000_000)).padStart(6, "0")}`,
    attributes: attributes(values),
    status: status ?? { code: 0 },
  };
}

/** Plain values as OTLP attributes. */
export function attributes(values) {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value) {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value === "string") return { stringValue: value };
  return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
}
