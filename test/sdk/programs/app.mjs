// An ordinary program, for bundlers.
import { setupTracing, startSpan } from "agensight";

const tracing = setupTracing("bundled");
startSpan("from a bundle", () => {});
tracing.flush().then(() => process.send?.("flushed"));
