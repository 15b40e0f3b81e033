// The wide workload: many small spans over the last seven days, written through `ingest` into a store file.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { prose, seeded } from "./text.mjs";
import { attributes, cacheFolder } from "./workload.mjs";

const dayMs = 86_400_000;
const spansPerRequest = 400;

/** Who occurs in the workload, for the queries. */
export const services = ["shop", "helpdesk", "reports"];
export const agents = ["router", "seller", "refunds", "analyst", "writer"];
export const models = ["gpt-4.1", "gpt-4.1-mini", "claude-sonnet-4-5", "claude-haiku-4-5"];
const tools = ["search", "fetch", "cart", "refund", "chart", "translate", "mail", "calendar"];
/** Every hundredth trace has this many spans; the others have 18 or 19. */
export const longTraceSpans = 200;

const sizeOf = (trace) => (trace % 100 === 0 ? longTraceSpans : trace % 11 < 2 ? 19 : 18);
const sessionOf = (random, traceCount) => `visit-${random.below(Math.max(1, traceCount / 10))}`;

/**
 * A store of `traceCount` traces of 20 spans on average (50,000 make a million), built once for the current
 * code and day: {path, spans, seconds}; seconds = null when it was there already.
 */
export async function smallSpansStore(traceCount) {
  const today = Math.floor(Date.now() / dayMs);
  const key = `small-${traceCount}`;
  const folder = join(cacheFolder, `${key}-${today}-${codeVersion()}`);
  const path = join(folder, "traces.db");
  if (existsSync(path)) return { path, seconds: null };
  mkdirSync(cacheFolder, { recursive: true });
  for (const old of readdirSync(cacheFolder)) {
    if (old.startsWith(`${key}-`)) rmSync(join(cacheFolder, old), { recursive: true, force: true });
  }

  const { openIngest } = await import("../dist/ingest/ingest.js");
  const part = join(cacheFolder, `${key}-part-${process.pid}`);
  const ingest = await openIngest({ path: join(part, "traces.db") });
  const began = performance.now();
  for (const data of requests(traceCount, Date.now() - 7 * dayMs)) {
    const { rejected } = ingest.traces(data);
    if (rejected.length) throw new Error(`span refused: ${rejected[0].reason}`);
    ingest.maintain();
  }
  while (ingest.maintain({ all: true }));
  ingest.close();
  const seconds = (performance.now() - began) / 1000;
  // the whole folder: the file's WAL belongs to it
  renameSync(part, folder);
  return { path, seconds };
}

/** OTLP requests in time order, one service each. */
export function* requests(traceCount, sinceMs) {
  const random = seeded(traceCount);
  const stepMs = (6.9 * dayMs) / traceCount;
  const waiting = new Map(services.map((service) => [service, []]));
  for (let i = 0; i < traceCount; i++) {
    const service = random.pick(services);
    const spans = waiting.get(service);
    spans.push(...traceSpans(random, sizeOf(i), sinceMs + i * stepMs, sessionOf(random, traceCount)));
    if (spans.length >= spansPerRequest) {
      yield request(service, spans);
      waiting.set(service, []);
    }
  }
  for (const [service, spans] of waiting) if (spans.length) yield request(service, spans);
}

const request = (service, spans) => ({
  resourceSpans: [
    {
      resource: { attributes: attributes({ "service.name": service, "telemetry.sdk.language": "nodejs" }) },
      scopeSpans: [{ scope: { name: "shop-agents", version: "1.0.0" }, spans }],
    },
  ],
});

/** One agent's run: its root, then model calls and tool executions in turn; 3 % of the tools fail. */
function traceSpans(random, size, startMs, session) {
  const traceId = random.hex(32);
  const rootId = random.hex(16);
  const agent = random.pick(agents);
  const model = random.pick(models);
  const provider = model.startsWith("gpt") ? "openai" : "anthropic";
  const common = { "session.id": session, "gen_ai.agent.name": agent };
  const spans = [];
  let now = Math.floor(startMs);
  for (let i = 1; i < size; i++) {
    const began = now;
    const isChat = i % 2 === 1;
    const tool = random.pick(tools);
    now += isChat ? random.between(300, 4000) : random.between(5, 600);
    const failed = !isChat && random.next() < 0.03;
    spans.push({
      traceId,
      spanId: random.hex(16),
      parentSpanId: rootId,
      name: isChat ? `chat ${model}` : `execute_tool ${tool}`,
      kind: isChat ? 3 : 1,
      ...times(random, began, now),
      attributes: attributes(
        isChat
          ? {
              "gen_ai.operation.name": "chat",
              "gen_ai.provider.name": provider,
              "gen_ai.request.model": model,
              "gen_ai.response.model": model,
              "gen_ai.usage.input_tokens": random.between(100, 4000),
              "gen_ai.usage.output_tokens": random.between(10, 600),
              ...common,
              "gen_ai.input.messages": JSON.stringify([
                { role: "user", parts: [{ type: "text", content: prose(random, 60) }] },
              ]),
              "gen_ai.output.messages": JSON.stringify([
                { role: "assistant", parts: [{ type: "text", content: prose(random, 60) }] },
              ]),
            }
          : {
              "gen_ai.operation.name": "execute_tool",
              "gen_ai.tool.name": tool,
              "gen_ai.tool.call.arguments": `{"id":${random.below(100_000)}}`,
              ...common,
              ...(failed ? { "error.type": "timeout" } : {}),
            },
      ),
      status: failed ? { code: 2, message: `${tool} gave no answer` } : { code: 0 },
    });
  }
  const rootFailed = random.next() < 0.02;
  spans.push({
    traceId,
    spanId: rootId,
    name: `invoke_agent ${agent}`,
    kind: 1,
    ...times(random, Math.floor(startMs), now),
    attributes: attributes({ "gen_ai.operation.name": "invoke_agent", ...common }),
    status: rootFailed ? { code: 2, message: "the agent gave up" } : { code: 0 },
  });
  return spans;
}

const times = (random, fromMs, toMs) => ({
  startTimeUnixNano: `${fromMs}${String(random.below(1_000_000)).padStart(6, "0")}`,
  endTimeUnixNano: `${toMs}${String(random.below(1_000_000)).padStart(6, "0")}`,
});

/** Changes with everything that decides what is written. */
function codeVersion() {
  const hash = createHash("sha256");
  for (const folder of ["dist/model", "dist/semantics", "dist/redaction", "dist/ingest", "dist/store"]) {
    if (!existsSync(folder)) continue;
    for (const file of readdirSync(folder, { recursive: true }).map(String).sort()) {
      if (file.endsWith(".js")) hash.update(file).update(readFileSync(join(folder, file)));
    }
  }
  return hash.update(process.version).digest("hex").slice(0, 12);
}
