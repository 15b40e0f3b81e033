// Tells when `flush` has resolved, then waits to be killed.
import { sdk } from "./agensight.mjs";

const { setupTracing, startSpan } = sdk;
const tracing = setupTracing("killed");
for (let n = 0; n < 200; n++) startSpan(`span ${n}`, () => {});
await tracing.flush();
process.send("flushed");
setInterval(() => {}, 1000);
