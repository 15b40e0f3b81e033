// The handle of `setupTracing`: asked for twice, used after its end, and asked for again.
import { trace } from "@opentelemetry/api";
import { sdk } from "./agensight.mjs";

const { flush, setupTracing, startSpan } = sdk;
startSpan("before", () => {});
await flush();
const first = setupTracing("setup");
const second = setupTracing("other", { dbPath: "/nowhere" });
startSpan("first", () => {});
trace
  .getTracer("a library", "1.2.3")
  .startSpan("of a library", { attributes: { many: "x" } })
  .end();
await first.shutdown();
await first.shutdown();
await first.flush();
startSpan("between", () => {});
const third = setupTracing("setup");
startSpan("after", () => {});
await third.shutdown();
process.send({ same: first === second, renewed: third !== first });
