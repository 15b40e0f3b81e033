// Records a span for each message, named by it, and answers when it has ended.
import { sdk } from "./agensight.mjs";

sdk.setupTracing("on demand");
process.on("message", (name) => {
  sdk.startSpan(name, () => {});
  process.send(Date.now());
});
process.send(0);
