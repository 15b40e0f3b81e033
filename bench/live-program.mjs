// A program that records: bench/live.mjs runs it as a child. Prints a JSON line {name, ended} for each span, `ended` in ns
// of the system's monotonic clock, which all processes share.
// Arguments: file PATH COUNT GAP | connect URL COUNT GAP | storm PATH SPANS-A-SECOND SECONDS BYTES
import { setTimeout as delay } from "node:timers/promises";
import { trace } from "@opentelemetry/api";
import { setupTracing } from "agensight";
import { prose, seeded } from "./text.mjs";

const [way, target, ...numbers] = process.argv.slice(2);
const tracing = setupTracing("bench", way === "connect" ? { dbPath: false } : { dbPath: target });
const connection = way === "connect" ? (await import("agensight/mcp")).connectMcp(target) : null;
const tracer = trace.getTracer("bench");
const random = seeded(7);
const text = prose(random, 20_000);

function recordSpan(name, bytes) {
  const span = tracer.startSpan(name);
  const from = random.between(0, 10_000);
  span.setAttributes({
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4.1",
    "gen_ai.usage.input_tokens": 2000,
    "gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"${name} ${text.slice(from, from + bytes)}"}]}]`,
  });
  span.end();
  return process.hrtime.bigint();
}

if (way === "storm") {
  const [rate, seconds, bytes] = numbers.map(Number);
  const began = performance.now();
  for (let done = 0; done < rate * seconds; await delay(5)) {
    const due = Math.min(rate * seconds, Math.ceil(((performance.now() - began) / 1000) * rate));
    while (done < due) recordSpan(`storm-${done++}`, bytes);
  }
} else {
  const [count, gap] = numbers.map(Number);
  recordSpan("warm-up", 500);
  await delay(1500);
  for (let n = 0; n < count; n++) {
    const name = `isolated-${n}`;
    const ended = recordSpan(name, 500);
    console.log(JSON.stringify({ name, ended: String(ended) }));
    await delay(gap + random.between(0, gap));
  }
}
await tracing.flush();
connection?.close();
await tracing.shutdown();
