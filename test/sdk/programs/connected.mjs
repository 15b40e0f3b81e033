// Connects to the server in the first argument and does what its parent tells it; answers each command when it is done.
import { sdk } from "./agensight.mjs";

const { agent, connectMcp, setupTracing, startSpan, withSession } = sdk;
const [, , url, text = "{}"] = process.argv;
const { token, before, ...options } = JSON.parse(text);
if (before) connectMcp(url, { token });
const tracing = setupTracing("connected", options);
const connection = connectMcp(url, { token });
const running = new Map();

const commands = {
  start: (name) => withSession("s-1", () => agent(name, () => new Promise((end) => running.set(name, end)))) && null,
  end: (name) => running.get(name)(),
  spans(count, from = 0, size = 0) {
    for (let n = from; n < from + count; n++) startSpan(`span ${n}`, { text: "x".repeat(size) }, () => {});
  },
  tool: (name, attributes) => sdk.tool(name, attributes, () => {}),
  flush: () =>
    tracing.flush().then(
      () => "flushed",
      (error) => error.message,
    ),
  close: () => connection.close(),
  // lets the batches of before go
  ping: () => null,
  exit: (code) => process.exit(code),
  leave: () => process.disconnect(),
};
process.on("message", async ([command, ...args]) => {
  const answer = commands[command](...args);
  const value = command === "start" ? null : await answer;
  if (process.connected) process.send(value ?? null);
});
process.send("ready");
