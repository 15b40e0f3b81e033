// Changes what is redacted between its spans, rightly and wrongly. With the address of a server in the first argument it
// waits for its parent to have started that.
import { once } from "node:events";
import { sdk } from "./agensight.mjs";

if (process.argv[2]) sdk.connectMcp(process.argv[2]);

const tracing = sdk.setupTracing("changing");
const record = (name) => sdk.startSpan(name, { text: "a@example.com 4111 1111 1111 1111" }, () => {});
record("default");
sdk.configureRedaction({ patterns: ["email"] });
record("email");
sdk.configureRedaction({ patterns: ["credit_card"] });
record("card");
sdk.configureRedaction({ patterns: ["emial"] });
record("unknown pattern");
sdk.configureRedaction();
record("no object");
sdk.configureRedaction({ custom: { order: "ORD" } });
record("no RegExp");
sdk.configureRedaction({});
record("right again");
if (process.argv[2]) {
  await tracing.flush();
  process.send("recorded");
  await once(process, "message");
}
await tracing.shutdown();
process.disconnect();
