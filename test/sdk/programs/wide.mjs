// Spans that are large, many, odd or not to be kept.
import { context, trace } from "@opentelemetry/api";
import { sdk } from "./agensight.mjs";

const { setupTracing, startSpan } = sdk;
const tracing = setupTracing("wide", { captureContent: process.argv[2] !== "no content" });
startSpan("many attributes", Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`key.${n}`, n])), () => {});
startSpan("large", { text: "x".repeat(5_000_000) }, () => {});
startSpan("numbers", { whole: 3, half: 0.5, huge: 2 ** 60, negative: -1, not: Number.NaN }, () => {});
sdk.tool("secretive", { "gen_ai.tool.call.arguments": "the password" }, () => {});
const remote = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: 1,
  isRemote: true,
};
context.with(trace.setSpanContext(context.active(), remote), () => startSpan("remote child", () => {}));
const unsampled = { ...remote, traceFlags: 0 };
context.with(trace.setSpanContext(context.active(), unsampled), () => startSpan("unsampled", () => {}));
await tracing.flush();
