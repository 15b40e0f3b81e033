// Ends with 50 spans queued, in the way that the first argument names; `started`: as the thread has just been created.
import { setTimeout as delay } from "node:timers/promises";
import { sdk } from "./agensight.mjs";

const { setupTracing, startSpan } = sdk;
const [, , way, when] = process.argv;
const ways = {
  "natural end": () => {},
  "process.exit": () => process.exit(3),
  "uncaught exception": () => {
    throw new Error("uncaught");
  },
  "unhandled rejection": () => void Promise.reject(new Error("unhandled")),
  "process.exitCode": () => {
    process.exitCode = 4;
  },
  SIGTERM: () => process.kill(process.pid, "SIGTERM"),
  SIGINT: () => process.kill(process.pid, "SIGINT"),
  "SIGTERM handled by the program": () => {
    process.once("SIGTERM", () => setTimeout(() => process.exit(5), 10));
    process.kill(process.pid, "SIGTERM");
  },
  "SIGTERM counted by another library": () => {
    // what signal-exit does: it ends the process only where it sees no listener but its own
    process.on("SIGTERM", function listener() {
      if (process.listeners("SIGTERM").length > 1) return;
      process.removeListener("SIGTERM", listener);
      process.kill(process.pid, "SIGTERM");
    });
    process.kill(process.pid, "SIGTERM");
  },
};

setupTracing("exits");
if (when === "running") {
  startSpan("before", () => {});
  await sdk.flush();
  await delay(20);
}
for (let n = 0; n < 50; n++) startSpan(`span ${n}`, { n }, () => {});
ways[way]();
if (/SIG/.test(way)) setTimeout(() => process.exit(99), 8000);
