// Records more spans than may wait, told by its parent when the store is locked and when it is free again.
import { once } from "node:events";
import { sdk } from "./agensight.mjs";

const tracing = sdk.setupTracing("burst");
await tracing.flush();
sdk.startSpan("first", () => {});
await tracing.flush();
process.send("ready");
await once(process, "message");
sdk.startSpan("root", () => {
  for (let n = 0; n < 25_000; n++) sdk.startSpan(`span ${n % 10}`, () => {});
});
process.send("recorded");
await once(process, "message");
await tracing.flush();
process.disconnect();
