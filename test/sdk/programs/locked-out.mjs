// Records spans after its parent has taken the store's write lock, and ends without waiting for it.
import { once } from "node:events";
import { sdk } from "./agensight.mjs";

sdk.setupTracing("locked out");
sdk.startSpan("before", () => {});
await sdk.flush();
process.send("recorded");
await once(process, "message");
sdk.startSpan("during", () => {});
setTimeout(() => process.exit(3), 100);
