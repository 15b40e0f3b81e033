// A store that cannot be written must not be felt.
import { sdk } from "./agensight.mjs";

const tracing = sdk.setupTracing("broken", { dbPath: process.argv[2] });
const result = await sdk.startSpan("work", async () => 42);
const flushed = await tracing.flush().then(
  () => "on disk",
  (error) => error.message,
);
sdk.startSpan("more", () => {});
await tracing.shutdown();
process.send(result);
process.send(flushed);
