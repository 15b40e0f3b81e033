// A program with OpenTelemetry of its own: the exporter alone, and `setupTracing` that stands back.
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { exporter, sdk } from "./agensight.mjs";

const Processor = process.argv[2] === "simple" ? SimpleSpanProcessor : BatchSpanProcessor;
const sqlite = new exporter.SqliteSpanExporter();
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ "service.name": "foreign", list: ["a", "b"] }),
  spanProcessors: [new Processor(sqlite)],
});
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
trace.setGlobalTracerProvider(provider);

const handle = sdk.setupTracing("ignored");
sdk.withSession("s1", () =>
  sdk.startSpan("through the helpers", () => {
    const span = trace
      .getTracer("app", "2.0")
      .startSpan("directly", { links: [{ context: trace.getActiveSpan().spanContext() }] });
    span.addEvent("halfway", { percent: 50.5 });
    span.setStatus({ code: 1 }).end();
  }),
);
await handle.flush();
const results = [];
if (process.argv[2] === "direct") {
  const span = trace.getTracer("app").startSpan("exported by hand");
  span.end();
  await new Promise((done) => sqlite.export([span], (result) => done(results.push(result.code))));
}
await sqlite.forceFlush();
await provider.shutdown();
await provider.shutdown();
await sqlite.shutdown();
await new Promise((done) => sqlite.export([], (result) => done(results.push(result.code))));
process.send({ results, resolved: trace.getTracerProvider().getDelegate() === provider });
