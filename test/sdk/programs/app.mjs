// An ordinary program, for bundlers.
import { connectMcp, setupTracing, startSpan } from "agensight";

if (process.argv[2]) connectMcp(process.argv[2]);
const tracing = setupTracing("bundled");
startSpan("from a bundle", () => {});
tracing.flush().then(() => process.send?.("flushed"));
