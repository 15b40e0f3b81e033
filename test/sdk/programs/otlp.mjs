// Sends to the endpoint in the first argument; `beside` a file or `instead` of it; `no content` strips texts.
import { sdk } from "./agensight.mjs";

const [, , url, where, content] = process.argv;
const tracing = sdk.setupTracing("sender", {
  ...(where === "instead" ? { dbPath: false } : {}),
  otlp: { url, headers: { authorization: "Bearer t" } },
  captureContent: content !== "no content",
});
sdk.tool("search", { "gen_ai.tool.call.arguments": { secret: 1 }, ratio: 0.5, many: 3 }, () => {});
if (process.argv[5] === "exit") process.exit(0);
await tracing.shutdown();
