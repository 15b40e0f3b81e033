// Does nothing after a span has been written, and must end by itself.
import { sdk } from "./agensight.mjs";

const tracing = sdk.setupTracing("idle");
sdk.startSpan("only", () => {});
await tracing.flush();
await tracing.flush();
