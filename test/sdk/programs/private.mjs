// Records private values in every place that a program can, and waits for its parent to have looked before it ends.
// {way, mode, after, captureContent, url, otlp, secrets} as JSON in the first argument; `after`: redaction is configured late.
import { once } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";
import { SpanStatusCode, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const { way, mode, after, url, otlp, secrets, dbPath } = JSON.parse(process.argv[2]);
if (way === "no thread") {
  threads.Worker = class {
    constructor() {
      throw new Error("no threads here");
    }
  };
  syncBuiltinESMExports();
}
const { exporter, sdk } = await import("./agensight.mjs");
const configure = () =>
  sdk.configureRedaction({ patterns: ["email"], custom: { order: /ORD-\d{8}/ }, keys: ["password"], mode });
let place = 0;
const secret = () => secrets[place++];

if (!after) configure();
let flush;
let stop;
if (way === "exporter") {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": secret(), host: secret() }),
    spanProcessors: [new BatchSpanProcessor(new exporter.SqliteSpanExporter())],
  });
  trace.setGlobalTracerProvider(provider);
  flush = () => provider.forceFlush();
  stop = () => provider.shutdown();
} else {
  if (url) sdk.connectMcp(url);
  const tracing = sdk.setupTracing(secret(), {
    ...(dbPath === undefined ? {} : { dbPath }),
    ...(otlp ? { otlp: { url: otlp } } : {}),
    retention: { maxAge: "30d" },
  });
  flush = () => tracing.flush();
  stop = () => tracing.shutdown();
}
if (after) configure();

const tracer = trace.getTracer(secret(), secret());
const running = tracer.startSpan(secret(), { attributes: { running: secret() } });
await sdk.withSession("planted900@example.com", async () => {
  await sdk.agent(
    secret(),
    { note: secret(), [secret()]: "x", list: [secret(), "y"], "user.id": secret() },
    async () => {
      const history = [];
      for (let turn = 0; turn < 3; turn++) {
        history.push({ role: "user", parts: [{ type: "text", content: secret() }] });
        const input = JSON.stringify(history);
        sdk.llm("chat", { "gen_ai.request.model": "gpt-4o", "gen_ai.input.messages": input }, (span) =>
          span.setAttribute(
            "gen_ai.output.messages",
            JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: secret() }] }]),
          ),
        );
        const args = { to: secret(), json: JSON.stringify({ cc: secret() }), password: `planted901@example${turn}` };
        sdk.tool(secret(), { "gen_ai.tool.call.arguments": args }, (span) =>
          span.setAttribute("gen_ai.tool.call.result", secret()),
        );
      }
    },
  );
});
const linked = {
  context: { traceId: "e".repeat(32), spanId: "e".repeat(16), traceFlags: 1 },
  attributes: { link: secret() },
};
const failing = tracer.startSpan("failing", { links: [linked] });
failing.addEvent(secret(), { event: secret() });
failing.recordException(new Error(secret()));
failing.setStatus({ code: SpanStatusCode.ERROR, message: secret() });
failing.end();

await flush();
process.send(place);
await once(process, "message");
running.end();
await stop();
process.disconnect();
